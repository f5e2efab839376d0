/**
 * The budget of energy: what a reading may take with each of some modems, in test/energy.json. As the footprint's it
 * is what was measured when somebody last agreed to it; more than its tolerance above, and the tests fail until the
 * file says otherwise.
 */
import { isObject } from "../../../firmware/text/json";
import { reasonOf } from "../../../firmware/text/reason";
import { measure, measureTo } from "../../inspect/energy/measure";
import { batteryYears } from "../../inspect/energy/battery";
import { profiles } from "../../inspect/energy/profiles";
import type { Choice } from "../../inspect/energy/choice";
import type { Measured } from "../../inspect/energy/measure";

/** What is held to the budget, and by how much it may grow without asking: a share of it, or so much. */
const tolerances = {
  wakesPerReading: { share: 0, amount: 0.02 },
  computePerWake: { share: 0.05, amount: 0 },
  awakePerReadingMs: { share: 0.05, amount: 0 },
  authenticationsPerDay: { share: 0, amount: 0.5 },
  joulesPerReading: { share: 0.05, amount: 0 },
  atLinesPerWake: { share: 0.05, amount: 0 },
} as const;

/** A figure of one family. */
type FigureName = keyof typeof tolerances;
/** All of one family. */
type FamilyFigures = Readonly<Record<FigureName, number>>;

/** The file. */
export interface EnergyBudget {
  readonly families: Readonly<Record<string, FamilyFigures>>;
  /** Years of the example of docs/energy.md, which may not be fewer by more than what chance does. */
  readonly exampleYears: number;
}

/** Families that sleep and wake in different ways: by a key, by a pin, by the UART; and one that refuses assistance. */
export const budgetFamilies = ["sim7020", "sim7080", "bc660k", "bg95", "sara-r5"] as const;
/** Share by which the example may be shorter: two standard errors of two runs. */
const yearsTolerance = 0.07;
/** Readings of each family's run, without loss in good coverage: what is left of chance is how long datagrams travel. */
const readings = 32;

/** The example of docs/energy.md, but for its modem. */
export function exampleChoice(modem: string): Choice {
  const radio = { t3324: 2, saving: "psm", releaseAssistance: true } as const;
  return { modem, interval: 3_600, format: "raw", batch: 1, keepAlive: false, sleep: "deep", ...radio };
}

/** The battery and the coverage of the example of docs/energy.md. */
export const example = {
  battery: { capacity: 19, selfDischarge: 0.01 },
  mix: [0.8, 0.15, 0.05],
} as const;

/**
 * What the file would say now.
 *
 * @param known what `measureExample` gave, for whoever has it already
 * @throws Error when a run fails
 */
export async function measureBudget(
  families: readonly string[] = budgetFamilies,
  onNext?: (what: string) => void,
  known?: Measured,
): Promise<EnergyBudget> {
  const figures: Record<string, FamilyFigures> = {};
  for (const modem of families) {
    onNext?.(modem);
    const options = {
      seed: "budget",
      loss: 0,
      profile: profiles.field,
      mix: [1, 0, 0],
      reports: readings,
    } as const;
    figures[modem] = figuresOf(await measure(exampleChoice(modem), options));
  }
  if (known === undefined) onNext?.("the example of docs/energy.md");
  const { watts } = known ?? (await measureExample());
  return { families: figures, exampleYears: rounded(batteryYears(example.battery, watts)) };
}

/** The example of docs/energy.md, as surely as `npm run energy` measures it. */
export async function measureExample(settings: Choice["settings"] = {}): Promise<Measured> {
  const options = { seed: "1", profile: profiles.field, mix: example.mix, reports: 256 } as const;
  const precision = { enough: 0.025, least: 10 };
  return (await measureTo({ ...exampleChoice("sim7020"), settings }, options, precision)).measured;
}

function figuresOf({ perReport, joulesPerReport }: Measured): FamilyFigures {
  const { wakes, compute, awake, authentications, atLines } = perReport;
  return {
    wakesPerReading: rounded(wakes),
    computePerWake: rounded(compute / wakes),
    awakePerReadingMs: rounded(awake),
    authenticationsPerDay: rounded(authentications * 24),
    joulesPerReading: rounded(joulesPerReport),
    atLinesPerWake: rounded(atLines / wakes),
  };
}

/** To four digits: what is behind them says nothing. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Where what was measured and the budget part, a line each; empty when all is well. */
export function breachesOf(measured: EnergyBudget, budget: EnergyBudget): string[] {
  const breaches: string[] = [];
  for (const [modem, figures] of Object.entries(measured.families)) {
    const own = budget.families[modem];
    if (own === undefined) breaches.push(`${modem}: has no budget`);
    else {
      for (const name of Object.keys(tolerances) as FigureName[]) {
        const { share, amount } = tolerances[name];
        if (figures[name] <= own[name] * (1 + share) + amount) continue;
        breaches.push(`${modem}: ${name} is ${figures[name]}, budget ${own[name]}`);
      }
    }
  }
  if (measured.exampleYears < budget.exampleYears * (1 - yearsTolerance)) {
    breaches.push(
      `the example of docs/energy.md lasts ${measured.exampleYears} years, budget ${budget.exampleYears}`,
    );
  }
  return breaches;
}

/** The figures as lines of text. */
export function budgetFigures({ families, exampleYears: years }: EnergyBudget): string[] {
  const rows = Object.entries(families).map(([modem, figures]) => {
    const columns = (Object.keys(tolerances) as FigureName[]).map((name) =>
      String(figures[name]).padStart(11),
    );
    return `${modem.padEnd(9)}${columns.join("")}`;
  });
  return [
    `${"".padEnd(9)}      wakes    compute     awake       auths     joules   AT lines`,
    `${"".padEnd(9)}  a reading     a wake   ms a rdg.      a day  a reading     a wake`,
    ...rows,
    `the example of docs/energy.md: ${years} years`,
  ];
}

/** @throws Error that says what is wrong with the file */
export function readBudget(text: string): EnergyBudget {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`no JSON: ${reasonOf(error)}`);
  }
  const { families, exampleYears } = (isObject(value) ? value : {}) as Record<string, unknown>;
  if (!isObject(families) || typeof exampleYears !== "number") {
    throw new Error('expected {"exampleYears": years, "families": {modem: figures}}');
  }
  for (const [modem, figures] of Object.entries(families)) {
    for (const name of Object.keys(tolerances)) {
      const figure = isObject(figures) ? (figures as Record<string, unknown>)[name] : undefined;
      if (typeof figure === "number" && figure >= 0) continue;
      throw new Error(`${modem}.${name}: expected a number of at least 0, got ${JSON.stringify(figure)}`);
    }
  }
  return value as EnergyBudget;
}

/** The file's text. */
export function budgetText({ exampleYears, families }: EnergyBudget): string {
  const about =
    "the example of docs/energy.md with each modem, level 0, no loss; years: with its coverage, sim7020";
  return `${JSON.stringify({ about, exampleYears, families }, undefined, 2)}\n`;
}
