/** `npm run energy -- --cells`: the firmware in each of the standard's twelve cells. */
import { waterfallLines, yearLines } from "../inspect/energy/cells-text";
import { meanRatios, runCount, twelveCells } from "../inspect/energy/twelve-cells";
import { bars } from "../tools/bench/bars";
import { inStages } from "./energy-stages";
import type { CellOptions } from "../inspect/energy/twelve-cells";

/** Runs and prints them. */
export async function energyInCells(options: CellOptions, json: boolean): Promise<void> {
  const cells = await inStages(runCount, ({ begin, onWork }) => twelveCells({ ...options, onWork }, begin));
  const means = meanRatios(cells);
  if (json) {
    process.stdout.write(`${JSON.stringify({ asked: options, cells, means }, null, 2)}\n`);
    return;
  }
  const judged = (what: string, mean: number, { least }: { readonly least: number }): string =>
    `  ${what} ${mean.toFixed(2)} of the bound, and is to be ${least.toFixed(2)}: ${mean < least ? "MISSED" : "met"}`;
  const lines = [
    ...yearLines(cells),
    judged("modem alone", means.modem, bars.energyCellsModem),
    judged("with the board", means.withBoard, bars.energyCellsBoard),
    "",
    ...waterfallLines(cells),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
