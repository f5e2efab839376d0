/** The points of a chart: gaps, the values in view, the one under the cursor, fewer of many. */
import type { Range } from "./chart-time";

/** A value, or null where there is none. */
export type Value = number | null;

/**
 * Points with a gap wherever two are further apart than `gap`: there a point without a value stands between them.
 * @param x ascending
 */
export function withGaps(
  x: ArrayLike<number>,
  columns: readonly ArrayLike<Value>[],
  gap: number,
): { x: number[]; columns: Value[][] } {
  const outX: number[] = [];
  const out: Value[][] = columns.map(() => []);
  for (let i = 0; i < x.length; i++) {
    if (i > 0 && x[i] - x[i - 1] > gap) {
      outX.push((x[i - 1] + x[i]) / 2);
      for (const column of out) column.push(null);
    }
    outX.push(x[i]);
    columns.forEach((values, c) => out[c].push(values[i] ?? null));
  }
  return { x: outX, columns: out };
}

/** Place of the first that is not below `at`; the length when all are. @param x ascending */
export function firstFrom(x: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Place of the last that is not above `at`, where what holds from then on is found; -1 when all are. */
export function lastUntil(x: ArrayLike<number>, at: number): number {
  let place = firstFrom(x, at);
  while (place < x.length && x[place] === at) place += 1;
  return place - 1;
}

/** Place of the nearest; -1 of none. */
export function nearest(x: ArrayLike<number>, at: number): number {
  const right = firstFrom(x, at);
  if (right === 0) return x.length === 0 ? -1 : 0;
  if (right === x.length) return x.length - 1;
  return at - x[right - 1] <= x[right] - at ? right - 1 : right;
}

/** What values are in view, with the neighbours to which lines are drawn. */
export interface Extent {
  readonly least: number;
  readonly most: number;
}

/** The least and the largest value in view; undefined where there is none. */
export function extentIn(
  x: ArrayLike<number>,
  values: ArrayLike<Value>,
  { from, to }: Range,
): Extent | undefined {
  let least = Infinity;
  let most = -Infinity;
  const begin = Math.max(0, firstFrom(x, from) - 1);
  const end = Math.min(x.length - 1, lastUntil(x, to) + 1);
  for (let i = begin; i <= end; i++) {
    const value = values[i];
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least > most ? undefined : { least, most };
}

/** What can be said of the values within a range. */
export interface Summary {
  readonly count: number;
  readonly least: number;
  readonly most: number;
  readonly last: number;
  readonly lastAt: number;
  /** How often the value is another than the one before. */
  readonly changes: number;
}

/** Undefined where there is none. */
export function summaryIn(
  x: ArrayLike<number>,
  values: ArrayLike<Value>,
  { from, to }: Range,
): Summary | undefined {
  let [count, changes] = [0, 0];
  let [least, most, last, lastAt] = [Infinity, -Infinity, NaN, NaN];
  for (let i = firstFrom(x, from); i < x.length && x[i] <= to; i++) {
    const value = values[i];
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (count > 0 && value !== last) changes += 1;
    count += 1;
    least = Math.min(least, value);
    most = Math.max(most, value);
    last = value;
    lastAt = x[i];
  }
  return count === 0 ? undefined : { count, least, most, last, lastAt, changes };
}

/**
 * Fewer points that look alike: of each of `columns` equal stretches the first, the least, the largest and the last.
 * Gaps stay. Returned as they are when they are no more than that.
 */
export function thinned(
  x: readonly number[],
  values: readonly Value[],
  { from, to }: Range,
  columns: number,
): { x: readonly number[]; values: readonly Value[] } {
  const begin = Math.max(0, firstFrom(x, from) - 1);
  const end = Math.min(x.length, lastUntil(x, to) + 2);
  if (end - begin <= 4 * columns) return { x: x.slice(begin, end), values: values.slice(begin, end) };
  const outX: number[] = [];
  const out: Value[] = [];
  const keep = (i: number): void => {
    outX.push(x[i]);
    out.push(values[i]);
  };
  const columnOf = (at: number): number => Math.floor(((at - from) / (to - from)) * columns);
  for (let i = begin; i < end;) {
    const column = columnOf(x[i]);
    const first = i;
    let [least, most] = [-1, -1];
    let hole = -1;
    for (; i < end && columnOf(x[i]) === column; i++) {
      const value = values[i];
      if (value === null) {
        hole = i;
        continue;
      }
      if (least < 0 || value < values[least]!) least = i;
      if (most < 0 || value > values[most]!) most = i;
    }
    const chosen = new Set([first, least, most, hole, i - 1]);
    for (const each of [...chosen].filter((place) => place >= 0).sort((a, b) => a - b)) keep(each);
  }
  return { x: outX, values: out };
}

/** Series upon one another: each the sum of itself and those before it. A missing value counts nothing. */
export function stackedUp(columns: readonly ArrayLike<Value>[]): number[][] {
  let below: number[] = [];
  return columns.map((values, c) => {
    below = Array.from(values, (value, i) => (c === 0 ? 0 : below[i]) + (value ?? 0));
    return below;
  });
}
