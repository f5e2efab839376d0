/** What an operator does to a whole fleet, and a stranger: commands, and a scan that has cells call whoever is in reach. */
import { describe, expect, it } from "vitest";
import { histogramOf } from "../../../../host-sim/tools/fleet/delays";
import { fleetPageData } from "../../../../host-sim/tools/fleet/fleet-page-data";
import { fleetLines } from "../../../../host-sim/tools/fleet/fleet-text";
import { mergeResults } from "../../../../host-sim/tools/fleet/merge";
import { runFleet } from "../../../../host-sim/tools/fleet/run-fleet";
import type { FleetPlan } from "../../../../host-sim/tools/fleet/plan";
import type { FleetResult } from "../../../../host-sim/tools/fleet/result";

const usual: FleetPlan = {
  ...{ version: "1", seed: 5, devices: 60, hours: 3, scenario: "commands", scenarioAt: 1, edition: "token" },
  modem: "sim7020",
  ...{ mix: [0.7, 0.2, 0.1], devicesPerCell: 20, format: "compact", powerSpread: 60_000 },
  settings: { interval: 900, sleep: "deep" },
  ...{ natIdle: null, loss: null, journalSize: 131_072, profile: "modern", battery: 19 },
};

const run = (changes: Partial<FleetPlan>): Promise<FleetResult> =>
  runFleet({ ...usual, ...changes }, { index: 1, count: 1 }, 1);

const textOf = (result: FleetResult): string => fleetLines(result, () => "").join("\n");

describe("commands", () => {
  it.each([
    [{ edition: "token" as const }],
    [{ edition: "tokenless" as const, format: "json" as const }],
    [{ settings: { interval: 900, sleep: "none" } }],
  ])("reach every device with its next contact, and its answer comes back: %o", async (changes) => {
    const result = await run(changes);
    const { commands, commandsAnswered, commandsLost } = result.counts;
    expect(commands).toBe(60);
    expect(commandsAnswered + commandsLost).toBe(60);
    expect(commandsLost).toBeLessThanOrEqual(2);
    const answers = histogramOf(result.answers)!;
    expect(answers.totalCount).toBe(commandsAnswered);
    // They ride on the answer to a reading: half of them wait for less than half an interval.
    expect(answers.getValueAtPercentile(50)).toBeLessThan(600_000);
    expect(textOf(result)).toContain(`commands     60 invoked, ${commandsAnswered} answered`);
    expect(fleetPageData(result, "", () => "").distributions.map(({ title }) => title)).toContain(
      "How long the answer to a command took",
    );
  });

  it("come to the same bytes in parts", async () => {
    const whole = await run({});
    const parts = await Promise.all(
      [1, 2, 3].map(async (index) => ({
        name: `${index}.json`,
        part: await runFleet(usual, { index, count: 3 }, 1),
      })),
    );
    expect(JSON.stringify(mergeResults(parts))).toBe(JSON.stringify(whole));
  });
});

describe("a scan", () => {
  it("has cells call the devices that are in reach, once for each datagram that one keeps for them", async () => {
    const awake = { interval: 900, sleep: "none", t3324: 3_600 };
    const [quiet, scanned] = await Promise.all([
      run({ scenario: "none", settings: awake }),
      run({ scenario: "scan", settings: awake }),
    ]);
    const { pages, pagesUnanswered } = scanned.counts;
    expect(pages - quiet.counts.pages).toBeGreaterThan(45);
    expect(pagesUnanswered).toBeLessThan(5);
    expect(scanned.load.pages.reduce((sum, each) => sum + each, 0)).toBe(pages);
    const joules = (result: FleetResult): number => result.levels.reduce((sum, { modem }) => sum + modem, 0);
    expect(joules(scanned)).toBeGreaterThan(joules(quiet));
    expect(scanned.counts.lost).toBe(0);
    expect(textOf(scanned)).toMatch(/\npaging {7}\d+ pages, at most [\d.]+\/s at 1:0\d; /);
    expect(fleetPageData(scanned, "", () => "").plots.map(({ title }) => title)).toContain(
      "Devices that cells called",
    );
  });

  it("finds nobody in PSM", async () => {
    const asleep = { interval: 3_600, sleep: "deep" };
    const [quiet, scanned] = await Promise.all([
      run({ scenario: "none", settings: asleep, scenarioAt: 0.75, loss: 0 }),
      run({ scenario: "scan", settings: asleep, scenarioAt: 0.75, loss: 0 }),
    ]);
    expect(scanned.counts.pages).toBe(quiet.counts.pages);
  });

  it("waits for the windows of devices with eDRX, which idle for less", async () => {
    const settings = { interval: 900, sleep: "none", t3324: 3_600 };
    const [drx, edrx] = await Promise.all([
      // Between two readings, whose connections take along what is kept.
      run({ scenario: "scan", scenarioAt: 1.12, settings }),
      run({ scenario: "scan", scenarioAt: 1.12, settings: { ...settings, edrx: 328 } }),
    ]);
    // The scan is over after a minute; windows of 328 s are as much as that behind it.
    const late = ({ load }: FleetResult): number =>
      load.pages
        .filter((_, i) => i * load.step >= 4_100_000 && i * load.step < 4_430_000)
        .reduce((sum, each) => sum + each, 0);
    expect(late(edrx) - late(drx)).toBeGreaterThan(25);
    const modems = (result: FleetResult): number => result.levels.reduce((sum, { modem }) => sum + modem, 0);
    expect(modems(edrx)).toBeLessThan(0.5 * modems(drx));
  });
});
