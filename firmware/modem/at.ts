/**
 * The AT engine: one command in flight, its response told apart from everything else a modem says.
 * No clock and no port of its own: bytes and the time (ms) come in, command lines go out through
 * `write`.
 *
 * A line is, in this order:
 *   1. the echo of the command in flight                   dropped, noted
 *   2. a boot banner                                       given to the driver
 *   3. information the command in flight asked for         given to it
 *   4. a final result: OK, ERROR, +CME ERROR: n, +CMS ERROR: n
 *   5. an unsolicited result code (URC)                    given to the driver
 *   6. a bare line, when the command expects one           given to it
 *   7. anything else                                       counted
 *
 * A URC may therefore stand before, inside or behind a response. After a time-out the next command
 * waits a second, so that a late answer is not taken for its own. Probes do not wait for each other;
 * once one of them is answered the next command waits for the answers to those before it.
 */
import { ascii, asciiText, equals, startsWith } from "../text/ascii";
import { LineFramer } from "./framer";

/** How a command ended. */
export type AtResult =
  | { readonly kind: "ok" }
  /** ERROR, or the number of a +CME or +CMS ERROR. */
  | { readonly kind: "error"; readonly code?: number }
  | { readonly kind: "timeout" }
  /** The engine was cleared, as after a reboot of the modem. */
  | { readonly kind: "aborted" };

export interface AtCommand {
  /** The line without its CR. */
  readonly line: Uint8Array;
  /** ms until it counts as unanswered. */
  readonly timeout: number;
  /** A probe whose late answer does no harm: the next command need not wait for it. */
  readonly probe?: boolean;
  /** Prefix of information lines that belong to it, such as `+CEREG:`. */
  readonly prefix?: Uint8Array;
  /** Narrows the prefix down where a URC has the same: false leaves the line to the driver. */
  readonly owns?: (line: Uint8Array) => boolean;
  /** Its information is a line without a prefix, such as the IMEI. */
  readonly bare?: boolean;
  /** Gets each information line; the view is valid until it returns. */
  readonly onLine?: (line: Uint8Array) => void;
  /** Called exactly once. */
  readonly onDone: (result: AtResult, now: number) => void;
}

export interface AtEngineOptions {
  /** Sends bytes to the modem. */
  readonly write: (bytes: Uint8Array) => void;
  /** URCs of the modem family, by prefix. */
  readonly urcs: readonly Uint8Array[];
  /** Lines that only a booting modem sends, whole. */
  readonly banners: readonly Uint8Array[];
  readonly onUrc: (line: Uint8Array, now: number) => void;
  /** A banner came; when it is a surprise the driver clears the engine. */
  readonly onBanner: (now: number) => void;
}

const ok = ascii("OK");
const error = ascii("ERROR");
const cmeError = ascii("+CME ERROR:");
const cmsError = ascii("+CMS ERROR:");

/** Pause between a response and the next command, ms: modems lose a command that comes too soon. */
const gap = 20;
/** After a time-out, how long a late answer may still come, ms. */
const lateAnswer = 1_000;
/** After the answer that ends a row of time-outs, how long answers to the others may follow, ms. */
const settle = 300;
/** Commands that may wait. */
const queueLimit = 16;

/** Sends commands one at a time and sorts what the modem says. */
export class AtEngine {
  readonly #options: AtEngineOptions;
  readonly #framer: LineFramer;
  #queue: AtCommand[] = [];
  #current: AtCommand | undefined;
  #expires = 0;
  #notBefore = 0;
  #now = 0;

  /** Commands in a row that got no answer; any line from the modem that is a result ends the row. */
  timeouts = 0;
  /** The modem has echoed a command since the driver last set this to false. */
  echoed = false;
  /** Lines that fitted nothing. */
  unknown = 0;

  constructor(options: AtEngineOptions) {
    this.#options = options;
    this.#framer = new LineFramer((line) => this.#line(line));
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    if (this.#current !== undefined) return this.#expires;
    return this.#queue.length > 0 ? this.#notBefore : Infinity;
  }

  /** Whether a command is in flight or waits. */
  get busy(): boolean {
    return this.#current !== undefined || this.#queue.length > 0;
  }

  /** Lines dropped because they were too long. */
  get overflows(): number {
    return this.#framer.overflows;
  }

  /** Queues a command behind those before it. */
  send(command: AtCommand, now: number): void {
    if (this.#queue.length >= queueLimit) {
      command.onDone({ kind: "aborted" }, now);
      return;
    }
    this.#queue.push(command);
    this.#next(now);
  }

  /** Takes bytes from the modem. */
  receive(bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#framer.receive(bytes);
  }

  /** Starts what may start and gives up what is overdue. */
  poll(now: number): void {
    if (this.#current !== undefined && now >= this.#expires) {
      this.timeouts += 1;
      this.#notBefore = this.#current.probe === true ? now : now + lateAnswer;
      this.#finish(this.#current, { kind: "timeout" }, now);
    }
    this.#next(now);
  }

  /** Fails the command in flight and all that wait, and forgets a line begun. */
  clear(now: number): void {
    this.#framer.clear();
    if (this.#current !== undefined) this.#notBefore = Math.max(this.#notBefore, now + lateAnswer);
    const ended = this.#current === undefined ? this.#queue : [this.#current, ...this.#queue];
    this.#current = undefined;
    this.#queue = [];
    for (let i = 0; i < ended.length; i++) ended[i].onDone({ kind: "aborted" }, now);
  }

  #next(now: number): void {
    if (this.#current !== undefined || now < this.#notBefore) return;
    const command = this.#queue.shift();
    if (command === undefined) return;
    this.#current = command;
    this.#expires = now + command.timeout;
    const bytes = new Uint8Array(command.line.length + 1);
    bytes.set(command.line);
    bytes[command.line.length] = 0x0d;
    this.#options.write(bytes);
  }

  #finish(command: AtCommand, result: AtResult, now: number): void {
    this.#current = undefined;
    command.onDone(result, now);
    this.#next(now);
  }

  #line(line: Uint8Array): void {
    const now = this.#now;
    const command = this.#current;
    if (command !== undefined && equals(line, command.line)) {
      this.echoed = true;
      return;
    }
    if (matchesAny(line, this.#options.banners, equals)) {
      this.#options.onBanner(now);
      return;
    }
    if (command?.prefix !== undefined && startsWith(line, command.prefix) && (command.owns?.(line) ?? true)) {
      command.onLine?.(line);
      return;
    }
    const result = finalResult(line);
    if (result !== undefined) {
      const silent = this.timeouts > 0;
      this.timeouts = 0;
      // A final result with nothing in flight is the late answer to a command given up.
      if (command === undefined) return;
      this.#notBefore = now + (silent ? settle : gap);
      this.#finish(command, result, now);
      return;
    }
    if (matchesAny(line, this.#options.urcs, startsWith)) {
      this.#options.onUrc(line, now);
      return;
    }
    if (command?.bare === true && line[0] !== 0x2b) {
      command.onLine?.(line);
      return;
    }
    this.unknown += 1;
  }
}

function finalResult(line: Uint8Array): AtResult | undefined {
  if (equals(line, ok)) return { kind: "ok" };
  if (equals(line, error)) return { kind: "error" };
  if (startsWith(line, cmeError)) return numbered(line, cmeError.length);
  if (startsWith(line, cmsError)) return numbered(line, cmsError.length);
  return undefined;
}

function numbered(line: Uint8Array, start: number): AtResult {
  // With AT+CMEE=2 a text stands in place of the number.
  const text = asciiText(line, start, Math.min(line.length, start + 8)).trim();
  return /^\d+$/.test(text) ? { kind: "error", code: Number(text) } : { kind: "error" };
}

function matchesAny(
  line: Uint8Array,
  patterns: readonly Uint8Array[],
  matches: (line: Uint8Array, pattern: Uint8Array) => boolean,
): boolean {
  for (let i = 0; i < patterns.length; i++) if (matches(line, patterns[i])) return true;
  return false;
}
