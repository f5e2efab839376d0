/** The name that somebody meant who wrote another. */

/** Letters of a name that are looked at: names in use are shorter, and what strangers send is not. */
const looked = 64;

/**
 * Which of `names` is nearest to `given`: as many letters have to be put in, left out, changed or swapped as a third
 * of its own at most. Undefined when none is near.
 */
export function nearest(given: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(Math.min(given.length, looked) / 3)) + 1;
  for (const name of names) {
    const steps = stepsBetween(given.toLowerCase(), name.toLowerCase());
    if (steps >= least) continue;
    least = steps;
    best = name;
  }
  return best;
}

/** Letters to put in, leave out, change or swap with their neighbour, so that one text becomes the other. */
export function stepsBetween(one: string, other: string): number {
  const from = one.slice(0, looked);
  const to = other.slice(0, looked);
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_each, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length];
}
