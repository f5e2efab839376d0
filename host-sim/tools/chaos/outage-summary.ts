/** The totals at the end of a run without coverage, for people and for machines. */
import { lasting } from "../../inspect/report/duration";
import { boardJson } from "../../inspect/report/json";
import { sleepLine } from "../../inspect/report/summary";
import type { Palette } from "../../inspect/report/style";
import type { OutageResult } from "./outage";

/**
 * What became of a device that had no coverage for days, in a few lines with their line ends.
 *
 * @param realTime ms that the run took
 * @param refusals what was refused and why, a line each
 */
export function outageSummary(
  result: OutageResult,
  realTime: number,
  palette: Palette,
  refusals: readonly string[] = [],
): string {
  const { waited, timed, catchUp, restarts } = result;
  const datagrams = catchUp.up + catchUp.down;
  const bytes = catchUp.bytesUp + catchUp.bytesDown;
  const reached = (ms: number): string => (Number.isNaN(ms) ? "never" : `after ${lasting(ms)}`);
  const lines = [
    "",
    `${lasting(result.outage)} without coverage: ${waited} readings waited, ` +
      `the oldest for ${lasting(result.oldest)}`,
    `coverage back: first answer ${reached(result.firstContact)}, ` +
      `nothing left waiting ${reached(result.caughtUp)}`,
    `${timed} of ${waited} stored with their own time; ` +
      `${result.stored} of ${result.taken} readings in the cloud`,
    `catch-up: ${datagrams} datagrams (${catchUp.up} up, ${catchUp.down} down), ${bytes} bytes ` +
      `(${catchUp.bytesUp} up, ${catchUp.bytesDown} down)`,
    `${restarts} ${restarts === 1 ? "restart" : "restarts"} of the board by its supervisor`,
    `virtual time ${lasting(result.virtualTime)}; real time ${lasting(realTime)}`,
    ...sleepLine(result),
    ...refusals.map((line) => palette.yellow(line)),
    result.complete
      ? palette.green(`complete; seed ${result.seed} repeats this run`)
      : palette.red(`incomplete: ${result.shortfall ?? "unknown"}; seed ${result.seed} repeats this run`),
    "",
  ];
  return lines.join("\n");
}

/** The run as one JSON document; only what the seed decides. */
export function outageJson(result: OutageResult): object {
  const { board } = result;
  return { ...result, board: board === undefined ? undefined : boardJson(board) };
}
