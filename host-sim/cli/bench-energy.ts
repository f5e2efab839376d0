/** The part `energy` of `npm run bench`: how long a battery lasts, and what a wake may cost. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project";
import type { Verdict } from "../tools/bench/bars";

/** From the project's root. */
const energyFile = "test/energy.json";

/** Prints and judges it, and holds the budget of `test/energy.json`. */
export async function benchYears(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { benchEnergy } = await import("../tools/bench/energy");
  const { budgetFigures, readBudget } = await import("../tools/energy/budget");
  const agreed = readBudget(readFileSync(join(projectRoot(), energyFile), "utf8"));
  say("energy: 19 Wh, a reading an hour, 80, 15 and 5 % at levels 0, 1 and 2, profile field, by the meter");
  const { example, years, good, lightly, cells, attacked, budget, breaches } = await benchEnergy(agreed);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  say(
    `  ${years.toFixed(2)} years ${verdict.judge("energyYears", years)}, ${example.joulesPerReport.toFixed(3)} J a reading`,
  );
  const [awake, idling] = [good, lightly].map(({ perReport }) => perReport.awake);
  say(`  awake for a reading at level 0: ${seconds(awake)} ${verdict.judge("energyAwake", awake / 1_000)}`);
  say(
    `    of it without light sleep: ${seconds(idling)} ${verdict.judge("energyBusy", idling / 1_000)}, where it sleeps lightly`,
  );
  const { compute, wakes } = good.perReport;
  say(`  compute of a wake by the processor's table: ${(compute / wakes).toFixed(0)}`);
  say("  of 3GPP's bound, the geometric mean over its twelve cells, profile limit:");
  say(`    modem only ${cells.modem.toFixed(2)} ${verdict.judge("energyCellsModem", cells.modem)}`);
  say(
    `    with the board ${cells.withBoard.toFixed(2)} ${verdict.judge("energyCellsBoard", cells.withBoard)}`,
  );
  const [off, on] = [attacked["off-path"], attacked["on-path"]];
  say(
    `  of its years the worst who attack take: off the path ${off.share.toFixed(2)} ${verdict.judge("attackOffPath", off.share)}, ` +
      `on it ${on.share.toFixed(2)} ${verdict.judge("attackOnPath", on.share)}`,
  );
  say(
    `    the modem in PSM on the worst day, off the path: ${off.psm.toFixed(3)} ${verdict.judge("attackPsm", off.psm)}`,
  );
  for (const line of budgetFigures(budget)) say(`  ${line}`);
  for (const breach of breaches) say(`  MISSED ${breach}`);
  if (breaches.length === 0) return;
  say(`  if that is meant: npm run bench -- --only energy --update, and commit ${energyFile}`);
  process.exitCode = 1;
}

/** Makes the budget anew. */
export async function updateEnergyBudget(say: (line: string) => void): Promise<void> {
  const { budgetFigures, budgetText, measureBudget } = await import("../tools/energy/budget");
  const budget = await measureBudget(undefined, (what) => say(`  ${what}`));
  writeFileSync(join(projectRoot(), energyFile), budgetText(budget));
  for (const line of budgetFigures(budget)) say(line);
}
