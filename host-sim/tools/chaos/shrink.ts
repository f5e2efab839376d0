/**
 * Cuts a script that breaks a rule down to the faults that it takes (Zeller's ddmin): ever smaller parts are
 * left out, for as long as what remains still fails.
 */

/** What shrinking came to. */
export interface Shrunk {
  /** Indices of the faults that are needed, ascending. */
  readonly kept: readonly number[];
  readonly trials: number;
  /** False when it ended for want of trials: fewer faults may do. */
  readonly finished: boolean;
}

/**
 * @param count faults in the script
 * @param fails whether the script with these faults alone breaks the same rule
 * @param most trials
 */
export async function shrink(
  count: number,
  fails: (indices: readonly number[]) => Promise<boolean>,
  most = 150,
): Promise<Shrunk> {
  let trials = 0;
  let kept = Array.from({ length: count }, (_, index) => index);
  const test = (indices: readonly number[]): Promise<boolean> => {
    trials += 1;
    return fails(indices);
  };
  // Some rules break without any fault at all.
  if (count > 0 && (await test([]))) return { kept: [], trials, finished: true };
  let parts = 2;
  while (kept.length > 1) {
    const smaller = await smallerOf(kept, parts, test, () => trials < most);
    if (smaller !== undefined) {
      kept = smaller;
      parts = Math.max(2, Math.min(parts - 1, kept.length));
    } else if (trials >= most) {
      return { kept, trials, finished: false };
    } else if (parts >= kept.length) {
      break;
    } else {
      parts = Math.min(kept.length, 2 * parts);
    }
  }
  return { kept, trials, finished: true };
}

/** What is left of the indices without one of their parts, and fails still. */
async function smallerOf(
  indices: readonly number[],
  parts: number,
  test: (indices: readonly number[]) => Promise<boolean>,
  mayGoOn: () => boolean,
): Promise<number[] | undefined> {
  for (let part = 0; part < parts && mayGoOn(); part++) {
    const from = Math.floor((part * indices.length) / parts);
    const to = Math.floor(((part + 1) * indices.length) / parts);
    const rest = indices.filter((_, index) => index < from || index >= to);
    if (await test(rest)) return rest;
  }
  return undefined;
}
