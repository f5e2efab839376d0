/** What a run of `npm run energy` comes to, on stdout: of one process or of merged parts, the same bytes. */
import { advice, fightsOf, lifetime } from "../inspect/energy/advice";
import { attackDays } from "../inspect/energy/attack";
import { waterfallLines, yearLines } from "../inspect/energy/cells-text";
import { changeLines, shareLines } from "../inspect/energy/energy-text";
import { meanRatios } from "../inspect/energy/twelve-cells";
import { paletteFor } from "../inspect/report/style";
import { escaped } from "../model/escaped";
import { bars } from "../tools/bench/bars";
import { cellOptionsOf } from "../tools/energy/plan";
import type { Attacked } from "../inspect/energy/attack";
import type { Comparison } from "../inspect/energy/comparison";
import type { Cell } from "../inspect/energy/twelve-cells";
import type { EnergyResult } from "../tools/energy/parts";
import type { AttackPlan, TablePlan } from "../tools/energy/plan";

/** Prints it, as lines of text or as one JSON document. */
export function printResult(result: EnergyResult, json: boolean): void {
  const told = json ? JSON.stringify(documentOf(result), null, 2) : linesOf(result).join("\n");
  process.stdout.write(`${told}\n`);
}

function documentOf(result: EnergyResult): object {
  if ("cells" in result) {
    const { plan, cells } = result;
    return { asked: cellOptionsOf(plan), cells, means: meanRatios(cells) };
  }
  const { seed, reports, engine, edition, loss, coverage, battery, profile, choice } = result.plan;
  if ("attacked" in result) {
    const asked = { seed, battery, profile: profile.name, coverage, choice };
    return { asked: { ...asked, attack: result.plan.from, days: attackDays }, attackers: result.attacked };
  }
  const { comparison } = result;
  // What was asked for besides, where it is not the usual.
  const besides = {
    ...(edition === "token" ? {} : { edition }),
    ...(engine === "node" ? {} : { engine }),
    loss,
  };
  const asked = { seed, reports, battery, profile: profile.name, coverage, choice, ...besides };
  return { asked, ...comparison, advice: advice(comparison, choice), fights: fightsOf(choice) };
}

function linesOf(result: EnergyResult): readonly string[] {
  if ("cells" in result) return cellLines(result.cells);
  return "attacked" in result ? attackLines(result) : tableLines(result);
}

function tableLines({
  plan,
  comparison,
}: {
  readonly plan: TablePlan;
  readonly comparison: Comparison;
}): readonly string[] {
  const { battery, profile, choice, coverage, set, seed } = plan;
  const palette = paletteFor(process.stdout);
  const levels = coverage.flatMap((share, level) =>
    share > 0 ? [share === 1 ? `level ${level}` : `${Math.round(100 * share)} % at level ${level}`] : [],
  );
  const { sealed } = choice;
  const seal = sealed === undefined ? "" : ` · sealed${sealed === true ? "" : `, ${sealed}`}`;
  const settings = set.map(({ name, text }) => ` · ${name} ${text}`).join("");
  const head =
    `${battery.capacity} Wh, ${100 * battery.selfDischarge} % self-discharge a year · profile ${profile.name} · ${choice.modem} · ` +
    `a reading every ${choice.interval} s · ${levels.join(", ")}${seal}${settings} · seed ${seed}`;
  return [
    palette.bold(escaped(head)),
    "",
    ...shareLines(comparison.base, palette),
    "",
    ...changeLines(comparison, choice, palette),
    "",
    ...fightsOf(choice).map((fight) => palette.yellow(fight)),
    advice(comparison, choice),
    `Chance moves the life as asked by ${Math.ceil(100 * comparison.chance)} % at most; the ranges have that, and how fast the processor is.`,
  ];
}

/** What those cost who attack from where the user says. */
function attackLines({
  plan,
  attacked,
}: {
  readonly plan: AttackPlan;
  readonly attacked: readonly Attacked[];
}): readonly string[] {
  const [alone] = attacked;
  const palette = paletteFor(process.stdout);
  const row = ({ text, years, psm, datagrams, onset, delivered }: Attacked): string => {
    const share = `${Math.round(100 * (years / alone.years - 1))} %`;
    const asleep = `${(100 * psm).toFixed(1)} %`;
    return (
      `  ${text.padEnd(48)}${lifetime(years).padStart(11)}${share.padStart(8)}${asleep.padStart(9)}` +
      `${datagrams.toFixed(0).padStart(8)}${onset.toFixed(0).padStart(8)} J${(100 * delivered).toFixed(0).padStart(8)} %`
    );
  };
  const head = `  ${`somebody ${plan.from}, for ${attackDays} days`.padEnd(48)}      lasts          asleep  up/day   onset delivered`;
  return [palette.bold(head), ...attacked.map(row)];
}

/** The firmware in each of the standard's twelve cells, and the bars that it is held to. */
function cellLines(cells: readonly Cell[]): readonly string[] {
  const means = meanRatios(cells);
  const judged = (what: string, mean: number, { least }: { readonly least: number }): string =>
    `  ${what} ${mean.toFixed(2)} of the bound, and is to be ${least.toFixed(2)}: ${mean < least ? "MISSED" : "met"}`;
  return [
    ...yearLines(cells),
    judged("modem alone", means.modem, bars.energyCellsModem),
    judged("with the board", means.withBoard, bars.energyCellsBoard),
    "",
    ...waterfallLines(cells),
  ];
}
