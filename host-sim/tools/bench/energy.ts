/** The figures of energy that have a bar, and those that have a budget. */
import { attackedWith, attackersFrom, measureAttack } from "../../inspect/energy/attack";
import { batteryYears } from "../../inspect/energy/battery";
import { measure } from "../../inspect/energy/measure";
import { profiles } from "../../inspect/energy/profiles";
import { meanRatios, twelveCells } from "../../inspect/energy/twelve-cells";
import { breachesOf, example, exampleChoice, measureBudget, measureExample } from "../energy/budget";
import type { attackers } from "../../inspect/energy/attack";
import type { EnergyBudget } from "../energy/budget";
import type { Measured } from "../../inspect/energy/measure";

/** The worst of some who attack, each figure of whoever it is worst under. */
interface Worst {
  /** Share of the years that he takes. */
  readonly share: number;
  /** Share of the worst day that the modem is in PSM. */
  readonly psm: number;
}

export interface EnergyFigures {
  /** The example of docs/energy.md, and its years. */
  readonly example: Measured;
  readonly years: number;
  /** The same in good coverage, and with a board that sleeps lightly while it waits. */
  readonly good: Measured;
  readonly lightly: Measured;
  /** Geometric means over 3GPP's twelve cells, shares of the bound. */
  readonly cells: { readonly modem: number; readonly withBoard: number };
  /** What the worst who attack do to the example, by where they stand. */
  readonly attacked: Readonly<Record<keyof typeof attackers, Worst>>;
  readonly budget: EnergyBudget;
  /** Where that is worse than the file allows. */
  readonly breaches: readonly string[];
}

/** Readings of the runs in good coverage, and of each cell. */
const readings = 64;
const cellReadings = 32;

/** @param agreed what test/energy.json says @throws Error when a run fails */
export async function benchEnergy(agreed: EnergyBudget): Promise<EnergyFigures> {
  const measured = await measureExample();
  const options = { seed: "1", profile: profiles.field, mix: [1, 0, 0], reports: readings } as const;
  const choice = exampleChoice("sim7020");
  const good = await measure(choice, options);
  const lightly = await measure({ ...choice, settings: { waiting: "light-sleep" } }, options);
  const cells = meanRatios(
    await twelveCells({
      modem: "sim7020",
      t3324: choice.t3324,
      format: "raw",
      seed: "1",
      reports: cellReadings,
    }),
  );
  const budget = await measureBudget(undefined, undefined, measured);
  const years = batteryYears(example.battery, measured.watts);
  const attacked = { "off-path": await worstOf("off-path"), "on-path": await worstOf("on-path") };
  return {
    example: measured,
    years,
    good,
    lightly,
    cells,
    attacked,
    budget,
    breaches: breachesOf(budget, agreed),
  };
}

async function worstOf(from: keyof typeof attackers): Promise<Worst> {
  const options = { seed: "1", profile: profiles.field, mix: example.mix, reports: readings };
  const rows = [];
  for (const attacker of attackersFrom(from)) {
    const under = await measureAttack(exampleChoice("sim7020"), attacker, options);
    rows.push(attackedWith(example.battery, under));
  }
  const [alone, ...others] = rows;
  return {
    share: 1 - Math.min(...others.map(({ years }) => years)) / alone.years,
    psm: Math.min(...others.map(({ psm }) => psm)),
  };
}
