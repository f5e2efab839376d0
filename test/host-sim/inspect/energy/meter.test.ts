/** The meter on runs of the real firmware. */
import { describe, expect, test } from "vitest";
import { measure } from "../../../../host-sim/inspect/energy/measure";
import { EnergyMeter } from "../../../../host-sim/inspect/energy/meter";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import { density } from "../../../density";
import { base } from "./choice";
import type { Choice } from "../../../../host-sim/inspect/energy/choice";
import type { EnergyAccount, PowerStep } from "../../../../host-sim/inspect/energy/meter";

async function run(seed: number, coverage: 0 | 1 | 2 = 0): Promise<[PowerStep[], EnergyAccount, number]> {
  const steps: PowerStep[] = [];
  const meter = new EnergyMeter(profiles.field, { coverage, onStep: (step) => steps.push(step) });
  const simulation = new Simulation({
    seed,
    engine: "node",
    edition: "token",
    coverage,
    reports: 6,
    interval: 900,
    format: "raw",
    powerKey: true,
    sleep: "deep",
    command: true,
    onEvent: (event) => meter.hear(event),
  });
  const { virtualTime } = await simulation.run();
  return [steps, meter.finish(virtualTime), virtualTime];
}

describe("a run's joules", () => {
  test.each([0, 1, 2] as const)(
    "at level %i: every ms is counted once, and every joule has a cause",
    async (level) => {
      const [steps, account, time] = await run(4, level);
      for (const part of ["modem", "board"]) {
        const states = Object.entries(account.byState).filter(([state]) => state.startsWith(`${part} `));
        const ms = states.reduce((sum, [, each]) => sum + each.ms, 0);
        expect(Math.abs(ms - time)).toBeLessThan(1);
        const own = steps.filter((step) => step.part === part);
        for (let i = 1; i < own.length; i++) expect(own[i].time).toBeGreaterThanOrEqual(own[i - 1].time);
        // The steps alone give the same joules.
        const joules = states.reduce((sum, [, each]) => sum + each.joules, 0);
        const drawn = own.map(
          ({ time: from, watts }, i) => (watts * ((own[i + 1]?.time ?? time) - from)) / 1_000,
        );
        expect(drawn.reduce((sum, each) => sum + each, 0)).toBeCloseTo(joules, 6);
      }
      const caused = Object.values(account.byCause).reduce((sum, joules) => sum + joules, 0);
      expect(caused).toBeCloseTo(account.joules, 6);
      for (const cause of [
        "registration",
        "authentication",
        "report",
        "command",
        "modem asleep",
        "board asleep",
      ]) {
        expect(account.byCause[cause], cause).toBeGreaterThan(0);
      }
    },
  );

  test("the same seed gives the same", async () => {
    expect((await run(5))[1]).toEqual((await run(5))[1]);
  });
});

describe("mean power", () => {
  const options = { seed: 3, profile: profiles.field, mix: [1, 0, 0], reports: density(24, 12) } as const;
  const usual = measure(base, options);

  test("falls with what saves, and rises with what does not", async () => {
    const { watts } = await usual;
    const other = async (change: Partial<Choice>) => (await measure({ ...base, ...change }, options)).watts;
    expect(await other({ batch: 4 })).toBeLessThan(watts);
    expect(await other({ t3324: 10 })).toBeGreaterThan(watts);
    expect(await other({ releaseAssistance: false })).toBeGreaterThan(2 * watts);
    const sleepless = await other({ sleep: "none" });
    expect(sleepless).toBeGreaterThan(profiles.field.board.waiting80.value);
    expect(await other({ lifetime: 450 })).toBeGreaterThan(watts);
    expect(await other({ saving: "edrx", sleep: "none" })).toBeGreaterThan(sleepless);
  });

  test("of a mix of levels lies between theirs, and its parts add up", async () => {
    const at = async (mix: readonly [number, number, number]) => measure(base, { ...options, mix });
    const [good, bad, mixed] = [await usual, await at([0, 0, 1]), await at([0.5, 0, 0.5])];
    expect(mixed.watts).toBeCloseTo((good.watts + bad.watts) / 2, 9);
    expect(bad.watts).toBeGreaterThan(good.watts);
    expect(mixed.modem + mixed.board).toBeCloseTo(mixed.watts, 9);
    const caused = Object.values(mixed.wattsByCause).reduce((sum, watts) => sum + watts, 0);
    expect(caused).toBeCloseTo(mixed.watts, 9);
    expect(mixed.joulesPerReport).toBeCloseTo(900 * mixed.watts, 9);
  });
});
