import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shrink } from "../../../../host-sim/tools/chaos/shrink";
import { runs } from "../../../density";

/** Fails when all of these are there. */
const needs =
  (wanted: readonly number[]) =>
  async (indices: readonly number[]): Promise<boolean> =>
    wanted.every((index) => indices.includes(index));

describe("shrink", () => {
  const some = [[[]], [[0]], [[7]], [[2, 5, 9]], [[0, 1, 2, 3]], [[0, 11]]];
  test.each(some)("finds %j among twelve", async (wanted: number[]) => {
    const { kept, finished } = await shrink(12, needs(wanted));
    expect(kept).toEqual(wanted);
    expect(finished).toBe(true);
  });

  test("whatever is needed, that and no more is left", async () => {
    const indices = fc.array(fc.nat(), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), indices, async (count, raw) => {
        const wanted = [...new Set(raw.map((index) => index % count))].sort((a, b) => a - b);
        const { kept } = await shrink(count, needs(wanted), 10_000);
        expect(kept).toEqual(wanted);
      }),
      { seed: 7, numRuns: runs(200) },
    );
  });

  test("either of two is enough", async () => {
    const { kept } = await shrink(10, async (indices) => indices.includes(3) || indices.includes(8));
    expect(kept).toHaveLength(1);
  });

  test("what needs all of them stays whole", async () => {
    expect((await shrink(5, async (indices) => indices.length === 5)).kept).toEqual([0, 1, 2, 3, 4]);
  });

  test("keeps to its number of trials, and what it has by then still fails", async () => {
    const fails = needs([1, 20, 39]);
    const { kept, trials, finished } = await shrink(40, fails, 8);
    expect(finished).toBe(false);
    expect(trials).toBeLessThanOrEqual(9);
    expect(await fails(kept)).toBe(true);
  });

  test("an empty script has nothing to lose", async () => {
    expect(await shrink(0, async () => true)).toEqual({ kept: [], trials: 0, finished: true });
  });
});
