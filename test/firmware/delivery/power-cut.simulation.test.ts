/**
 * The power fails in every single operation of flash and key-value storage, one run each: what the
 * application was told is kept arrives, once, and as it was measured.
 */
import { beforeAll, expect, test } from "vitest";
import { loadScriptEngine } from "../../../host-sim/cloud/script/script-engine";
import { PowerCutWorld } from "./power-cut-device";
import { sweep } from "../../density";
import type { ScriptEngine } from "../../../host-sim/cloud/script/script-engine";
import type { ScenarioOptions } from "./power-cut-device";

let scriptEngine: ScriptEngine;
beforeAll(async () => {
  scriptEngine = await loadScriptEngine(() => 0);
});

interface Scenario extends Omit<ScenarioOptions, "scriptEngine"> {
  readonly name: string;
  /** The power fails once more, so many operations after the first time: mostly while the board starts. */
  readonly again?: number;
  /** `npm test` cuts at each so-many-th operation alone. */
  readonly step: number;
}

const scenarios: Scenario[] = [
  {
    name: "raw, one by one, with an evening offline",
    format: "raw",
    batch: 1,
    order: "oldest",
    edition: "token",
    reports: 40,
    outages: [
      [62, 71],
      [150, 420],
    ],
    clockFrom: 0,
    blocks: 6,
    step: 7,
  },
  {
    name: "all formats, fours, the newest first, without a clock for two hours",
    format: "alternate",
    batch: 4,
    order: "live",
    edition: "tokenless",
    reports: 40,
    outages: [
      [0, 100],
      [200, 350],
    ],
    clockFrom: 120,
    blocks: 8,
    step: 7,
  },
  {
    name: "JSON over three days, most of one of them offline, in a ring that goes round",
    format: "json",
    batch: 1,
    order: "oldest",
    edition: "token",
    reports: 288,
    outages: [
      [300, 480],
      [1_500, 2_600],
      [3_000, 3_060],
    ],
    clockFrom: 0,
    blocks: 16,
    step: 59,
  },
  {
    name: "compact, two by two, and the power fails twice",
    format: "compact",
    batch: 2,
    order: "oldest",
    edition: "token",
    reports: 120,
    outages: [
      [90, 130],
      [400, 1_300],
    ],
    clockFrom: 0,
    blocks: 10,
    step: 29,
    again: 4,
  },
];

function run(scenario: ScenarioOptions, cuts: readonly number[]): PowerCutWorld {
  const world = new PowerCutWorld(scenario, cuts);
  world.run();
  return world;
}

test.each(scenarios)("$name", (scenario) => {
  const options = { ...scenario, scriptEngine };
  const { again, reports, blocks } = scenario;
  const whole = run(options, []);
  expect(whole.faults()).toEqual([]);
  expect(whole.taken.size).toBe(reports);
  const { operations } = whole.power;
  expect(operations).toBeGreaterThan(2.5 * reports);
  let runs = 0;
  for (const at of sweep(1, operations, scenario.step, scenario.blocks)) {
    runs += 1;
    const cuts = again === undefined ? [at] : [at, 1 + (at % again)];
    const world = run(options, cuts);
    const faults = world.faults();
    if (faults.length > 0)
      throw new Error(`cut at operation ${cuts.join()} of ${operations}: ${faults.join("; ")}`);
    expect(world.boots).toBe(1 + cuts.length);
    // A start reads what there is, and little of it twice.
    expect(world.mostRead).toBeLessThan(2.5 * blocks * 1_024);
  }
  console.log(`${scenario.name}: ${runs} of ${operations} cut points`);
});
