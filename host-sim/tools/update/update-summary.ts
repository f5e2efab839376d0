/** What came of the updates of a scenario, for people and for machines. */
import { lasting } from "../../inspect/report/duration";
import type { Palette } from "../../inspect/report/style";
import type { ScenarioUpdate, UpdateScenarioResult } from "./update-scenario";

/** A dozen lines with their line ends. @param realTime ms that the run took */
export function updateSummary(
  result: UpdateScenarioResult,
  realTime: number,
  palette: Palette,
  refusals: readonly string[] = [],
): string {
  const { readings, bricks, image, wholeFile } = result;
  const lines = [
    "",
    ...result.updates.flatMap((update) => updateLines(update, result)),
    `the whole image has ${number(image)} bytes, and its file ${number(wholeFile)}`,
    `readings: ${readings.taken} taken, ${readings.stored} in the cloud, ${readings.lost} lost; ` +
      `starts without an image: ${bricks}`,
    `virtual time ${lasting(result.virtualTime)}; real time ${lasting(realTime)}`,
    ...refusals.map((line) => palette.yellow(line)),
    result.complete
      ? palette.green(`complete; seed ${result.seed} repeats this run`)
      : palette.red(`incomplete: ${result.shortfall ?? "unknown"}; seed ${result.seed} repeats this run`),
    "",
  ];
  return lines.join("\n");
}

function updateLines(update: ScenarioUpdate, { wholeFile }: UpdateScenarioResult): string[] {
  const { from, version, what, runs, took, file, blocks, bytes, connected, joulesOver, desc } = update;
  const end =
    runs === version ? `kept after ${lasting(took)}` : `back to ${runs} after ${lasting(took)}: ${desc}`;
  const share = ((100 * file) / wholeFile).toFixed(1);
  return [
    `${from} -> ${version}, ${what}: ${end}`,
    `  a difference of ${number(file)} bytes, ${share} % of the whole: ${blocks} blocks, ${number(bytes)} bytes on the ` +
      `air, ${lasting(connected)} connected, ${joulesOver.toFixed(1)} J`,
  ];
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
