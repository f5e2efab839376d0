/**
 * The two timers of power saving mode as 8 bits of text (3GPP TS 24.008).
 *
 *     b8 b7 b6 | b5 b4 b3 b2 b1
 *       unit   |  value 0..31
 *
 * T3412 extended (10.5.7.4a, GPRS Timer 3) says how often the device reports to the network at the
 * least; T3324 (10.5.7.4, GPRS Timer 2) for how long it stays reachable before it sleeps.
 */

/** ms of each unit, by the three unit bits; `undefined`: the timer is deactivated. */
const t3412Units: readonly (number | undefined)[] = [
  600_000, // 10 min
  3_600_000, // 1 h
  36_000_000, // 10 h
  2_000, // 2 s
  30_000, // 30 s
  60_000, // 1 min
  1_152_000_000, // 320 h
  undefined,
];

/** Units 3 to 6 are not defined: 10.5.7.4 has them read as minutes. */
const t3324Units: readonly (number | undefined)[] = [
  2_000, // 2 s
  60_000, // 1 min
  360_000, // a tenth of an hour
  60_000,
  60_000,
  60_000,
  60_000,
  undefined,
];

/** What `decode…` says: ms, `"deactivated"`, or `undefined` for text that is not 8 bits. */
export type TimerValue = number | "deactivated" | undefined;

/** The time of a T3412 extended. */
export function decodeT3412(bits: string): TimerValue {
  return decode(bits, t3412Units);
}

/** The time of a T3324. */
export function decodeT3324(bits: string): TimerValue {
  return decode(bits, t3324Units);
}

/** The finest T3412 extended that lasts at least `ms`; the longest there is when none does. */
export function encodeT3412(ms: number): string {
  return encode(ms, [3, 4, 5, 0, 1, 2, 6], t3412Units);
}

/** The finest T3324 that lasts at least `ms`; the longest there is when none does. */
export function encodeT3324(ms: number): string {
  return encode(ms, [0, 1, 2], t3324Units);
}

function decode(bits: string, units: readonly (number | undefined)[]): TimerValue {
  if (!/^[01]{8}$/.test(bits)) return undefined;
  const octet = parseInt(bits, 2);
  const unit = units[octet >> 5];
  return unit === undefined ? "deactivated" : unit * (octet & 31);
}

/** @param finestFirst unit codes in the order of their length */
function encode(ms: number, finestFirst: number[], units: readonly (number | undefined)[]): string {
  for (const code of finestFirst) {
    const value = Math.ceil(ms / units[code]!);
    if (value <= 31) return octetBits((code << 5) | Math.max(0, value));
  }
  return octetBits((finestFirst[finestFirst.length - 1] << 5) | 31);
}

function octetBits(octet: number): string {
  return octet.toString(2).padStart(8, "0");
}
