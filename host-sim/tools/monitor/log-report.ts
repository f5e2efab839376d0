/** A board's log as the data of a report's page: the same that a simulated run's is, as far as a log goes. */
import { lasting } from "../../inspect/report/duration";
import { Recorder } from "../../inspect/report/html/recorder";
import { merged } from "./log-energy";
import { energyText, linesText, missing } from "./log-summary";
import type { EnergyProfile } from "../../inspect/energy/profile";
import type { Recording } from "../../inspect/report/html/recorder";
import type { WorldEvent } from "../../sim/world/world";
import type { LogEnergy } from "./log-energy";
import type { LogRecord } from "./log-record";

export interface LogReportOptions {
  /** Where the log is from, in words. */
  readonly source: string;
  /** Makes such a page. */
  readonly command: string;
  /** Epoch ms at the time 0. */
  readonly epoch: number;
  /** ms */
  readonly end: number;
  readonly profile: EnergyProfile;
  /** Undefined for a log without times. */
  readonly energy: LogEnergy | undefined;
}

/** What the page shows. */
export function recordingOf(record: LogRecord, options: LogReportOptions): Recording {
  const { source, command, epoch, end, profile, energy } = options;
  const recorder = new Recorder({
    title: "Log report",
    notice: noticeOf(energy),
    command,
    epoch,
    profile,
    coverage: energy?.coverage.level ?? 0,
  });
  const beside = [
    ...record.lines
      .filter(({ kind }) => kind !== "device")
      .map(({ time, kind, text }) => ({ time, text: kind === "unknown" ? text : `${kind}: ${text}` })),
    ...record.notes,
  ].sort((a, b) => a.time - b.time);
  let next = 0;
  const said = new Map<string, string>();
  for (const event of merged(record.lines, energy?.estimate.events ?? [])) {
    while (next < beside.length && beside[next].time <= event.time) {
      recorder.note(beside[next].time, beside[next].text);
      next += 1;
    }
    if (event.source === "device") {
      recorder.hear(event);
      continue;
    }
    recorder.estimate(event);
    const slept = sleepText(event);
    // Nothing wakes that was not asleep.
    const before = slept === undefined ? undefined : (said.get(slept.part) ?? "awake, by the log");
    if (slept !== undefined && slept.text !== before) {
      said.set(slept.part, slept.text);
      recorder.note(event.time, slept.text, slept.part);
    }
  }
  for (; next < beside.length; next++) recorder.note(beside[next].time, beside[next].text);
  for (const ms of energy?.estimate.roundTrips ?? []) recorder.answered(ms);
  const perReading = energy?.perReading;
  return recorder.finish(
    end,
    factsOf(record, source, end, energy),
    perReading === undefined ? {} : { energy: perReading },
  );
}

/** Said below the verdict, so that nobody takes what was concluded for what was seen. */
function noticeOf(energy: LogEnergy | undefined): string {
  const lacks = `It has no ${missing}.`;
  if (energy === undefined)
    return `From a board's log without times: nothing is said of durations and energy. ${lacks}`;
  return `From a board's log. Energy, sleep and requests are concluded from its lines: ${energyText(energy)}. ${lacks}`;
}

/** Beginning and end of a sleep, as the page's sequence chart knows them. */
function sleepText(
  event: WorldEvent,
): { readonly part: "board" | "modem"; readonly text: string } | undefined {
  if (event.source === "board") {
    if (event.what === "asleep") return { part: "board", text: "asleep, by the log" };
    if (event.what === "awake" || event.what === "started")
      return { part: "board", text: "awake, by the log" };
  } else if (event.source === "modem" && event.event.type === "psm") {
    const asleep = event.event.state === "enter";
    return { part: "modem", text: asleep ? "asleep (PSM), by the log" : "awake, by the log" };
  }
  return undefined;
}

/** What stands at the page's head. */
function factsOf(
  record: LogRecord,
  source: string,
  end: number,
  energy: LogEnergy | undefined,
): [string, string][] {
  const { tally, left } = record;
  const { readings, commands } = tally;
  const facts: [string, string][] = [
    ["source", source],
    ["lasted", energy === undefined ? "not known: its lines have no times" : lasting(end)],
    ["reports", `${readings.acknowledged} of ${readings.taken} acknowledged, ${readings.lost} lost`],
    ["commands", `${commands.executed} executed, ${commands.answered} answered`],
  ];
  if (energy !== undefined) {
    const { estimate } = energy;
    facts.push(
      [
        "requests",
        `${estimate.exchanges} answered, ${estimate.repeats} sent again by the time that they took`,
      ],
      ["modem asleep", `${shareOf(estimate.modemAsleep, end)}, as far as its log tells`],
    );
    if (estimate.boardAsleep > 0) facts.push(["board in deep sleep", shareOf(estimate.boardAsleep, end)]);
    facts.push(["energy", energyText(energy)]);
  }
  facts.push(
    ["edition", tally.edition ?? "unknown"],
    ["lines", linesText(tally) + (left > 0 ? `, ${left} more that are not kept` : "")],
    ["not in a log", missing],
    ["times", "those of the lines' arrival, or as the capture has them"],
  );
  return facts;
}

function shareOf(ms: number, end: number): string {
  return `${((100 * ms) / Math.max(1, end)).toFixed(1)} % of the time`;
}
