/** The totals of a board's log, as lines for a terminal. */
import { lifetime } from "../../inspect/energy/advice";
import { lasting } from "../../inspect/report/duration";
import { escaped } from "../../model/escaped";
import type { Palette } from "../../inspect/report/style";
import type { LogEnergy } from "./log-energy";
import type { LogTally, Trouble } from "./log-tally";

/** What a page of a log lacks beside one of a simulated run. */
export const missing = "datagrams and their bytes, no AT lines, and nothing of what network and cloud did";

/** Troubles that are repeated in the totals. */
const shownTroubles = 8;

export interface LogSummaryOptions {
  readonly tally: LogTally;
  /** ms; undefined for a log without times. */
  readonly end: number | undefined;
  readonly energy: LogEnergy | undefined;
  readonly palette: Palette;
}

/** A few lines with their line ends. */
export function logSummary({ tally, end, energy, palette }: LogSummaryOptions): string {
  const { readings, messages, commands, sessions, modem } = tally;
  const delays = [...tally.delays].sort((a, b) => a - b);
  const lines = [
    "",
    `${readings.acknowledged} of ${readings.taken} readings acknowledged, ${readings.lost} lost, ${readings.kept} times kept to be sent again` +
      (delays.length === 0
        ? ""
        : `; after ${lasting(delays[delays.length >> 1])} in the median, ${lasting(delays[delays.length - 1])} at most`),
    `${messages.acknowledged} other ${messages.acknowledged === 1 ? "message" : "messages"} acknowledged, ${messages.lost} lost; ${commands.executed} ${commands.executed === 1 ? "command" : "commands"} executed, ` +
      `${commands.answered} answered, ${commands.repeated} repeated`,
    `session opened ${times(sessions.opened)}, resumed ${times(sessions.resumed)}, refused ${times(sessions.refused)}; edition "${tally.edition ?? "unknown"}"; ` +
      `board started ${times(tally.starts)}, modem started ${times(modem.starts)}, woken ${times(modem.wakes)}, given up ${times(modem.downs)}`,
    ...(tally.firmware === undefined && tally.cell === undefined
      ? []
      : [`modem ${escaped(tally.firmware ?? "unknown")}, cell ${escaped(tally.cell ?? "unknown")}`]),
    ...(end === undefined
      ? ["the log has no times: no durations, and no joules; ts or a terminal program writes them in front"]
      : timeLines(end, energy)),
    ...troubleLines(tally.troubles, palette),
    linesText(tally),
    "",
  ];
  return lines.join("\n");
}

function timeLines(end: number, energy: LogEnergy | undefined): string[] {
  if (energy === undefined) return [`lasted ${lasting(end)}`];
  const { estimate } = energy;
  const share = (ms: number): string => `${((100 * ms) / Math.max(1, end)).toFixed(1)} %`;
  const board = estimate.boardAsleep > 0 ? `, board in deep sleep ${share(estimate.boardAsleep)}` : "";
  return [
    `lasted ${lasting(end)}, modem asleep ${share(estimate.modemAsleep)} of it${board}; ${estimate.exchanges} requests answered, ` +
      `${estimate.repeats} sent again by the time that they took`,
    `estimated ${energyText(energy)}`,
    ...readingLine(energy),
  ];
}

/** Joules, between what bounds, and by what. */
export function energyText({ account, least, most, coverage }: LogEnergy): string {
  const level = `coverage level ${coverage.level} by ${coverage.by}`;
  return `${joules(account.joules)} J, ${joules(Math.min(least, account.joules))} to ${joules(Math.max(most, account.joules))}, profile ${account.profile}, ${level}`;
}

function readingLine({ perReading }: LogEnergy): string[] {
  if (perReading === undefined) return [];
  const { joulesPerReading, watts, battery, years } = perReading;
  return [
    `estimated ${joulesPerReading.toFixed(2)} J a reading, ${(1e6 * watts).toFixed(0)} µW: with that ${battery.capacity} Wh last ${lifetime(years)}`,
  ];
}

function joules(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function troubleLines(troubles: readonly Trouble[], palette: Palette): string[] {
  const shown = [...troubles].sort((a, b) => b.last - a.last).slice(0, shownTroubles);
  const more = troubles.length - shown.length;
  return [
    ...shown.map(({ text, count }) => palette.yellow(`${count} × ${escaped(text)}`)),
    ...(more > 0 ? [palette.yellow(`and ${more} more kinds of trouble`)] : []),
  ];
}

/** How many lines were whose. */
export function linesText({ lines }: LogTally): string {
  const parts = [
    `${lines.device} lines of the firmware's log`,
    ...(lines.unknown > 0 ? [`${lines.unknown} that this version does not know`] : []),
    ...(lines.chip > 0 ? [`${lines.chip} of the chip's`] : []),
    ...(lines.runtime > 0 ? [`${lines.runtime} of Moddable's`] : []),
    ...(lines.debugger > 0 ? [`${lines.debugger} of its debugger's`] : []),
    ...(lines.other > 0 ? [`${lines.other} others`] : []),
    ...(lines.noise > 0 ? [`${lines.noise} that are no text`] : []),
  ];
  return parts.join(", ");
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
