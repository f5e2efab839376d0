/** What all commands read alike of their parts, and in what two runs differ. */
import { describe, expect, it, test } from "vitest";
import { differenceOf, readHead, wholeOf } from "../../../../host-sim/tools/shards/parts";

const part = (index: number, count: number, plan: object = { seed: 1 }) => ({
  form: "ours",
  plan,
  shard: { index, count },
});
const named = (parts: readonly ReturnType<typeof part>[]) =>
  parts.map((each, i) => ({ name: `${i + 1}.json`, part: each }));

describe("the head of a part", () => {
  it("is read as it was written", () => {
    const written = { ...part(2, 3), more: [1] };
    const { plan, shard } = written;
    expect(readHead(JSON.stringify(written), "ours", "fleet")).toEqual({ plan, shard, fields: written });
  });

  let deep: object = {};
  for (let i = 0; i < 20; i++) deep = { deep };
  test.each<[string, object]>([
    ["no plan", { ...part(1, 1), plan: 3 }],
    ["a plan deeper than any of ours", part(1, 1, deep)],
    ["no shard", { form: "ours", plan: {} }],
    ["a shard of none", part(1, 0)],
    ["a shard behind the last", part(3, 2)],
    ["a name that a reader's answer has", { ...part(1, 1), problem: {} }],
  ])("is refused: %s", (_, given) => {
    expect(readHead(JSON.stringify(given), "ours", "fleet")).toEqual({
      problem: "is a part with something missing or wrong",
    });
  });
});

describe("the parts of a run", () => {
  it("stand in the order of their shards", () => {
    const whole = wholeOf(named([part(3, 3), part(1, 3), part(2, 3)]));
    expect(whole).toEqual([part(1, 3), part(2, 3), part(3, 3)]);
  });

  it("are named when they are missing, the first ten of many", () => {
    expect(wholeOf(named([part(2, 3)]))).toEqual({
      problem: "shard 1, 3 of 3 is missing: run it again, or wait for it",
    });
    expect(wholeOf(named([part(2, 999_999)]))).toEqual({
      problem:
        "shard 1, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 999988 more of 999999 is missing: run it again, or wait for it",
    });
  });
});

test.each<[unknown, unknown, string | undefined]>([
  [{ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, undefined],
  [{ a: { b: { c: 1 } } }, { a: { b: { c: 2 } } }, "a.b.c is 2 and not 1"],
  [{ a: 1 }, { a: 1, b: "x" }, 'b is "x" and not left out'],
  [{ a: 1, b: undefined }, { a: 1 }, undefined],
  [{ a: 1 }, {}, "a is left out and not 1"],
  [{ a: [1, 2] }, { a: [1, 3] }, "a is [1,3] and not [1,2]"],
  [{ toString: 1 }, {}, "toString is left out and not 1"],
])("%j and %j differ: %s", (a, b, difference) => expect(differenceOf(a, b)).toBe(difference));
