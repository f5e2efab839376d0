/**
 * The table of the processor's turns against XS: what it says of whole runs and of single wakes, and making it anew.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../project";
import { processorTable } from "../../sim/board/processor-table";
import { fitTable, sealing, tableText, updating, withPart } from "./processor-fit";
import { processorRun } from "./processor-runs";
import type { CountedTurn } from "./processor-fit";
import type { ProcessorRun } from "./processor-runs";

/** The table of one run. */
export interface RunCheck {
  /** Steps that XS counted, and what the table says of them as a share. */
  readonly spent: number;
  readonly share: number;
  /** The same of each wake from deep sleep, up to the next sleep; empty for a board that stays awake. */
  readonly wakes: readonly number[];
}

/** Runs it and compares. @throws EngineMissing when XS is not installed */
export async function checkRun(run: ProcessorRun): Promise<RunCheck> {
  const periods = [{ told: 0, spent: 0 }];
  await processorRun(run, ({ counts, told, spent }) => {
    if (counts.kind === "wake") periods.push({ told: 0, spent: 0 });
    const period = periods[periods.length - 1];
    period.told += told;
    period.spent += spent;
  });
  const [told, spent] = periods.reduce((sum, each) => [sum[0] + each.told, sum[1] + each.spent], [0, 0]);
  // The last wake may be under way, and the first period is a start.
  const wakes = periods.slice(1, -1).map((each) => each.told / each.spent);
  return { spent, share: told / spent, wakes };
}

/**
 * Makes the table anew, and writes it into the project.
 *
 * @param onRun hears of each run before it begins
 * @returns how many turns it is made from
 * @throws EngineMissing when XS is not installed
 */
export async function updateTable(
  runs: readonly ProcessorRun[],
  onRun: (run: ProcessorRun) => void,
): Promise<number> {
  const turns: CountedTurn[] = [];
  const sealed: CountedTurn[] = [];
  const updated: CountedTurn[] = [];
  for (const run of runs) {
    onRun(run);
    await countTurns(run, run.change !== undefined ? updated : run.sealed === undefined ? turns : sealed);
  }
  writeFileSync(
    join(projectRoot(), "host-sim/sim/board/processor-table.ts"),
    tableText(withPart(withPart(fitTable(turns, processorTable), sealing, sealed), updating, updated)),
  );
  return turns.length + sealed.length + updated.length;
}

/** Makes anew what the table says of updates alone, likewise. */
export async function updateTableOfUpdates(
  runs: readonly ProcessorRun[],
  onRun: (run: ProcessorRun) => void,
): Promise<number> {
  const turns: CountedTurn[] = [];
  for (const run of runs.filter((each) => each.change !== undefined)) {
    onRun(run);
    await countTurns(run, turns);
  }
  writeFileSync(
    join(projectRoot(), "host-sim/sim/board/processor-table.ts"),
    tableText(withPart(processorTable, updating, turns)),
  );
  return turns.length;
}

/** Turns take no time here: what they are must not depend on the table from before. */
async function countTurns(run: ProcessorRun, turns: CountedTurn[]): Promise<void> {
  await processorRun({ ...run, processor: { rate: Infinity } }, ({ counts, spent }) => {
    const { kind, sleeping, lines, bytes } = counts;
    const commands = counts.commands.slice();
    turns.push({
      counts: { kind, sleeping, lines, bytes, commands, commandBytes: counts.commandBytes.slice() },
      spent,
    });
  });
}
