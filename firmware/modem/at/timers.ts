/**
 * PSM timers as the 8 bits of 3GPP TS 24.008: three for the unit, five for how many of it.
 *
 *      T3412 extended (GPRS timer 3, 10.5.7.4a)   T3324 (GPRS timer 2, 10.5.7.4)
 *      000  10 min    100  30 s                   000  2 s
 *      001  1 h       101  1 min                  001  1 min
 *      010  10 h      110  320 h                  010  6 min
 *      011  2 s       111  deactivated            111  deactivated; any other counts as 1 min
 */

/** A unit's length in seconds, and its code. */
type Unit = readonly [seconds: number, code: string];

/** Frozen, rows too: what is preloaded lives in flash. */
function unit(seconds: number, code: string): Unit {
  return Object.freeze([seconds, code] as const);
}

// From the finest to the coarsest.
const t3412Units: readonly Unit[] = Object.freeze([
  unit(2, "011"),
  unit(30, "100"),
  unit(60, "101"),
  unit(600, "000"),
  unit(3_600, "001"),
  unit(36_000, "010"),
  unit(1_152_000, "110"),
]);
const t3324Units: readonly Unit[] = Object.freeze([unit(2, "000"), unit(60, "001"), unit(360, "010")]);

/** Bits for T3412 extended, at least `seconds` long. */
export function encodeT3412(seconds: number): string {
  return encodeTimer(t3412Units, seconds);
}

/** Bits for T3324, at least `seconds` long. */
export function encodeT3324(seconds: number): string {
  return encodeTimer(t3324Units, seconds);
}

/** Seconds of T3412 extended; Infinity when deactivated, undefined when these are not 8 bits. */
export function decodeT3412(bits: string): number | undefined {
  return decodeTimer(t3412Units, bits, undefined);
}

/** Seconds of T3324; Infinity when deactivated, undefined when these are not 8 bits. */
export function decodeT3324(bits: string): number | undefined {
  return decodeTimer(t3324Units, bits, 60);
}

function encodeTimer(units: readonly Unit[], seconds: number): string {
  for (let i = 0; i < units.length; i++) {
    const count = Math.ceil(seconds / units[i][0]);
    if (count <= 31) return units[i][1] + bits5(count);
  }
  return units[units.length - 1][1] + bits5(31);
}

function decodeTimer(
  units: readonly Unit[],
  bits: string,
  otherUnit: number | undefined,
): number | undefined {
  if (!/^[01]{8}$/.test(bits)) return undefined;
  const unit = bits.slice(0, 3);
  if (unit === "111") return Infinity;
  const count = parseInt(bits.slice(3), 2);
  for (let i = 0; i < units.length; i++) if (units[i][1] === unit) return count * units[i][0];
  return otherUnit === undefined ? undefined : count * otherUnit;
}

function bits5(count: number): string {
  let text = "";
  for (let bit = 16; bit > 0; bit >>= 1) text += (count & bit) !== 0 ? "1" : "0";
  return text;
}
