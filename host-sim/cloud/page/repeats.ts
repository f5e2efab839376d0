/**
 * What repeats in a list of rows, so that a hundred equal exchanges can be one row that opens. Rows are given as numbers
 * that are equal for rows of one shape; a repeat is one row many times, or a few rows again and again in the same order:
 *
 *     a b b b b c d c d c d a      b, 4 times, and c d, 3 times
 */

/** A part of the list that repeats. */
export interface Repeat {
  /** The first of its rows, and the first behind it. */
  readonly from: number;
  readonly to: number;
  /** Rows in each round. */
  readonly period: number;
  readonly times: number;
}

export interface RepeatOptions {
  /** Rows that a round has at most (default 8). */
  readonly longest?: number;
  /** Rounds from which on rows are a repeat (default 3). */
  readonly fewest?: number;
}

/**
 * The repeats, in their order and apart from each other. From the left each begins as early as it can; of several that
 * begin there, the one that covers most rows, and of these the one with the shortest rounds.
 */
export function repeatsOf(shapes: ArrayLike<number>, options: RepeatOptions = {}): Repeat[] {
  const { longest = 8, fewest = 3 } = options;
  const found: Repeat[] = [];
  let from = 0;
  while (from < shapes.length) {
    const repeat = longestAt(shapes, from, longest, fewest);
    if (repeat === undefined) from += 1;
    else {
      found.push(repeat);
      from = repeat.to;
    }
  }
  return found;
}

function longestAt(
  shapes: ArrayLike<number>,
  from: number,
  longest: number,
  fewest: number,
): Repeat | undefined {
  let best: Repeat | undefined;
  for (let period = 1; period <= longest; period++) {
    let at = from;
    while (at + period < shapes.length && shapes[at] === shapes[at + period]) at += 1;
    const times = Math.floor((at - from) / period) + 1;
    const covered = times * period;
    if (times < fewest || (best !== undefined && covered <= best.times * best.period)) continue;
    best = { from, to: from + covered, period, times };
  }
  return best;
}

/** Numbers for texts: equal texts have equal ones. */
export class Shapes {
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }
}
