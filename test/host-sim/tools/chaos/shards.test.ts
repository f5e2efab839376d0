/** A campaign in parts: each seed once, parts read and refused, and together the trials of the whole. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { mergeParts, partForm, readPart, seedsOf } from "../../../../host-sim/tools/chaos/shards";
import type { CampaignPart, CampaignPlan } from "../../../../host-sim/tools/chaos/shards";
import type { TrialResult } from "../../../../host-sim/tools/chaos/trial";

const plan: CampaignPlan = { version: "1", hours: 6, first: 11, seeds: 7, engine: "node", device: {} };
const trial = (seed: number): TrialResult => ({ seed, violations: [] }) as unknown as TrialResult;

function part(index: number, count = 3, change: Partial<CampaignPart> = {}): CampaignPart {
  const { first, seeds } = seedsOf(plan, { index, count });
  const trials = Array.from({ length: seeds }, (_, i) => trial(first + i));
  return { form: partForm, plan, shard: { index, count }, trials, ...change };
}

const named = (parts: readonly CampaignPart[]) =>
  parts.map((each, i) => ({ name: `${i + 1}.json`, part: each }));

it("has each seed once, however many parts there are", () => {
  fc.assert(
    fc.property(fc.nat({ max: 500 }), fc.integer({ min: 1, max: 40 }), (seeds, count) => {
      let next = plan.first;
      for (let index = 1; index <= count; index++) {
        const own = seedsOf({ ...plan, seeds }, { index, count });
        expect(own.first).toBe(next);
        next += own.seeds;
      }
      expect(next).toBe(plan.first + seeds);
    }),
  );
});

describe("parts", () => {
  it("are the trials in the order of their seeds", () => {
    const merged = mergeParts(named([part(3), part(1), part(2)]));
    expect(merged).toHaveProperty("trials.length", 7);
    expect(("trials" in merged ? merged.trials : []).map(({ seed }) => seed)).toEqual([
      11, 12, 13, 14, 15, 16, 17,
    ]);
  });

  test.each<[string, readonly CampaignPart[], RegExp]>([
    ["one is missing", [part(1), part(3)], /^shard 2 of 3 is missing/],
    ["one came twice", [part(1), part(1), part(2)], /^2\.json has shard 1\/3, as 1\.json has/],
    [
      "another campaign",
      [part(1), part(2, 3, { plan: { ...plan, hours: 7 } })],
      /^2\.json is of another run than 1\.json: hours is 7 and not 6$/,
    ],
    ["another cut", [part(1), part(2, 2)], /^2\.json is a part of 2, 1\.json of 3/],
    ["none", [], /^no parts/],
  ])("are refused: %s", (_, parts, line) => {
    expect(mergeParts(named(parts))).toEqual({ problem: expect.stringMatching(line) as unknown });
  });
});

describe("a file", () => {
  it("is read as it was written, and one whose shard did not end is told", () => {
    expect(readPart(JSON.stringify(part(2)))).toEqual(part(2));
    expect(readPart(JSON.stringify(part(2, 3, { trials: [] })))).toEqual({
      problem: "has 0 of its 2 trials: its shard did not come to its end",
    });
    const twice = [trial(13), trial(13), trial(14)];
    expect(readPart(JSON.stringify(part(2, 3, { trials: twice })))).toHaveProperty("problem");
    const { trials: _, ...head } = part(2);
    expect(readPart(JSON.stringify({ ...head, failed: "out of memory" }))).toEqual({
      problem: "its shard has failed: out of memory",
    });
  });

  it("of anybody else's is refused, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(readPart(text)).toHaveProperty("problem");
      }),
    );
    const text = JSON.stringify(part(2));
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom("", "x", "-", "{", "9", "null"),
        (at, put) => {
          expect(() => readPart(text.slice(0, at) + put + text.slice(at + 1))).not.toThrow();
        },
      ),
    );
  });
});
