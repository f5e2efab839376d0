/** The axis of values: which part of it is shown, and where its ticks are. */

/** How an axis of values is laid out. */
export interface ValueAxis {
  /** Begins at zero, as it has to where areas and bars are compared. */
  readonly fromZero?: boolean;
  /** Values are counted: there is nothing between 1 and 2. */
  readonly whole?: boolean;
  /** Names of values, such as those of an enum: these and no others are on the axis. */
  readonly names?: ReadonlyMap<number, string>;
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Share of the values' span that stays free above and below. */
const margin = 0.06;
/** Half of what is shown around a constant, as a share of it. */
const aroundConstant = 0.05;
/** A span below this share of the values is noise of their floats, and is not blown up. */
const noise = 1e-6;

/**
 * The part of the axis that shows values from `least` to `most`. A constant is a line in the middle of a small part, a
 * small change fills the height.
 * @param least undefined: there is no value
 */
export function valueRange(
  least: number | undefined,
  most: number | undefined,
  { fromZero = false, whole = false, names }: ValueAxis = {},
): [number, number] {
  if (names !== undefined && names.size > 0) return namedRange(least, most, names);
  if (least === undefined || most === undefined) return [0, 1];
  const size = Math.max(Math.abs(least), Math.abs(most));
  if (fromZero) {
    if (size === 0) return [0, whole ? 2 : 1];
    return [least < 0 ? least * (1 + margin) : 0, most > 0 ? roomAbove(most, whole) : 0];
  }
  const span = most - least;
  if (span <= size * noise) {
    const middle = (least + most) / 2;
    const half = Math.max(size === 0 ? 1 : niceStep(size * aroundConstant), whole ? 1 : 0);
    return [middle - half, middle + half];
  }
  const free = span * margin;
  // What is never negative has no axis below zero.
  const low = least >= 0 && least < free ? 0 : least - free;
  const high = most <= 0 && -most < free ? 0 : most + free;
  return [low, high];
}

function roomAbove(most: number, whole: boolean): number {
  return whole ? Math.max(2, most * 1.1) : most * 1.05;
}

/** All names where they are few, those around the values where they are many. */
function namedRange(
  least: number | undefined,
  most: number | undefined,
  names: ReadonlyMap<number, string>,
): [number, number] {
  const numbers = [...names.keys()].sort((a, b) => a - b);
  const isFew = numbers[numbers.length - 1] - numbers[0] < 12;
  const low = isFew || least === undefined ? numbers[0] : least;
  const high = isFew || most === undefined ? numbers[numbers.length - 1] : most;
  return [Math.min(low, least ?? low) - 0.4, Math.max(high, most ?? high) + 0.4];
}

/** The number of 1, 2 and 5 times a power of ten that is nearest to `size` from above. @param size above 0 */
export function niceStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size) + 1e-9);
  const share = size / power;
  return (share <= 1.0000001 ? 1 : share <= 2.0000001 ? 2 : share <= 5.0000001 ? 5 : 10) * power;
}

/**
 * Ticks from `low` to `high`, at most about `most` of them.
 * @param textOf of a value; when left out, a number with as many digits as tell the ticks apart
 */
export function valueTicks(
  low: number,
  high: number,
  most: number,
  { whole = false, names }: ValueAxis = {},
  textOf?: (value: number) => string,
): Tick[] {
  if (names !== undefined && names.size > 0) {
    const shown = [...names].filter(([value]) => value >= low && value <= high).sort(([a], [b]) => a - b);
    const every = Math.max(1, Math.ceil(shown.length / Math.max(1, most)));
    return shown.filter((_, i) => i % every === 0).map(([at, text]) => ({ at, text }));
  }
  if (!(high > low) || !Number.isFinite(high - low)) return [];
  let step = niceStep((high - low) / Math.max(1, most));
  // One tick alone says nothing of the scale.
  for (let i = 0; i < 2 && most > 1 && multiplesWithin(low, high, step) < 2; i++) step = lowerStep(step);
  if (whole) step = Math.max(1, step);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const text = textOf ?? ((value: number) => tickText(value, step));
  return Array.from({ length: Math.min(1_000, Math.max(0, last - first + 1)) }, (_, i) => {
    const at = multiple(first + i, step);
    return { at, text: text(at) };
  });
}

function multiplesWithin(low: number, high: number, step: number): number {
  return Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
}

/** The next one below of 1, 2 and 5 times a power of ten. */
function lowerStep(step: number): number {
  return niceStep(step * 0.4);
}

/** `count` steps, without the noise that a product of floats brings: 0.3, not 0.30000000000000004. */
function multiple(count: number, step: number): number {
  return step < 1 ? count / Math.round(1 / step) : count * step;
}

/** A tick's number, such as `20.50` where the next is `20.55`. @param step between ticks */
export function tickText(value: number, step: number): string {
  const size = Math.max(Math.abs(value), step);
  if (size >= 1e9 && step >= 1e5)
    return value === 0 ? "0" : value.toExponential(Math.min(15, digitsApart(size, step)));
  if (step < 1e-6) return value === 0 ? "0" : value.toPrecision(Math.min(12, digitsApart(size, step) + 1));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function digitsApart(size: number, step: number): number {
  return Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
}
