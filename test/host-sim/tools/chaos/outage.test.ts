import { describe, expect, test } from "vitest";
import { runOutage } from "../../../../host-sim/tools/chaos/outage";
import { xsMissing } from "../../sim/board/rig";
import type { OutageOptions, OutageResult } from "../../../../host-sim/tools/chaos/outage";

const usual: OutageOptions = {
  seed: 1,
  engine: "node",
  edition: "token",
  coverage: 0,
  interval: 900,
  format: "compact",
  batch: 1,
  lifetime: 3_600,
  powerKey: true,
};

const run = (changes: Partial<OutageOptions> = {}): Promise<OutageResult> =>
  runOutage({ ...usual, ...changes });

const makes: Partial<OutageOptions>[] = [
  {},
  { seed: 2, edition: "tokenless" },
  { seed: 3, format: "json" },
  { seed: 4, batch: 4, lifetime: 7_200 },
  { seed: 5, powerKey: false, format: "raw" },
];

describe("three days without coverage", () => {
  test.each(makes)("%j: nothing is lost, doubled or left behind", async (changes) => {
    const result = await run(changes);
    // 72 hours of four readings, but for what was just on its way.
    expect(result.waited).toBeGreaterThanOrEqual(287);
    expect(result.waited).toBeLessThanOrEqual(293);
    expect(result.stored).toBe(result.taken);
    expect(result.oldest / 3_600_000).toBeGreaterThan(71);
    expect(result.caughtUp).toBeGreaterThan(0);
    // Together, and not one by one: in JSON hardly two of them fit.
    const most = changes.format === "json" ? result.waited + 30 : result.waited / 4;
    expect(result.catchUp.up).toBeLessThan(most);
    expect(result.catchUp.bytesUp).toBeGreaterThan(result.waited * 8);
  });

  test.each(makes)("%j: each has its own time", async (changes) => {
    const result = await run(changes);
    expect(result.shortfall).toBeUndefined();
    expect(result.timed).toBe(result.waited);
    expect(result.complete).toBe(true);
  });

  test("the same seed gives the same run", async () => {
    expect(await run({ seed: 9 })).toEqual(await run({ seed: 9 }));
  });

  test.skipIf(xsMissing !== undefined)(
    "on XS as on Node",
    async () => {
      const { engine: _node, ...node } = await run();
      const { engine: _xs, ...xs } = await run({ engine: "xs" });
      expect(xs).toEqual(node);
    },
    120_000,
  );
});
