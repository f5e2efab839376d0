/**
 * `npm run monitor`: the log of a real board, on its serial port or captured in a file, as a simulated run is shown:
 * timeline, counters, estimated joules, and the report's page.
 */
import { closeSync, createReadStream, openSync, writeFileSync } from "node:fs";
import { writePage } from "../inspect/report/html/write-page";
import { Progress } from "../inspect/report/progress";
import { paletteFor } from "../inspect/report/style";
import { Timeline } from "../inspect/report/timeline";
import { escaped } from "../model/escaped";
import { BoardLog } from "../tools/monitor/board-log";
import { LineReader } from "../tools/monitor/line-reader";
import { energyOf } from "../tools/monitor/log-energy";
import { LogRecord } from "../tools/monitor/log-record";
import { recordingOf } from "../tools/monitor/log-report";
import { logSummary } from "../tools/monitor/log-summary";
import { usualRates } from "../tools/monitor/rate-search";
import { WatchedPort } from "../tools/monitor/watched-port";
import { SerialPortError } from "../tools/pc/serial-port";
import { capacity } from "./battery-flag";
import { Command } from "./command";
import { CommandError, UnfinishedError, exclusive, misuse, systemReason, wholeNumber } from "./misuse";
import { profileOf } from "./profile-flag";
import type { EnergyProfile } from "../inspect/energy/profile";
import type { Coverage } from "../sim/radio/link";
import type { HeardLine } from "../tools/monitor/board-log";

interface MonitorFlags {
  serial?: string;
  file?: string;
  baud?: number;
  reset?: boolean;
  listen?: boolean;
  seconds?: number;
  profile: string;
  coverage?: Coverage;
  battery: number;
  report?: string;
  quiet?: boolean;
  verbose?: boolean;
}

/** Share of its capacity that the battery loses in a year: as npm run energy has it. */
const selfDischarge = 0.01;
/** A pipe that had everything at once says nothing of times: so many lines in so many ms. */
const atOnce = { lines: 12, ms: 2_000 } as const;
/** After that much silence it is said what to look for, ms. */
const silence = 15_000;
/** So many lines take a second or more to go through. */
const manyLines = 10_000;

/** The `monitor` command. */
export function monitorCommand(): Command {
  return new Command("monitor")
    .configureHelp({ commandUsage: () => "npm run monitor -- [options]" })
    .option("--serial <path>", "the serial port of a board, such as /dev/ttyUSB0")
    .option(
      "--file <log>",
      "a captured log, with times in front of its lines or without; - for standard input",
    )
    .option("--baud <rate>", "rate of the port (default: found out)", wholeNumber("--baud", 300, 4_000_000))
    .option("--reset", "have the board start anew first, by RTS")
    .option("--listen", "write nothing to the port; a debug build then falls silent after two seconds")
    .option(
      "--seconds <n>",
      "end after so long (default: at Ctrl-C)",
      wholeNumber("--seconds", 1, 31_536_000),
    )
    .option(
      "--profile <name>",
      "what the hardware draws: a name or a file, as npm run energy takes it",
      "field",
    )
    .option("--coverage <level>", "coverage level where the log does not tell it, 0, 1 or 2", (text) => {
      return wholeNumber("--coverage", 0, 2)(text) as Coverage;
    })
    .option("--battery <Wh>", "what the totals say how long it would last", capacity, 19)
    .option("--report <file>", "write the log as one HTML page, as npm start does of a run")
    .option("--quiet", "show only the totals")
    .option("--verbose", "show what is no line of the firmware's, too")
    .action(monitor);
}

async function monitor(flags: MonitorFlags): Promise<void> {
  const { serial, file } = flags;
  if (serial === undefined && file === undefined) {
    throw new UnfinishedError(
      "name a board's port with --serial, or a captured log with --file; - is standard input",
    );
  }
  if (serial !== undefined && file !== undefined) throw exclusive("--serial", "--file");
  for (const name of ["baud", "reset", "listen"] as const) {
    if (serial === undefined && flags[name] !== undefined)
      throw misuse(`--${name} is for a port on --serial`);
  }
  if (flags.quiet === true && flags.verbose === true)
    throw misuse("--quiet and --verbose exclude each other");
  const profile = profileOf(flags.profile);
  if (flags.report !== undefined) openReport(flags.report);
  const session = new MonitorSession(flags, profile);
  if (serial !== undefined) await session.listen(serial);
  else await session.read(file!);
  await session.finish();
}

/** One board's log, from its first line to the totals. */
class MonitorSession {
  readonly #flags: MonitorFlags;
  readonly #profile: EnergyProfile;
  readonly #palette = paletteFor(process.stdout);
  readonly #started = performance.now();
  readonly #epoch = Date.now();
  readonly #record = new LogRecord();
  readonly #timeline: Timeline | undefined;
  readonly #log: BoardLog;
  #port: WatchedPort | undefined;
  #end: number | undefined;
  #piped = false;
  /** Where lines are shown as they come, they say themselves that it goes on. */
  readonly #progress: Progress;

  constructor(flags: MonitorFlags, profile: EnergyProfile) {
    this.#flags = flags;
    this.#profile = profile;
    if (flags.quiet !== true) {
      const write = (line: string): void => void process.stdout.write(`${line}\n`);
      this.#timeline = new Timeline({ write, palette: this.#palette, verbose: flags.verbose === true });
    }
    this.#progress = new Progress(
      flags.quiet === true && flags.file !== undefined ? process.stderr : undefined,
    );
    this.#log = new BoardLog({
      onLine: (line) => this.#heard(line),
      answer: (bytes) => {
        if (flags.listen !== true) this.#port?.write(bytes);
      },
    });
  }

  /** ms since the command began. */
  get #now(): number {
    return performance.now() - this.#started;
  }

  /** Hears a board until the time is over, or somebody ends it. @throws CommandError when its port cannot be opened */
  async listen(path: string): Promise<void> {
    const { baud, reset, seconds } = this.#flags;
    const port = new WatchedPort({
      path,
      rates: baud === undefined ? usualRates : [baud],
      onBytes: (bytes) => this.#log.receive(bytes, this.#now),
      onNote: (text) => {
        this.#log.pause();
        this.#note(text);
      },
    });
    this.#port = port;
    await port.open().catch((error: unknown) => {
      throw error instanceof SerialPortError ? new CommandError(1, error.message) : error;
    });
    this.#note(
      `listening on ${path}, ${port.rate} baud${baud === undefined ? " at first" : ""}; Ctrl-C ends it`,
    );
    if (reset === true) await port.reset();
    const hint = setTimeout(() => {
      if (this.#record.tally.lines.device > 0) return;
      this.#note(
        "no line of the firmware's yet: it may sleep; a build without -d or -i says nothing; a debug build that nobody answered is silent until it starts anew (--reset)",
      );
    }, silence);
    await ended(seconds);
    clearTimeout(hint);
    this.#end = this.#now;
    await port.close();
  }

  /** Reads a captured log, or standard input. @throws CommandError for a file that cannot be read */
  async read(file: string): Promise<void> {
    const { seconds } = this.#flags;
    this.#piped = file === "-";
    const stream = this.#piped ? process.stdin : createReadStream(file);
    const reader = new LineReader((line) => this.#log.capture(line, this.#piped ? this.#now : undefined));
    const read = new Promise<void>((resolve, reject) => {
      stream.on("data", (bytes: Uint8Array) => reader.push(bytes));
      stream.once("end", resolve);
      stream.once("error", (error: NodeJS.ErrnoException) => {
        reject(misuse(`--file: cannot read "${escaped(file.slice(0, 200))}" (${systemReason(error)})`));
      });
    });
    await Promise.race([read, ended(this.#piped ? seconds : undefined)]);
    reader.end();
    stream.destroy();
  }

  /** Writes the page and the totals. @throws CommandError when nothing was heard, or the page cannot be written */
  async finish(): Promise<void> {
    this.#log.pause();
    this.#timeline?.end();
    const record = this.#record;
    const { tally, lines } = record;
    const { battery, coverage, report } = this.#flags;
    const last = lines.at(-1)?.time ?? 0;
    const timed = !this.#log.timeless || (this.#piped && !(lines.length >= atOnce.lines && last < atOnce.ms));
    const captured = this.#flags.file !== undefined && this.#log.epoch !== undefined;
    const end = Math.max(last, this.#end ?? 0);
    if (lines.length >= manyLines) this.#progress.begin(undefined, `what ${lines.length} lines come to`);
    const energy = timed
      ? energyOf(lines, end, {
          profile: this.#profile,
          battery: { capacity: battery, selfDischarge },
          ...(coverage === undefined ? {} : { coverage }),
        })
      : undefined;
    process.stdout.write(logSummary({ tally, end: timed ? end : undefined, energy, palette: this.#palette }));
    if (report !== undefined) {
      const page = await writePage(
        recordingOf(record, {
          source: this.#source(),
          command: this.#command(),
          epoch: captured ? this.#log.epoch! : this.#epoch,
          end: timed ? end : 0,
          profile: this.#profile,
          energy,
        }),
      );
      writeReport(report, page);
      process.stderr.write(`wrote ${escaped(report)}: open it in a browser\n`);
    }
    if (tally.lines.device === 0) {
      const where = this.#flags.serial ?? this.#flags.file!;
      throw new CommandError(
        1,
        `nothing in ${escaped(where.slice(0, 200))} is a line of the firmware's log: is it a build with -d or -i, and the right port and rate?`,
      );
    }
  }

  #heard(line: HeardLine): void {
    this.#record.hear(line);
    this.#progress.tell(undefined, () => `${this.#record.lines.length} lines read`);
    const { kind, time, text } = line;
    if (kind === "device" || kind === "debugger") this.#port?.confirm();
    const { verbose } = this.#flags;
    if ((kind === "runtime" || kind === "noise") && verbose !== true) return;
    const timeline = this.#timeline;
    if (kind === "device" || kind === "unknown") timeline?.add({ time, source: "device", text });
    else timeline?.note(time, this.#palette.dim(kind), this.#palette.dim(escaped(text)));
  }

  #note(text: string): void {
    const time = this.#now;
    this.#record.note(time, text);
    this.#timeline?.note(time, this.#palette.yellow("port"), escaped(text));
  }

  #source(): string {
    const { serial, file } = this.#flags;
    if (serial !== undefined) return `a board on ${escaped(serial)}, ${this.#port?.rate ?? 0} baud`;
    return file === "-" ? "standard input" : escaped(file!);
  }

  /** What makes the page again; nothing does of what a board said. */
  #command(): string {
    const { file, profile } = this.#flags;
    return file === undefined || file === "-"
      ? ""
      : `npm run monitor -- --file ${file} --profile ${profile} --report FILE`;
  }
}

/** Resolves when the time is over, or somebody ends the command; it keeps nothing waiting by itself. */
function ended(seconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
    if (seconds !== undefined) setTimeout(resolve, 1_000 * seconds).unref();
  });
}

function openReport(file: string): void {
  try {
    closeSync(openSync(file, "w"));
  } catch (error) {
    throw misuse(`--report: cannot write "${escaped(file.slice(0, 200))}" (${systemReason(error)})`);
  }
}

function writeReport(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new CommandError(1, `cannot write "${escaped(file.slice(0, 200))}" (${systemReason(error)})`);
  }
}
