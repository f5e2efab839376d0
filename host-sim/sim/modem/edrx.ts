/**
 * eDRX cycles of NB-IoT as 4 bits of text (3GPP TS 24.008 section 10.5.5.32), in multiples of 20.48 s.
 */
const multiples: Readonly<Record<string, number>> = {
  "0010": 1,
  "0011": 2,
  "0101": 4,
  "1001": 8,
  "1010": 16,
  "1011": 32,
  "1100": 64,
  "1101": 128,
  "1110": 256,
  "1111": 512,
};

/** ms of a cycle; `undefined` for bits that stand for none on NB-IoT. */
export function decodeEdrx(bits: string): number | undefined {
  const multiple = multiples[bits];
  return multiple === undefined ? undefined : multiple * 20_480;
}
