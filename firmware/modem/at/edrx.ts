/**
 * The cycle of extended discontinuous reception (eDRX) as 4 bits, for NB-IoT (3GPP TS 24.008 section
 * 10.5.5.32): between two paging windows the modem hears nothing.
 *
 *     0010  20.48 s    1001  163.84 s    1100  1310.72 s    1111  10485.76 s
 *     0011  40.96 s    1010  327.68 s    1101  2621.44 s
 *     0101  81.92 s    1011  655.36 s    1110  5242.88 s
 */

/** Bits, and how many times 20.48 s they stand for; frozen, for what is preloaded lives in flash. */
const cycles = Object.freeze(
  [
    ["0010", 1],
    ["0011", 2],
    ["0101", 4],
    ["1001", 8],
    ["1010", 16],
    ["1011", 32],
    ["1100", 64],
    ["1101", 128],
    ["1110", 256],
    ["1111", 512],
  ].map((row) => Object.freeze(row as [string, number])),
);
const shortest = 20.48;

/** Bits for a cycle of at most `seconds`, the shortest there is when none is that short. */
export function encodeEdrx(seconds: number): string {
  let bits = cycles[0][0];
  for (let i = 0; i < cycles.length; i++) if (cycles[i][1] * shortest <= seconds) bits = cycles[i][0];
  return bits;
}

/** Seconds of a cycle; undefined for bits that stand for none on NB-IoT. */
export function decodeEdrx(bits: string): number | undefined {
  for (let i = 0; i < cycles.length; i++) if (cycles[i][0] === bits) return cycles[i][1] * shortest;
  return undefined;
}
