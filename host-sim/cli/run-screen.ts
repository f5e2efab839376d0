/**
 * What a person sees of a run of `npm start`: the timeline, how far a silent run is, what a viewer may do about its
 * speed, and the totals. On one terminal the line that comes and goes makes room for each line that stays.
 */
import { readLogLine } from "../sim/world/device-log";
import { lasting, stamp } from "../inspect/report/duration";
import { Progress } from "../inspect/report/progress";
import { Refusals } from "../inspect/report/refusals";
import { columnsOf, paletteFor } from "../inspect/report/style";
import { Timeline } from "../inspect/report/timeline";
import { exclusive } from "./misuse";
import { Watch, usualSpeed } from "./watch";
import type { Palette } from "../inspect/report/style";
import type { Pace } from "../sim/time/clock";
import type { WorldEvent } from "../sim/world/world";

/** The flags that say what is shown. */
export interface ScreenFlags {
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  /** True where it was given without a speed. */
  readonly watch?: number | true;
}

/** How far a run is; the text is made when it is shown. */
interface Share {
  readonly part: number;
  readonly text: () => string;
}

/** What a run is, for those who watch it. */
export interface ScreenOptions {
  /** The first line. */
  readonly head: string;
  /** Long stretches without anything new are told in a line each, unless every line is asked for. */
  readonly condense: boolean;
  /** How far a run is, 0 to 1, and in words, by the reports that are acknowledged and the virtual time. */
  readonly share: (acknowledged: number, time: number) => Share;
}

/** @throws CommandError for flags that do not go together */
export function checkScreenFlags({ json, quiet, verbose, watch }: ScreenFlags): void {
  if (json === true && verbose === true) throw exclusive("--json", "--verbose");
  if (quiet === true && verbose === true) throw exclusive("--quiet", "--verbose");
  if (watch === undefined) return;
  if (json === true) throw exclusive("--watch", "--json");
  if (quiet === true) throw exclusive("--watch", "--quiet");
}

/** The screen of one run; to be closed. */
export class RunScreen {
  readonly palette: Palette;
  readonly #refusals = new Refusals();
  readonly #share: ScreenOptions["share"];
  readonly #started = performance.now();
  readonly #progress: Progress;
  readonly #watch: Watch | undefined;
  readonly #timeline: Timeline | undefined;
  #acknowledged = 0;

  constructor(flags: ScreenFlags, { head, condense, share }: ScreenOptions) {
    this.palette = paletteFor(process.stdout);
    this.#share = share;
    const { watch, verbose = false } = flags;
    this.#watch = watch === undefined ? undefined : new Watch(watch === true ? usualSpeed : watch);
    const isSilent = flags.json === true || flags.quiet === true;
    // Whoever watches sees how far it is; and in a file of both streams it would stand amid the timeline.
    const tells = watch === undefined && (isSilent || process.stderr.isTTY);
    this.#progress = new Progress(tells ? process.stderr : undefined);
    if (isSilent) return;
    const { palette } = this;
    const write = (line: string): void => this.#write(`${line}\n`);
    const columns = columnsOf(process.stdout);
    this.#timeline = new Timeline({ write, palette, verbose, columns, condense: condense && !verbose });
    write(palette.bold(`${head}\n`));
  }

  /** For the run: what it waits for, and why it is to end. */
  get pace(): Pace | undefined {
    return this.#watch?.pace;
  }

  readonly ended = (): string | undefined => this.#watch?.ended();

  /** Wall ms since the run began. */
  get realTime(): number {
    return performance.now() - this.#started;
  }

  add(event: WorldEvent): void {
    this.#timeline?.add(event);
    if (event.source === "cloud") this.#refusals.hearCloud(event.event, event.time);
    if (event.source === "device") {
      const told = readLogLine(event.text);
      this.#refusals.hearDevice(told, event.time);
      if (told?.kind === "report acknowledged") this.#acknowledged += 1;
      // Often enough: for each of its lines the device has several turns, and events of its modem.
      const { part, text } = this.#share(this.#acknowledged, event.time);
      this.#progress.tell(part, text);
    }
  }

  /** Something that whoever makes the faults does. */
  note(time: number, lane: string, text: string): void {
    this.#timeline?.note(time, lane, text);
  }

  /** The run is over, and files are written of it. */
  writing(what: string): void {
    this.#progress.tell(1, what);
  }

  /** Gives the terminal back; a second time does nothing. */
  close(): void {
    this.#timeline?.end();
    this.#progress.end();
    this.#watch?.close();
  }

  /** What was refused, for the totals. */
  get refusals(): string[] {
    return this.#refusals.lines(stamp);
  }

  /** Sets the exit code: 130 where Ctrl-C ended it. */
  leave(complete: boolean): void {
    if (!complete) process.exitCode = this.#watch?.isInterrupted === true ? 130 : 1;
  }

  #write(text: string): void {
    this.#watch?.clear();
    this.#progress.clear();
    process.stdout.write(text);
  }
}

/** The share of reports, and how long the run has gone on in virtual time. */
export function byReports(reports: number): ScreenOptions["share"] {
  return (acknowledged, time) => ({
    part: acknowledged / reports,
    text: () => `${acknowledged} of ${reports} reports, ${lasting(time)} virtual`,
  });
}
