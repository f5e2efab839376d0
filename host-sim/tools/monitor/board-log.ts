/**
 * The log of a board as it is heard: bytes of its serial port, or captured lines, become lines with a time, each with
 * whose it is.
 *
 * The firmware writes no times into its log. A line's time is the one at which it arrived here, or the one that
 * whoever captured it wrote in front.
 */
import { boardLine } from "./board-line";
import { CapturedLines } from "./captured-line";
import { LineReader } from "./line-reader";
import { maskedLine } from "./masked-line";
import { XsbugWire } from "./xsbug-wire";
import type { LogEvent } from "../../sim/world/device-log";
import type { BoardLine } from "./board-line";

/** A line as it may be shown and kept. */
export interface HeardLine {
  /** ms since the beginning of the log; never less than the line's before. */
  readonly time: number;
  readonly kind: BoardLine["kind"] | "debugger";
  /** Without what looks like a secret; what steers a terminal is still in it. */
  readonly text: string;
  /** Of a line of the firmware's. */
  readonly event?: LogEvent;
  /** Of a line of the chip's that tells why it was reset. */
  readonly reset?: string;
}

export interface BoardLogOptions {
  readonly onLine: (line: HeardLine) => void;
  /** Takes bytes for the board, whose debug build waits for them; left out, it waits in vain. */
  readonly answer?: (bytes: Uint8Array) => void;
}

/** Longer than this no log pauses, ms; the board's clock was set, or the capture goes on with another day's. */
const longestPause = 400 * 86_400_000;

/** Hears a board. */
export class BoardLog {
  readonly #options: BoardLogOptions;
  readonly #wire = new XsbugWire();
  readonly #captured = new CapturedLines();
  readonly #reader = new LineReader((line) => this.#heard(line, this.#time));
  #time = 0;
  /** What is taken from a captured time for the time of the log. */
  #origin: number | undefined;
  #timed = 0;
  #untimed = 0;
  #epoch: number | undefined;

  constructor(options: BoardLogOptions) {
    this.#options = options;
  }

  /** The port carries a debug build's messages. */
  get debugBuild(): boolean {
    return this.#wire.spoken;
  }

  /** Epoch ms at the time 0, where captured lines have said so. */
  get epoch(): number | undefined {
    return this.#epoch;
  }

  /** Captured lines had no time of their own. */
  get timeless(): boolean {
    return this.#timed === 0 && this.#untimed > 0;
  }

  /** Bytes of the port, with the time at which they came. */
  receive(bytes: Uint8Array, time: number): void {
    this.#time = Math.max(this.#time, time);
    this.#reader.push(bytes);
  }

  /** No more comes over this connection: a line without its end is one. */
  pause(): void {
    this.#reader.end();
  }

  /**
   * A captured line.
   *
   * @param arrival its time where it has none of its own; left out, it has the one of the line before
   */
  capture(line: string, arrival?: number): void {
    const read = this.#captured.read(line);
    if (read === undefined) return;
    if (read.at === undefined) {
      this.#untimed += 1;
      if (arrival !== undefined && this.#timed === 0) this.#time = Math.max(this.#time, arrival);
    } else {
      this.#timed += 1;
      const time = read.at - (this.#origin ?? read.at);
      if (this.#origin === undefined || Math.abs(time - this.#time) > longestPause) {
        this.#origin = read.at - this.#time;
        if (read.dated && this.#epoch === undefined) this.#epoch = this.#origin;
      } else {
        this.#time = Math.max(this.#time, time);
      }
    }
    this.#heard(read.text, this.#time);
  }

  #heard(line: string, time: number): void {
    const message = this.#wire.read(line);
    if (message === undefined) return this.#tell(line, time);
    switch (message.kind) {
      case "log":
        for (const each of message.lines) this.#tell(each, time);
        return;
      case "login":
      case "break": {
        const { kind, text, answer } = message;
        if (answer !== undefined) this.#options.answer?.(answer);
        const said = kind === "login" ? `debug build starts: ${text}` : `debug build stopped: ${text}`;
        this.#options.onLine({ time, kind: "debugger", text: maskedLine(said) });
      }
    }
  }

  #tell(line: string, time: number): void {
    this.#options.onLine({ time, ...boardLine(line), text: maskedLine(line) });
  }
}
