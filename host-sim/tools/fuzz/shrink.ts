/**
 * Makes a failing input as small as it gets: parts are left out, from halves down to single bytes, and
 * bytes that do not matter become zero.
 */

/**
 * @param fails whether an input still shows the same fault
 * @param budget how often it may be asked
 */
export async function shrink(
  input: Uint8Array,
  fails: (input: Uint8Array) => boolean | Promise<boolean>,
  budget = 4_000,
): Promise<Uint8Array> {
  let best = input;
  let left = budget;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (left <= 0) return false;
    left -= 1;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let smaller = true; smaller && left > 0;) {
    smaller = false;
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      for (let at = best.length - size; at >= 0;) {
        const candidate = new Uint8Array(best.length - size);
        candidate.set(best.subarray(0, at));
        candidate.set(best.subarray(at + size), at);
        if (await attempt(candidate)) smaller = true;
        at = Math.min(at - size, best.length - size);
      }
    }
  }
  for (let at = 0; at < best.length; at++) {
    for (const value of [0, 1, best[at] >> 1]) {
      if (value >= best[at]) continue;
      const candidate = best.slice();
      candidate[at] = value;
      if (await attempt(candidate)) break;
    }
  }
  return best;
}
