/** Results of shards: read, refused and added. */
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { mergeResults, readResult } from "../../../../host-sim/tools/fleet/merge";
import { devicesOf } from "../../../../host-sim/tools/fleet/plan";
import { runFleet } from "../../../../host-sim/tools/fleet/run-fleet";
import { wholeRun } from "../../../../host-sim/tools/shards/shard";
import type { FleetPlan } from "../../../../host-sim/tools/fleet/plan";
import type { FleetResult } from "../../../../host-sim/tools/fleet/result";
import type { Shard } from "../../../../host-sim/tools/shards/shard";

const plan: FleetPlan = {
  ...{ version: "1", seed: 3, devices: 14, hours: 2, scenario: "blackout", scenarioAt: 1, edition: "token" },
  modem: "sim7020",
  ...{
    mix: [0.6, 0.2, 0.2],
    devicesPerCell: 4,
    format: "compact",
    settings: { interval: 300, sleep: "deep" },
  },
  ...{ powerSpread: 60_000, natIdle: null, loss: null, journalSize: 131_072, profile: "modern", battery: 19 },
};
const shards: readonly Shard[] = [1, 2, 3, 4].map((index) => ({ index, count: 4 }));

let whole: FleetResult;
let parts: readonly FleetResult[];
beforeAll(async () => {
  whole = await runFleet(plan, wholeRun, 1);
  parts = await Promise.all(shards.map((shard) => runFleet(plan, shard, 1)));
});

const named = (results: readonly FleetResult[]) =>
  results.map((result, i) => ({ name: `${i + 1}.json`, part: result }));

describe("the parts of a fleet", () => {
  it("come to the same bytes as the whole, in whatever order they are given", () => {
    expect(whole.counts.taken).toBeGreaterThan(200);
    expect(whole.counts.lost).toBe(0);
    for (const order of [parts, [...parts].reverse(), [parts[2], parts[0], parts[3], parts[1]]]) {
      expect(JSON.stringify(mergeResults(named(order)))).toBe(JSON.stringify(whole));
    }
  });

  it("come to them over files, too", () => {
    const read = parts.map((part) => readResult(JSON.stringify(part)) as FleetResult);
    expect(JSON.stringify(mergeResults(named(read)))).toBe(JSON.stringify(whole));
  });

  test.each<[string, () => readonly FleetResult[], RegExp]>([
    ["one is missing", () => parts.slice(1), /^shard 1 of 4 is missing/],
    ["one came twice", () => [...parts, parts[1]], /^5\.json has shard 2\/4, as 2\.json has$/],
    [
      "another seed",
      () => [...parts.slice(1), { ...parts[0], plan: { ...plan, seed: 4 } }],
      /^4\.json is of another run than 1\.json: seed is 4 and not 3$/,
    ],
    ["another cut", () => [parts[0], whole], /^2\.json is a part of 1, 1\.json of 4/],
    ["nothing at all", () => [], /^no parts/],
  ])("are refused: %s", (_, results, line) => {
    expect(mergeResults(named(results()))).toEqual({ problem: expect.stringMatching(line) as unknown });
  });
});

describe("a file", () => {
  it("of a shard that failed is told, and why", () => {
    const failed = { form: whole.form, plan, shard: shards[0], failed: "out of memory" };
    expect(readResult(JSON.stringify(failed))).toEqual({ problem: "its shard has failed: out of memory" });
  });

  it("of an earlier form is refused, though its numbers would add up", () => {
    const before = JSON.stringify({ ...whole, form: "enos-nbiot-xs fleet result 2" });
    expect(readResult(before)).toEqual({ problem: "is no part of this version's npm run fleet" });
  });

  it("that is anything else is refused, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(readResult(text)).toHaveProperty("problem");
      }),
    );
  });

  it("of ours with one part changed is refused, or read as it is", () => {
    const text = JSON.stringify(whole);
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom("", "x", "-", "{", "9", '"'),
        (at, put) => {
          const read = readResult(text.slice(0, at) + put + text.slice(at + 1));
          if (!("problem" in read)) expect(() => mergeResults([{ name: "it", part: read }])).not.toThrow();
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("which part", () => {
  it("has each device once, whole cells together", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (devices, devicesPerCell, count) => {
          let next = 0;
          for (let index = 1; index <= count; index++) {
            const { first, end } = devicesOf({ ...plan, devices, devicesPerCell }, { index, count });
            expect(first).toBe(next);
            if (end < devices) expect(end % devicesPerCell).toBe(0);
            next = end;
          }
          expect(next).toBe(devices);
        },
      ),
    );
  });
});
