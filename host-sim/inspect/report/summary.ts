/** The totals at the end of a run. */
import { lifetime } from "../energy/advice";
import { lasting } from "./duration";
import type { EnergyTotals } from "../energy/totals";
import type { SimulationResult } from "../../sim/world/simulation";
import type { Palette } from "./style";

/**
 * A few lines with their line ends.
 *
 * @param realTime ms that the run took
 * @param energy undefined where it cannot be said
 * @param refusals what was refused and why, a line each
 */
export function summary(
  result: SimulationResult,
  realTime: number,
  palette: Palette,
  energy?: EnergyTotals,
  refusals: readonly string[] = [],
): string {
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
    ...sleepLine(result),
    ...energyLine(energy),
    ...refusals.map((line) => palette.yellow(line)),
    result.complete
      ? palette.green(`complete; seed ${result.seed} repeats this run`)
      : palette.red(`incomplete: ${result.shortfall ?? "unknown"}; seed ${result.seed} repeats this run`),
    "",
  ];
  return lines.join("\n");
}

/** What a reading took: one line, or none where it cannot be said. */
function energyLine(energy: EnergyTotals | undefined): string[] {
  if (energy === undefined) return [];
  const { watts, joulesPerReading, battery, years, profile } = energy;
  return [
    `${joulesPerReading.toFixed(2)} J a reading, ${(1e6 * watts).toFixed(0)} µW: with that ${battery.capacity} Wh last ` +
      `${lifetime(years)} (profile ${profile}; npm run energy says what to change)`,
  ];
}

/** How much of its virtual time the board slept deeply: one line, or none where it does not. */
export function sleepLine(result: Pick<SimulationResult, "board" | "virtualTime">): string[] {
  const { board, virtualTime } = result;
  if (board === undefined) return [];
  const share = ((100 * board.asleep) / Math.max(1, virtualTime)).toFixed(1);
  return [`board in deep sleep ${share} % of it, ${board.sleeps} times`];
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
