/**
 * The AT engine: one command in flight, its response told apart from everything else a modem says.
 * No clock and no port of its own: bytes and the time (ms) come in, command lines go out through
 * `write`.
 *
 * A line is, in this order:
 *   1. the echo of the command in flight                   dropped, noted
 *   2. a boot banner                                       given to the driver
 *   3. information the command in flight asked for         given to it
 *   4. a line that ends it, or that must come besides OK
 *   5. a final result: OK, ERROR, +CME ERROR: n, +CMS ERROR: n
 *   6. an unsolicited result code (URC)                    given to the driver
 *   7. a bare line, when the command expects one           given to it
 *   8. anything else                                       counted
 *
 * A URC may therefore stand before, inside or behind a response. A command may have data of its own:
 * some it sends behind the modem's prompt, some it gets behind a header that says how many bytes follow.
 * After a time-out the next command waits a second, so that a late answer is not taken for its own. Probes
 * do not wait for each other; once one of them is answered the next command waits for the answers to those
 * before it.
 */
import { equals, startsWith } from "../../text/ascii";
import { LineFramer } from "./framer";
import { answerBegins, digitResult, finalResult, lineEndsAtEnd, lineEndsTaken } from "./result-code";
import type { FramerEvents } from "./framer";
import type { AtResult } from "./result-code";

export type { AtError, AtResult } from "./result-code";

/** Data that a command sends when the modem asks for it. */
interface Payload {
  /** The prompt: `>` or `@`. */
  readonly prompt: number;
  readonly bytes: Uint8Array;
}

/** Data that a command gets: `onData` is called with as many bytes as `count` found announced, or with fewer. */
interface RawAnswer {
  /** Whether the bytes follow on the header's own line, behind a comma, or behind its line end. */
  readonly sameLine: boolean;
  /** Bytes announced by a line with the command's prefix; undefined when it announces none. */
  readonly count: (header: Uint8Array) => number | undefined;
  /**
   * Gets the bytes; the view is valid until it returns.
   *
   * @param missing so many of those announced did not come
   */
  readonly onData: (bytes: Uint8Array, missing: number) => void;
}

/** A command for the engine: its line, which lines are its answer, and whom its end is told. */
export interface AtCommand {
  /** The line without its CR. */
  readonly line: Uint8Array;
  /** ms until the command counts as unanswered. */
  readonly timeout: number;
  /** A probe whose late answer does no harm: the next command need not wait for it. */
  readonly probe?: boolean;
  /**
   * Its answer has a line of information, so that it need not wait until the answers to words before it that came to
   * nothing are past: an OK without that line is one of them.
   */
  readonly sure?: boolean;
  /** Prefix of information lines that belong to the command, such as `+CEREG:`. */
  readonly prefix?: Uint8Array;
  /** Narrows the prefix down where a URC has the same: false leaves the line to the driver. */
  readonly owns?: (line: Uint8Array) => boolean;
  /** The command's information is a line without a prefix, such as the IMEI. */
  readonly bare?: boolean;
  /** Gets each information line; the view is valid until it returns. */
  readonly onLine?: (line: Uint8Array) => void;
  readonly payload?: Payload;
  readonly raw?: RawAnswer;
  /** Reads the line that ends the command in place of OK, such as `SEND OK`; undefined for any other line. */
  readonly ends?: (line: Uint8Array) => AtResult | undefined;
  /** The same for a line that must come besides OK, before it or behind, such as `+QIOPEN: 0,0`. */
  readonly also?: (line: Uint8Array) => AtResult | undefined;
  /** ms from one of the two until the other has got lost: without the line the command ends as "heard". */
  readonly alsoWithin?: number;
  /** Called exactly once. */
  readonly onDone: (result: AtResult, now: number) => void;
}

/** What the engine is given, and whom it tells what no command asked for. */
export interface AtEngineOptions {
  /** Sends bytes to the modem. */
  readonly write: (bytes: Uint8Array) => void;
  /** URCs of the modem family, by prefix, and those that every modem has. */
  readonly urcs: readonly Uint8Array[];
  readonly commonUrcs?: readonly Uint8Array[];
  /** Lines that only a booting modem sends: whole, or their beginnings where they end in `_`. */
  readonly banners: readonly Uint8Array[];
  /** See `AtEngine.gap` (default 20). */
  readonly gap?: number;
  /** @param cut the line was too long, and this is its beginning */
  readonly onUrc: (line: Uint8Array, now: number, cut: boolean) => void;
  /** A banner came; when no boot was asked for the driver clears the engine. */
  readonly onBanner: (now: number) => void;
}

const usualGap = 20;
/** Time for the prompt, ms; from the prompt on the command has its own time. */
const promptTimeout = 5_000;
const escape = new Uint8Array([0x1b]);
/** Pause in the data of an answer after which no more of it comes, ms. */
const rawPause = 1_000;
/** After a time-out, how long a late answer may still come, ms. */
const lateAnswer = 1_000;
/** From a line of information until the OK behind it has got lost, ms: they come as one. */
const okWithin = 3_000;
/** After the answer that ends a row of time-outs, how long answers to the others may follow, ms. */
const trailing = 300;
/** Commands that may wait. */
const queueLimit = 16;

/** The AT engine: one command in flight, its response told apart from everything else a modem says. */
export class AtEngine implements FramerEvents {
  readonly #options: AtEngineOptions;
  readonly #framer: LineFramer;
  #queue: AtCommand[] = [];
  #current: AtCommand | undefined;
  /** OK has come, or the line besides it, and the other has not. */
  #half: "ok" | "also" | undefined;
  /** The prompt has not come. */
  #unprompted = false;
  /**
   * A prompt that was given up and may still come, 0 for none: a command behind it would be taken for data.
   */
  #stray = 0;
  #expires = 0;
  /** The data of an answer has begun, and comes to its end or to a pause until then, ms. */
  #rawUntil = Infinity;
  /**
   * Data that is complete and ends as an answer does, or in a line end: whether that is the answer's, what follows or the
   * next second shows.
   */
  #held: Uint8Array | undefined;
  /** Data has come, and no line behind it. */
  #afterRaw = false;
  /** Bytes of line ends that stood between the data and the line behind it. */
  #between = 0;
  /** The same where the data was no line end: what this modem has there; 0 as long as that is unknown. */
  #usualBetween = 0;
  #onLate: ((now: number) => void) | undefined;
  #notBefore = 0;
  /** Words that were not answered in time, and whose answers may come yet, in front of that of a `sure` command. */
  #owed = 0;
  /** The command in flight has had a line of information. */
  #informed = false;
  #now = 0;
  #heardAt = 0;

  /** How long nothing had come from the modem when it was last asked something, ms. */
  quiet = 0;

  /** Commands in a row that got no answer; any line from the modem that is a result ends the row. */
  timeouts = 0;
  /** The modem has echoed a command since the driver last set this to false. */
  echoed = false;
  /** Pause between a response and the next command, ms: modems lose a command that comes too soon. */
  gap: number;
  /** Lines that fitted nothing. */
  unknown = 0;
  /**
   * The modem gives digits for result codes (ITU-T V.250 section 6.2.6), 0 for OK and 4 for ERROR: found out by a
   * probe, and false again when it was told otherwise, or has said OK.
   */
  digits = false;

  constructor(options: AtEngineOptions) {
    this.#options = options;
    this.gap = options.gap ?? usualGap;
    this.#framer = new LineFramer(this);
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    if (this.#current !== undefined) return Math.min(this.#expires, this.#rawUntil);
    return this.#queue.length > 0 ? this.#notBefore : Infinity;
  }

  /** Whether a command is in flight or waits. */
  get busy(): boolean {
    return this.#current !== undefined || this.#queue.length > 0;
  }

  /** Lines that were too long. */
  get overflows(): number {
    return this.#framer.overflows;
  }

  /** Queues a command behind those before it. */
  send(command: AtCommand, now: number): void {
    if (this.#queue.length >= queueLimit) {
      command.onDone({ kind: "aborted" }, now);
      return;
    }
    if (command.sure === true && this.#owed > 0) this.#notBefore = Math.min(this.#notBefore, now + this.gap);
    this.#queue.push(command);
    this.next(now);
  }

  /** Takes bytes from the modem. */
  receive(bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#heardAt = now;
    this.#framer.receive(bytes);
    const waits = this.#framer.missing > 0 || this.#held !== undefined;
    this.#rawUntil = waits ? now + rawPause : Infinity;
  }

  /** Starts what may start and gives up what is overdue. */
  poll(now: number): void {
    if (now >= this.#rawUntil) this.takeShort(now);
    if (this.#current !== undefined && now >= this.#expires) {
      const onLate = this.#onLate;
      if (onLate !== undefined) {
        this.#onLate = undefined;
        return onLate(now);
      }
      const lost = this.lineLost(this.#current);
      if (lost !== undefined) {
        // An OK that is missing may be late.
        this.#notBefore = now + (lost.kind === "ok" ? lateAnswer : this.gap);
        return this.finish(this.#current, lost, now);
      }
      this.timeouts += 1;
      this.#notBefore = this.#current.probe === true ? now : now + lateAnswer;
      // A prompt that is late must not take the next command for data.
      if (this.#unprompted) {
        this.#options.write(escape);
        this.#stray = this.#current.payload?.prompt ?? 0;
      }
      if (this.#unprompted || this.#current.raw !== undefined) {
        this.#framer.clear();
        this.#rawUntil = Infinity;
      }
      const unprompted = this.#unprompted ? { unprompted: true } : {};
      this.finish(this.#current, { kind: "timeout", ...unprompted }, now);
    }
    this.next(now);
  }

  /**
   * The data of an answer has come to a pause. Where the answer has ended, fewer bytes came than were announced, and
   * its end was taken for data: what stands before that is kept.
   */
  private takeShort(now: number): void {
    this.#rawUntil = Infinity;
    const command = this.#current;
    const { begun, missing } = this.#framer;
    const bytes = this.#held ?? begun;
    const end = answerBegins(bytes, this.#held !== undefined);
    if (command === undefined || end === bytes.length) return;
    this.#held = undefined;
    this.#framer.endRaw();
    command.raw?.onData(bytes.subarray(0, end), missing + bytes.length - end);
    this.#notBefore = now + this.gap;
    this.finish(command, { kind: "ok" }, now);
  }

  /** How the command ends that is overdue where its answer has come but for one line; undefined where none has. */
  private lineLost({ alsoWithin, also, ends, raw }: AtCommand): AtResult | undefined {
    if (alsoWithin !== undefined && this.#half === "ok") return { kind: "timeout", heard: true };
    const isWhole =
      also === undefined ? this.#informed && ends === undefined && raw === undefined : this.#half === "also";
    return isWhole ? { kind: "ok" } : undefined;
  }

  /** A line of the command's information has come: so will its OK, or that has got lost. */
  private inform(line: Uint8Array, command: AtCommand): void {
    this.#informed = true;
    command.onLine?.(line);
    if (command.also === undefined && command.ends === undefined && command.raw === undefined)
      this.#expires = Math.min(this.#expires, this.#now + okWithin);
  }

  /** Gives the command in flight, if there is one, no more than `ms` from now; then `onLate` is called in its place. */
  hasten(ms: number, now: number, onLate: (now: number) => void): void {
    if (this.#current === undefined) return;
    this.#expires = Math.min(this.#expires, now + ms);
    this.#onLate = onLate;
  }

  /**
   * Gives up probes in flight and waiting: what the modem has said tells that it did not hear them.
   *
   * @param first nothing that was sent before that one was heard either, so that no late answer to it will come
   */
  skipProbes(first: boolean, now: number): void {
    if (first) this.timeouts = 0;
    const current = this.#current;
    const skipped = this.#queue.filter((command) => command.probe === true);
    this.#queue = this.#queue.filter((command) => command.probe !== true);
    // It may have been heard all the same.
    this.#owed = this.timeouts;
    if (current?.probe === true) {
      this.#owed += 1;
      this.#current = undefined;
      skipped.unshift(current);
    }
    this.#notBefore = now + this.gap;
    for (let i = 0; i < skipped.length; i++) skipped[i].onDone({ kind: "timeout" }, now);
  }

  /** Fails the command in flight and all that wait, and forgets a line begun. */
  clear(now: number): void {
    this.#framer.clear();
    this.#rawUntil = Infinity;
    this.#held = undefined;
    // A prompt that was given up may come all the same.
    if (this.#unprompted) this.#stray = this.#current?.payload?.prompt ?? this.#stray;
    this.#unprompted = false;
    this.#framer.prompt = this.#stray;
    this.#onLate = undefined;
    if (this.#current !== undefined) this.#notBefore = Math.max(this.#notBefore, now + lateAnswer);
    const ended = this.#current === undefined ? this.#queue : [this.#current, ...this.#queue];
    this.#current = undefined;
    this.#queue = [];
    for (let i = 0; i < ended.length; i++) ended[i].onDone({ kind: "aborted" }, now);
  }

  private next(now: number): void {
    if (this.#current !== undefined || now < this.#notBefore) return;
    const command = this.#queue.shift();
    if (command === undefined) return;
    this.#current = command;
    this.#informed = false;
    this.#afterRaw = false;
    if (command.sure !== true) this.#owed = 0;
    if (command.probe !== true) this.quiet = now - this.#heardAt;
    this.#half = undefined;
    this.#unprompted = command.payload !== undefined;
    this.#framer.prompt = command.payload?.prompt ?? this.#stray;
    this.#framer.watching = command.raw?.sameLine === true;
    this.#expires = now + (this.#unprompted ? promptTimeout : command.timeout);
    const bytes = new Uint8Array(command.line.length + 1);
    bytes.set(command.line);
    bytes[command.line.length] = 0x0d;
    this.#options.write(bytes);
  }

  private finish(command: AtCommand, result: AtResult, now: number): void {
    this.#current = undefined;
    this.#onLate = undefined;
    const held = this.#held;
    this.#held = undefined;
    if (result.kind === "ok") {
      this.#stray = 0;
      if (held !== undefined) {
        const taken = lineEndsTaken(held, this.#between, this.#usualBetween);
        command.raw?.onData(held.subarray(0, held.length - taken), taken);
      }
    }
    this.#framer.prompt = this.#stray;
    this.#framer.watching = false;
    this.#unprompted = false;
    command.onDone(result, now);
    this.next(now);
  }

  /** For the framer, as all that begin with `on`. */
  onPrompt(): void {
    const command = this.#current;
    if (command?.payload === undefined || !this.#unprompted) {
      this.#stray = 0;
      this.#options.write(escape);
      return;
    }
    this.#unprompted = false;
    this.#expires = this.#now + command.timeout;
    this.#options.write(command.payload.bytes);
  }

  onPartial(line: Uint8Array): number | undefined {
    const command = this.#current;
    if (command?.prefix === undefined || !startsWith(line, command.prefix)) return undefined;
    return command.raw?.count(line);
  }

  onRaw(bytes: Uint8Array): void {
    this.#afterRaw = true;
    if (lineEndsAtEnd(bytes) > 0 || answerBegins(bytes, true) < bytes.length) this.#held = bytes.slice();
    else this.#current?.raw?.onData(bytes, 0);
  }

  onOverlong(line: Uint8Array): void {
    if (this.isUrc(line)) this.#options.onUrc(line, this.#now, true);
  }

  onLine(line: Uint8Array): void {
    const now = this.#now;
    const command = this.#current;
    if (this.#afterRaw) {
      this.#afterRaw = false;
      this.#between = this.#framer.blank;
      // A line stands on its own, so that fewer are a part of it.
      if (this.#held === undefined && this.#between > 1) this.#usualBetween = this.#between;
    }
    if (command !== undefined && equals(line, command.line)) {
      this.echoed = true;
      return;
    }
    if (this.isBanner(line)) {
      this.#options.onBanner(now);
      return;
    }
    if (command?.prefix !== undefined && startsWith(line, command.prefix) && (command.owns?.(line) ?? true)) {
      const count = command.raw?.sameLine === false ? command.raw.count(line) : undefined;
      this.inform(line, command);
      if (count !== undefined) this.#framer.takeRaw(count);
      return;
    }
    const result = this.resultOf(line, command);
    if (result !== undefined) {
      const unanswered = this.timeouts;
      this.timeouts = 0;
      // A final result with nothing in flight is the late answer to a command given up.
      if (command === undefined || result === "half") return;
      if (unanswered > 0) this.#owed = command.probe === true ? unanswered : 0;
      // With its line it has told that the answers to words before it are past.
      const isPast = command.sure === true && this.#informed;
      this.#notBefore = now + (unanswered > 0 && !isPast ? trailing : this.gap);
      this.finish(command, result, now);
      return;
    }
    if (this.isUrc(line)) {
      this.#options.onUrc(line, now, false);
      return;
    }
    if (command?.bare === true && line[0] !== 0x2b) return this.inform(line, command);
    this.unknown += 1;
  }

  private isUrc(line: Uint8Array): boolean {
    const { urcs, commonUrcs = [] } = this.#options;
    return startsWithAny(line, commonUrcs) || startsWithAny(line, urcs);
  }

  private isBanner(line: Uint8Array): boolean {
    const { banners } = this.#options;
    for (let i = 0; i < banners.length; i++) {
      const banner = banners[i];
      if (banner[0] === line[0] && isBanner(line, banner)) return true;
    }
    return false;
  }

  /** The result that a digit is; a probe's answer tells that the modem gives such. */
  private digitResult(line: Uint8Array, command: AtCommand | undefined): AtResult | undefined {
    if (!this.digits && command?.probe !== true) return undefined;
    const result = digitResult(line);
    if (result !== undefined) this.digits = true;
    return result;
  }

  /** The result that a line is for the command in flight; "half" while another line is to come. */
  private resultOf(line: Uint8Array, command: AtCommand | undefined): AtResult | "half" | undefined {
    const ending = command?.ends?.(line);
    if (ending !== undefined) return ending;
    const besides = command?.also?.(line);
    const worded = finalResult(line);
    // Who says OK gives words: the digit that passed for a result was something else.
    if (worded?.kind === "ok") this.digits = false;
    const result = besides ?? worded ?? this.digitResult(line, command);
    if (command === undefined || result === undefined || result.kind !== "ok") return result;
    if (command.sure === true && !this.#informed && this.#owed > 0) {
      this.#owed -= 1;
      return "half";
    }
    // Where another line ends the command, OK says no more than that the modem has read it.
    if (command.ends !== undefined) return "half";
    if (command.also === undefined) return result;
    const part = besides === undefined ? "ok" : "also";
    if (this.#half !== undefined && this.#half !== part) return result;
    this.#half = part;
    this.#expires = Math.min(this.#expires, this.#now + (command.alsoWithin ?? Infinity));
    return "half";
  }
}

function isBanner(line: Uint8Array, banner: Uint8Array): boolean {
  return banner[banner.length - 1] === 0x5f ? startsWith(line, banner) : equals(line, banner);
}

function startsWithAny(line: Uint8Array, prefixes: readonly Uint8Array[]): boolean {
  for (let i = 0; i < prefixes.length; i++) if (startsWith(line, prefixes[i])) return true;
  return false;
}
