/** Files that `npm start` writes of a run beside its output: the report to look at, and the capture. */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { Capture } from "../inspect/capture/capture";
import { profiles } from "../inspect/energy/profiles";
import { Recorder } from "../inspect/report/html/recorder";
import { writePage } from "../inspect/report/html/write-page";
import { escaped } from "../model/escaped";
import { lasting } from "../inspect/report/duration";
import { CommandError, misuse, systemReason } from "./misuse";
import { setWords } from "./set-flag";
import type { RecorderOptions } from "../inspect/report/html/recorder";
import type { Command } from "./command";
import type { GivenSetting } from "./set-flag";
import type { VerdictOptions } from "../inspect/report/verdict";
import type { Coverage } from "../sim/radio/link";
import type { SimulationResult } from "../sim/world/simulation";
import type { OutageResult } from "../tools/chaos/outage";
import type { WorldEvent } from "../sim/world/world";

/** Readings beyond which a report would no longer open at once. */
const mostReports = 20_000;
/** Options that change what is written, not what happens. */
const beside: ReadonlySet<string> = new Set(["report", "pcap", "json", "quiet", "verbose", "watch"]);

/** What the report's joules are counted by; the field's profile when left out. */
export type Metering = Pick<RecorderOptions, "profile" | "edrx" | "clock">;

export interface RunFilesOptions extends Partial<Metering> {
  readonly report?: string;
  readonly pcap?: string;
  readonly seed: number;
  readonly coverage: Coverage;
  readonly reports: number;
  /** What makes the run again. */
  readonly command: string;
}

/** The command line that makes this run again, with the options that were given and the seed in any case. */
export function reproduction(command: Command, seed: number): string {
  const parts = ["npm start --"];
  for (const option of command.options) {
    const name = option.attributeName();
    if (beside.has(name) || name === "seed" || command.getOptionValueSource(name) !== "cli") continue;
    const value: unknown = command.getOptionValue(name);
    if (name === "set") {
      for (const each of value as readonly GivenSetting[]) parts.push(...setWords(each));
      continue;
    }
    parts.push(option.long!);
    if (option.required || (option.optional && value !== true)) parts.push(String(value));
  }
  parts.push(`--seed ${seed}`);
  return parts.join(" ");
}

/** Hears a run and writes what was asked for. */
export class RunFiles {
  readonly #report: { file: string; recorder: Recorder } | undefined;
  readonly #capture: { file: string; handle: number; capture: Capture } | undefined;

  /** @throws CommandError for a file that cannot be written, before the run begins */
  constructor(options: RunFilesOptions) {
    const { report, pcap, command, seed, coverage, profile = profiles.field, edrx, clock } = options;
    if (report !== undefined) {
      if (options.reports > mostReports)
        throw misuse(`--report takes runs of at most ${mostReports} reports`);
      if (report === pcap) throw misuse("--report and --pcap name the same file");
      // Kept empty until the end: a mistake in the name shows now.
      closeSync(open(report, "--report"));
      this.#report = {
        file: report,
        recorder: new Recorder({ seed, command, coverage, profile, edrx, clock }),
      };
    }
    if (pcap !== undefined) {
      const handle = open(pcap, "--pcap");
      const write = (bytes: Uint8Array): void => {
        try {
          for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
        } catch (error) {
          throw failure(pcap, error);
        }
      };
      this.#capture = { file: pcap, handle, capture: new Capture({ command, write }) };
    }
  }

  hear(event: WorldEvent): void {
    this.#report?.recorder.hear(event);
    this.#capture?.capture.hear(event);
  }

  /** Something that whoever makes the faults does. */
  note(time: number, text: string): void {
    this.#report?.recorder.note(time, text);
  }

  /** Which files there are now, and what to do with them, for whoever asked for them. */
  written(): string {
    const report =
      this.#report === undefined ? [] : [`wrote ${escaped(this.#report.file)}: open it in a browser\n`];
    const capture =
      this.#capture === undefined ? [] : [`wrote ${escaped(this.#capture.file)}: open it in Wireshark\n`];
    return [...report, ...capture].join("");
  }

  /** Writes what is left. @throws CommandError when the disk will not have it */
  async finish(
    end: number,
    facts: readonly (readonly [string, string])[],
    known: VerdictOptions = {},
  ): Promise<void> {
    if (this.#capture !== undefined) {
      this.#capture.capture.finish();
      closeSync(this.#capture.handle);
    }
    if (this.#report === undefined) return;
    const { file, recorder } = this.#report;
    const page = await writePage(recorder.finish(end, facts, known));
    try {
      writeFileSync(file, page);
    } catch (error) {
      throw failure(file, error);
    }
  }
}

/** What a report says at its head; only what the seed decides. */
export function factsOf(result: SimulationResult): [string, string][] {
  const { reports, commands, datagrams, virtualTime } = result;
  return [
    ["result", result.complete ? "complete" : `incomplete: ${result.shortfall ?? "unknown"}`],
    ["virtual time", lasting(virtualTime)],
    [
      "reports",
      `${reports.acknowledged} of ${reports.asked} acknowledged, ${reports.stored} stored, ${reports.lost} lost`,
    ],
    ["commands", `${commands.executed} executed, ${commands.answered} of ${commands.sent} answered`],
    [
      "datagrams",
      `${datagrams.up} up (${datagrams.lostUp} lost), ${datagrams.down} down (${datagrams.lostDown} lost)`,
    ],
    ["bytes", `${datagrams.bytesUp} up, ${datagrams.bytesDown} down`],
    ["retransmissions", String(datagrams.retransmissions)],
    ["modem asleep", shareOf(result.asleep, virtualTime)],
    ...sleepFact(result),
    ["edition, engine", `${result.edition ?? "unknown"}, ${result.engine}`],
    ["seed", String(result.seed)],
  ];
}

/** The same of a device that had no coverage for days. */
export function outageFactsOf(result: OutageResult): [string, string][] {
  return [
    ["result", result.complete ? "complete" : `incomplete: ${result.shortfall ?? "unknown"}`],
    ["virtual time", lasting(result.virtualTime)],
    ["without coverage", lasting(result.outage)],
    ["readings", `${result.stored} of ${result.taken} stored, ${result.waited} of them waited`],
    ["caught up", Number.isNaN(result.caughtUp) ? "never" : `after ${lasting(result.caughtUp)}`],
    ["restarts of the board", String(result.restarts)],
    ...sleepFact(result),
    ["seed", String(result.seed)],
  ];
}

function sleepFact({
  board,
  virtualTime,
}: Pick<SimulationResult, "board" | "virtualTime">): [string, string][] {
  return board === undefined ? [] : [["board in deep sleep", shareOf(board.asleep, virtualTime)]];
}

function shareOf(ms: number, virtualTime: number): string {
  return `${((100 * ms) / Math.max(1, virtualTime)).toFixed(1)} % of the time`;
}

function open(file: string, option: string): number {
  try {
    return openSync(file, "w");
  } catch (error) {
    throw misuse(`${option}: cannot write "${file.slice(0, 200)}" (${systemReason(error)})`);
  }
}

function failure(file: string, error: unknown): CommandError {
  return new CommandError(1, `cannot write "${file.slice(0, 200)}" (${systemReason(error)})`);
}
