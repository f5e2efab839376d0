/** The totals at the end of a run. */
import { lasting } from "./duration";
import type { OutageResult } from "../../tools/chaos/outage";
import type { SimulationResult } from "../../sim/world/simulation";
import type { Palette } from "./style";

/**
 * A few lines with their line ends.
 *
 * @param realTime ms that the run took
 */
export function summary(result: SimulationResult, realTime: number, palette: Palette): string {
  const { reports, commands, datagrams } = result;
  const lines = [
    "",
    ...(result.costs.length > 0 ? costLines(result) : []),
    `${reports.acknowledged} of ${reports.asked} reports acknowledged, ${reports.stored} stored, ` +
      `${reports.lost} lost, ${reports.repeated} repeated deliveries recognised`,
    `${commands.executed} ${commands.executed === 1 ? "command" : "commands"} executed, ` +
      `${commands.answered} of ${commands.sent} answered, edition "${result.edition ?? "unknown"}"`,
    `datagrams ${datagrams.up} up (${datagrams.lostUp} lost), ${datagrams.down} down (${datagrams.lostDown} lost), ` +
      `${datagrams.bytesUp} bytes up, ${datagrams.bytesDown} bytes down, ${datagrams.retransmissions} retransmissions`,
    `virtual time ${lasting(result.virtualTime)}, modem asleep ` +
      `${((100 * result.asleep) / Math.max(1, result.virtualTime)).toFixed(1)} % of it; real time ${lasting(realTime)}`,
  ];
  const { board } = result;
  if (board !== undefined) {
    const share = ((100 * board.asleep) / Math.max(1, result.virtualTime)).toFixed(1);
    lines.push(`board in deep sleep ${share} % of it, ${board.dozes} times`);
  }
  lines.push(
    result.complete
      ? palette.green(`complete; seed ${result.seed} repeats this run`)
      : palette.red(`incomplete: ${result.shortfall ?? "unknown"}; seed ${result.seed} repeats this run`),
    "",
  );
  return lines.join("\n");
}

/** What XS spent: every report while they are few, else the spread. */
function costLines(result: SimulationResult): string[] {
  const costs = result.costs;
  if (costs.length <= 12) {
    return costs.map(
      (cost, index) =>
        `XS report ${index + 1}: ${cost.compute} compute, ${cost.liveSlots} live slots after it`,
    );
  }
  const compute = costs.map((cost) => cost.compute).sort((a, b) => a - b);
  const first = costs[0];
  const last = costs[costs.length - 1];
  return [
    `XS compute per report: median ${compute[compute.length >> 1]}, most ${compute[compute.length - 1]}`,
    `XS live slots: ${first.liveSlots} after the first report, ${last.liveSlots} after the last`,
  ];
}

/**
 * The same of a device that had no coverage for days.
 *
 * @param realTime ms that the run took
 */
export function outageSummary(result: OutageResult, realTime: number, palette: Palette): string {
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
    result.complete
      ? palette.green(`complete; seed ${result.seed} repeats this run`)
      : palette.red(`incomplete: ${result.shortfall ?? "unknown"}; seed ${result.seed} repeats this run`),
    "",
  ];
  return lines.join("\n");
}
