/** The same request for many devices: some at a time, however it ends for each. */
import { reasonOf } from "../../../reason";

/** Requests under way at a time: browsers open six connections, and the stream has one. */
const atOnce = 4;

/**
 * Does `work` for all, and tells after each how many are done.
 * @throws Error that says for how many it failed, and why for the first, once all have ended
 */
export async function forEach<T>(
  all: readonly T[],
  work: (one: T) => Promise<unknown>,
  onDone: (done: number) => void = () => {},
): Promise<void> {
  const faults: string[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const one = all[next++];
      await work(one).catch((error: unknown) => faults.push(reasonOf(error, "it was refused")));
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  if (faults.length === 0) return;
  const first = faults[0];
  throw new Error(all.length === 1 ? first : `${faults.length} of ${all.length} failed; the first: ${first}`);
}
