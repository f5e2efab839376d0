/**
 * The modem's AT port: lines in, one command at a time, framed lines out. What a command does is
 * its owner's affair (`answer`).
 *
 *     in    AT+CSQ CR                                  LF is ignored
 *     out   AT+CSQ CR                                  while echo is on
 *           CR LF +CSQ: 18,0 CR LF   CR LF OK CR LF
 *
 *     in    AT+QISEND=0,5 CR
 *     out   CR LF > BLANK                              a prompt: the next 5 bytes are data
 *     in    <5 bytes>                                  ESC as the first of them: never mind
 *     out   CR LF SEND OK CR LF
 *
 *     out   CR LF +QIRD: 5 CR LF <5 bytes> CR LF   CR LF OK CR LF      data in an answer
 *
 *     out   +CSQ: 18,0 CR LF   0 CR                    the same after ATV0; after ATQ1 without the 0
 *
 * While a command waits for its answer, further ones are dropped without an answer, as such modems
 * do. Unsolicited lines (URC) go out when they happen: also between a command and its answer.
 */
import type { ScheduledEvent, Scheduler } from "../time/clock";
import { parseAtLine } from "./at-command";
import type { AtCommand } from "./at-command";

/** Why a command failed: a number of 3GPP TS 27.007 section 9.2, or the bare word `ERROR`. */
export type AtFailure = { readonly cme: number } | "ERROR";

/** A command's answer. */
export interface AtAnswer {
  /** Lines before the final one. */
  readonly lines?: readonly string[];
  /** Data behind those lines: what stands in front of it, its bytes, what stands behind. */
  readonly raw?: { readonly head: string; readonly data: Uint8Array; readonly tail: string };
  /** `undefined`: the command succeeded. */
  readonly failure?: AtFailure;
  /** The line that ends it in place of OK; `null`: none does. */
  readonly final?: string | null;
  /** Asks for so many bytes of data first; `take` says what becomes of them. */
  readonly prompt?: {
    readonly sign: string;
    readonly length: number;
    /** ms until it comes, behind the command's own. */
    readonly delay?: number;
    take(data: Uint8Array): AtExecution;
  };
  /** The answer comes when `done` is called with it: the command waits for something outside of the modem. */
  readonly wait?: (done: (answer: AtAnswer) => void) => void;
  /** Runs right after the final line. */
  readonly then?: () => void;
}

/** What becomes of a command: after `delay` ms `run` gives its answer. */
export interface AtExecution {
  readonly delay: number;
  readonly run: () => AtAnswer;
}

/** How errors are told: `AT+CMEE=` 0 the bare word, 1 numbers, 2 text. */
export type ErrorStyle = 0 | 1 | 2;

export interface AtResponderOptions {
  scheduler: Scheduler;
  /** Bytes towards the host. */
  write(bytes: Uint8Array): void;
  /** Starts a command; `undefined` leaves it without any answer. */
  execute(command: AtCommand): AtExecution | undefined;
  /** Each complete line, without its line ends. */
  onLine?: (direction: "host" | "modem", text: string) => void;
  /** A line that got no answer. */
  onDropped?: (reason: "busy" | "no command" | "too long" | "too soon") => void;
  /** Holds URCs that come during a command back until inside its answer. */
  urcInsideResponse?: boolean;
  /** How often an unsolicited line goes out: once when left out. */
  urcCopies?: () => number;
  /** Whether a line is lost on its way, whatever it is: none when left out. */
  loses?: (text: string) => boolean;
  /** Unsolicited lines that come during a command wait until behind its answer. */
  urcsWait?: boolean;
  /** How this family writes a line. */
  dialect?: (text: string) => string;
  /** Characters of the longest command that it takes; `usualLongestLine` when left out. */
  longestLine?: number;
  /** A command that comes within so many ms behind a response is lost. */
  gap?: number;
}

/** CSOSEND of 512 bytes in hex has 1042 characters. */
const usualLongestLine = 1_100;
/** ms after which a command fails that waits in vain for something outside of the modem. */
const waitPatience = 600_000;
/** ms that a modem waits for data that it has asked for. */
const dataPatience = 10_000;
const escape = 0x1b;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

const errorTexts: Record<number, string> = {
  3: "operation not allowed",
  4: "operation not supported",
  10: "SIM not inserted",
  11: "SIM PIN required",
  12: "SIM PUK required",
  13: "SIM failure",
  14: "SIM busy",
  15: "SIM wrong",
  16: "incorrect password",
  30: "no network service",
  50: "incorrect parameters",
};

/** Result codes as digits (ITU-T V.250 section 5.7). */
const resultDigits: Readonly<Record<string, string>> = { OK: "0", ERROR: "4" };

export class AtResponder {
  echo = true;
  errorStyle: ErrorStyle = 0;
  /** `ATV1`: result codes are words, and lines begin with a line end. */
  verbose = true;
  /** `ATQ1`: no result codes at all. */
  quiet = false;
  readonly #options: AtResponderOptions;
  /** Characters since the last CR. */
  #line = "";
  #overflow = false;
  #inProgress: ScheduledEvent | undefined;
  #held: string[] = [];
  /** Data that was asked for, as far as it has come. */
  #data: { readonly bytes: Uint8Array; filled: number; take(data: Uint8Array): AtExecution } | undefined;
  #answeredAt = -Infinity;

  constructor(options: AtResponderOptions) {
    this.#options = options;
  }

  /** True while a command waits for its answer. */
  get busy(): boolean {
    return this.#inProgress !== undefined;
  }

  /** Takes bytes from the host, in pieces of any size. Never throws. */
  receive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const byte = bytes[at];
      if (this.#data === undefined && byte !== carriageReturn && byte !== lineFeed) {
        const end = endOfText(bytes, at);
        if (!this.#overflow) this.#append(bytes.subarray(at, end));
        at = end;
        continue;
      }
      if (this.#data !== undefined) this.#takeData(byte);
      else if (byte === carriageReturn) this.#endOfLine();
      at += 1;
    }
  }

  /** Sends an unsolicited line. */
  urc(text: string): void {
    const copies = this.#options.urcCopies?.() ?? 1;
    for (let i = 0; i < copies; i++) {
      const { urcInsideResponse, urcsWait } = this.#options;
      if (this.busy && (urcInsideResponse === true || urcsWait === true)) this.#held.push(text);
      else this.#send(text);
    }
  }

  /** Forgets the command in progress and what was typed: the modem restarts or sleeps. */
  reset(): void {
    this.#options.scheduler.cancel(this.#inProgress);
    this.#inProgress = undefined;
    this.#line = "";
    this.#overflow = false;
    this.#held = [];
    this.#data = undefined;
  }

  #takeData(byte: number): void {
    const data = this.#data!;
    if (byte === escape && data.filled === 0) return this.#cancelData();
    data.bytes[data.filled++] = byte;
    if (data.filled < data.bytes.length) return;
    this.#data = undefined;
    this.#options.scheduler.cancel(this.#inProgress);
    this.#begin(data.take(data.bytes));
  }

  #cancelData(): void {
    this.#data = undefined;
    this.#options.scheduler.cancel(this.#inProgress);
    this.#answer({ failure: "ERROR" });
  }

  #append(bytes: Uint8Array): void {
    if (this.#line.length + bytes.length > (this.#options.longestLine ?? usualLongestLine)) {
      this.#overflow = true;
      this.#line = "";
    } else {
      this.#line += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    }
  }

  #endOfLine(): void {
    const line = this.#line;
    const overflow = this.#overflow;
    this.#line = "";
    this.#overflow = false;
    if (line.trim() === "" && !overflow) return;
    if (this.busy) {
      this.#options.onDropped?.("busy");
      return;
    }
    if (this.#options.scheduler.now - this.#answeredAt < (this.#options.gap ?? 0)) {
      this.#options.onDropped?.("too soon");
      return;
    }
    if (overflow) {
      this.#options.onDropped?.("too long");
      this.#begin({ delay: 5, run: () => ({ failure: { cme: 50 } }) });
      return;
    }
    const [command, ...others] = parseAtLine(line);
    if (command === undefined) {
      this.#options.onDropped?.("no command");
      return;
    }
    this.#options.onLine?.("host", line);
    const execution = this.#options.execute(command);
    if (execution === undefined) return;
    if (this.echo) {
      this.#write(`${line}\r`);
      this.#options.onLine?.("modem", line);
    }
    this.#begin(execution, others);
  }

  /** @param others commands of the same line, which follow unless this one fails or ends the line otherwise */
  #begin(execution: AtExecution, others: readonly AtCommand[] = []): void {
    this.#inProgress = this.#options.scheduler.after(execution.delay, () => {
      const running = this.#inProgress;
      const answer = execution.run();
      // A command that restarts the modem has put an end to itself.
      if (this.#inProgress !== running) return;
      const { failure, final, prompt, wait } = answer;
      const plain = [failure, final, prompt, wait].every((each) => each === undefined);
      const [command, ...rest] = others;
      const next = plain && command !== undefined ? this.#options.execute(command) : undefined;
      if (next === undefined) return this.#answer(answer);
      for (const text of answer.lines ?? []) this.#send(text);
      if (answer.raw !== undefined) this.#sendRaw(answer.raw);
      answer.then?.();
      this.#begin(next, rest);
    });
  }

  #answer(answer: AtAnswer): void {
    if (answer.prompt !== undefined) return this.#ask(answer.prompt);
    if (answer.wait !== undefined) return this.#wait(answer.wait);
    const [first, ...others] = answer.lines ?? [];
    if (first !== undefined) this.#send(first);
    const held = this.#options.urcsWait === true ? [] : this.#held.splice(0);
    for (const text of held) this.#send(text);
    for (const text of others) this.#send(text);
    if (answer.raw !== undefined) this.#sendRaw(answer.raw);
    if (answer.failure !== undefined || answer.final === undefined)
      this.#sendResult(this.#finalLine(answer.failure));
    else if (answer.final !== null) this.#send(answer.final);
    this.#inProgress = undefined;
    this.#answeredAt = this.#options.scheduler.now;
    for (const text of this.#held.splice(0)) this.#send(text);
    answer.then?.();
  }

  #wait(wait: NonNullable<AtAnswer["wait"]>): void {
    const { scheduler } = this.#options;
    const waiting = scheduler.after(waitPatience, () => this.#answer({ failure: "ERROR" }));
    this.#inProgress = waiting;
    wait((answer) => {
      // The modem may have restarted meanwhile.
      if (this.#inProgress !== waiting) return;
      scheduler.cancel(waiting);
      this.#answer(answer);
    });
  }

  #ask(prompt: NonNullable<AtAnswer["prompt"]>): void {
    const { sign, length, delay, take } = prompt;
    if (delay !== undefined) {
      const soon = { ...prompt, delay: undefined };
      this.#inProgress = this.#options.scheduler.after(delay, () => this.#ask(soon));
      return;
    }
    this.#write(`\r\n${sign}`);
    this.#options.onLine?.("modem", sign.trim());
    this.#data = { bytes: new Uint8Array(length), filled: 0, take };
    this.#inProgress = this.#options.scheduler.after(dataPatience, () => this.#cancelData());
  }

  #sendRaw({ head, data, tail }: NonNullable<AtAnswer["raw"]>): void {
    this.#write(`\r\n${head}`);
    this.#options.write(data);
    this.#write(tail);
    this.#options.onLine?.("modem", `${head.trim()} <${data.length} bytes>`);
  }

  #finalLine(failure: AtFailure | undefined): string {
    if (failure === undefined) return "OK";
    if (failure === "ERROR" || this.errorStyle === 0) return "ERROR";
    const { cme } = failure;
    return `+CME ERROR: ${this.errorStyle === 1 ? cme : (errorTexts[cme] ?? "unknown")}`;
  }

  #sendResult(text: string): void {
    if (this.quiet) return;
    const digits = this.verbose ? undefined : resultDigits[text];
    if (digits === undefined) return this.#send(text);
    this.#write(`${digits}\r`);
    this.#options.onLine?.("modem", digits);
  }

  #send(plain: string): void {
    const text = this.#options.dialect?.(plain) ?? plain;
    if (this.#options.loses?.(text) === true) return;
    this.#write(`${this.verbose ? "\r\n" : ""}${text}\r\n`);
    this.#options.onLine?.("modem", text);
  }

  #write(text: string): void {
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    this.#options.write(bytes);
  }
}

/** Where the next line end stands. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== carriageReturn && bytes[at] !== lineFeed) at += 1;
  return at;
}
