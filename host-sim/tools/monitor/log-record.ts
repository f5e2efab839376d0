/**
 * A board's log as it is kept for its report and its joules: bounded, so that a monitor may run for weeks.
 */
import { LogTally } from "./log-tally";
import type { HeardLine } from "./board-log";

/** Lines of the firmware that are kept: a month of a reading every five minutes. */
const mostLines = 200_000;
/** Other people's lines that are kept. */
const mostOthers = 20_000;

/** Something that happened to the port, or to whoever listens. */
export interface PortNote {
  readonly time: number;
  readonly text: string;
}

/** What was heard of one board. */
export class LogRecord {
  readonly tally = new LogTally();
  readonly #lines: HeardLine[] = [];
  readonly #notes: PortNote[] = [];
  #others = 0;
  /** Lines that were counted and not kept. */
  left = 0;

  /** In order of time. */
  get lines(): readonly HeardLine[] {
    return this.#lines;
  }

  get notes(): readonly PortNote[] {
    return this.#notes;
  }

  hear(line: HeardLine): void {
    this.tally.hear(line);
    const own = line.kind === "device" || line.kind === "unknown";
    // What is measured once a second, and what is no text, tells nobody anything later.
    if (line.kind === "runtime" || line.kind === "noise") return;
    if (!own && ++this.#others > mostOthers) this.left += 1;
    else if (this.#lines.length >= mostLines + mostOthers) this.left += 1;
    else this.#lines.push(line);
  }

  note(time: number, text: string): void {
    if (this.#notes.length < mostOthers) this.#notes.push({ time, text });
  }
}
