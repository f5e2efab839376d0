/** Which part of a run a process is to do: by `--shard`, or by what the engine that started it says. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parseShard, shareOf } from "../../../../host-sim/tools/shards/shard";
import { shardOf } from "../../../../host-sim/tools/shards/shard-of";

describe("which part", () => {
  it("has each piece once, however many parts there are", () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.integer({ min: 1, max: 40 }), (total, count) => {
        let next = 0;
        for (let index = 1; index <= count; index++) {
          const { first, end } = shareOf(total, { index, count });
          expect(first).toBe(next);
          next = end;
        }
        expect(next).toBe(total);
      }),
    );
  });

  test.each<[Record<string, string>, unknown]>([
    [{}, undefined],
    [
      { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "16" },
      { index: 3, count: 16 },
    ],
    [
      { SLURM_ARRAY_TASK_ID: "0", SLURM_ARRAY_TASK_COUNT: "4" },
      { index: 1, count: 4 },
    ],
    [
      { JOB_COMPLETION_INDEX: "15", ENOS_SHARDS: "16" },
      { index: 16, count: 16 },
    ],
    [{ JOB_COMPLETION_INDEX: "1" }, { problem: expect.stringContaining("ENOS_SHARDS") as unknown }],
    [
      { AWS_BATCH_JOB_ARRAY_INDEX: "0", AWS_BATCH_JOB_ARRAY_SIZE: "2" },
      { index: 1, count: 2 },
    ],
    [{ SLURM_ARRAY_TASK_ID: "9", SLURM_ARRAY_TASK_COUNT: "4" }, { problem: expect.any(String) as unknown }],
    [{ SLURM_ARRAY_TASK_ID: "x", SLURM_ARRAY_TASK_COUNT: "4" }, { problem: expect.any(String) as unknown }],
  ])("%o", (env, expected) => {
    expect(shardOf(env)).toEqual(expected);
  });

  test.each([
    ["1/1", { index: 1, count: 1 }],
    ["16/16", { index: 16, count: 16 }],
    ["0/4", undefined],
    ["5/4", undefined],
    ["3", undefined],
    ["1/2/3", undefined],
  ])("--shard %s", (text, expected) => expect(parseShard(text)).toEqual(expected));
});
