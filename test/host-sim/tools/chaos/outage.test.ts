import { describe, expect, test } from "vitest";
import { runOutage } from "../../../../host-sim/tools/chaos/outage";
import { xsMissing } from "../../sim/board/rig";
import { density } from "../../../density";
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

const results = new Map<Partial<OutageOptions>, Promise<OutageResult>>();
/** The run of one of `makes`, which several tests look at. */
function resultOf(changes: Partial<OutageOptions>): Promise<OutageResult> {
  if (!results.has(changes)) results.set(changes, run(changes));
  return results.get(changes)!;
}

const makes: Partial<OutageOptions>[] = [
  {},
  { seed: 2, edition: "tokenless" },
  { seed: 3, format: "json" },
  { seed: 4, batch: 4, lifetime: 7_200 },
  { seed: 5, powerKey: false, format: "raw" },
  { seed: 6, sleep: "deep" },
  // Readings of four hours wait in a board whose clock drifts as it sleeps.
  { seed: 5, sleep: "deep", edition: "tokenless", batch: 16, lifetime: 30_000 },
];

const chosen = density(makes, [makes[0], makes[2], makes[5]]);

describe("three days without coverage", () => {
  test.each(chosen)("%j: nothing is lost, doubled or left behind", async (changes) => {
    const result = await resultOf(changes);
    // 72 hours of four readings, but for what was just on its way, and what a batch held before.
    expect(result.waited).toBeGreaterThanOrEqual(287);
    expect(result.waited).toBeLessThanOrEqual(Math.max(293, 288 + (changes.batch ?? 1)));
    expect(result.stored).toBe(result.taken);
    expect(result.oldest / 3_600_000).toBeGreaterThan(71);
    expect(result.caughtUp).toBeGreaterThan(0);
    // Together, and not one by one: in JSON hardly two of them fit.
    const most = changes.format === "json" ? result.waited + 30 : result.waited / 4;
    expect(result.catchUp.up).toBeLessThan(most);
    expect(result.catchUp.bytesUp).toBeGreaterThan(result.waited * 8);
  });

  test.each(chosen)("%j: each has its own time", async (changes) => {
    const result = await resultOf(changes);
    expect(result.shortfall).toBeUndefined();
    expect(result.timed).toBe(result.waited);
    expect(result.complete).toBe(true);
  });

  test.each([makes[0], makes[5]])("%j: the same seed gives the same run", async (changes) => {
    expect(await run(changes)).toEqual(await resultOf(changes));
  });

  test("a board in deep sleep sleeps while there is coverage, and between its tries while there is none", async () => {
    const asleep: [from: number, to: number][] = [];
    const { board, virtualTime } = await run({
      sleep: "deep",
      onEvent: (event) => {
        if (event.source !== "board") return;
        if (event.what === "asleep") asleep.push([event.time, NaN]);
        if (event.what === "starting" && asleep.length > 0) asleep[asleep.length - 1][1] = event.time;
      },
    });
    const hour = 3_600_000;
    expect(board!.sleeps).toBe(asleep.length);
    const within = (from: number, to: number): number =>
      asleep.reduce((sum, [start, end]) => {
        // The run may end in a sleep.
        return sum + Math.max(0, Math.min(Number.isNaN(end) ? virtualTime : end, to) - Math.max(start, from));
      }, 0);
    expect(within(0, virtualTime)).toBeCloseTo(board!.asleep, 3);
    expect(within(0, 6 * hour)).toBeGreaterThan(0.95 * 6 * hour);
    // The radio's budget is 90 minutes a day, for which the board is awake; readings are taken besides.
    expect(within(6 * hour, 78 * hour)).toBeGreaterThan(0.92 * 72 * hour);
    expect((await resultOf(makes[0])).board).toBeUndefined();
  });

  test.skipIf(xsMissing !== undefined)(
    "on XS as on Node",
    async () => {
      const { engine: _node, ...node } = await resultOf(makes[0]);
      const { engine: _xs, ...xs } = await run({ engine: "xs" });
      expect(xs).toEqual(node);
    },
    120_000,
  );
});
