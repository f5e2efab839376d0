/**
 * How much of its repetitions a test does. `npm test` does a part that is chosen to find what a change breaks.
 * `npm run test:long` does all of them, with the same code: it runs each test file that imports this one.
 */

/** Whether this is `npm run test:long`. */
export const full = process.env["TEST_DENSITY"] === "full";

/** `all` in `npm run test:long`, `part` in `npm test`. */
export function density<T>(all: T, part: T): T {
  return full ? all : part;
}

/** Runs of a property: all of them, or the first quarter of the same draws. */
export function runs(all: number): number {
  return density(all, Math.max(30, Math.ceil(all / 4)));
}

/**
 * Each `step`-th of the numbers from `first` to `last`, all of them in `npm run test:long`. The first one of each
 * is shifted by `offset`, so that several sweeps do not look at the same places.
 */
export function* sweep(first: number, last: number, step: number, offset = 0): Generator<number> {
  const stride = density(1, step);
  for (let at = first + (offset % stride); at <= last; at += stride) yield at;
}
