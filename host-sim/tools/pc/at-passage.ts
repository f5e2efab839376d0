/**
 * AT lines of a person's own between those of the driver, on the one wire that both have:
 *
 *     driver -- passage -- modem
 *                 |
 *             a terminal
 *
 * A line that was typed is sent when the driver waits for no answer. Until its own answer has ended, what the
 * driver sends is kept back, and what the modem answers goes to the terminal; what it says by itself goes to the
 * driver as ever. What would break the driver is refused.
 */
import { refusedInit } from "../../../firmware/modem/driver/init-lines";
import { asciiText } from "../../../firmware/text/ascii";
import type { Scheduler } from "../../sim/time/clock";

/** What a passage is put between. */
export interface PassageOptions {
  readonly scheduler: Scheduler;
  /** Lines that only a booting modem sends: these are the driver's, always. */
  readonly banners: readonly Uint8Array[];
  readonly toModem: (bytes: Uint8Array, done: () => void) => void;
  readonly toDriver: (bytes: Uint8Array) => void;
  /** A line for the terminal. */
  readonly show: (text: string) => void;
}

/** Lines that end an answer. */
const final = /^(OK|ERROR|\+CM[ES] ERROR: ?.*|SEND OK|SEND FAIL|COMMAND NOT SUPPORT)$/;
/** ms for an answer; the driver's own commands wait meanwhile. */
const patience = 5_000;
/** ms between the end of an answer and the next line: SARA modems lose one that comes sooner. */
const gap = 120;
/** ms without a byte after which the driver is taken to wait for no answer any more. */
const quiet = 20_000;
/** Longest line that is looked at, characters. */
const longest = 4_096;
/** Lines that may wait. */
const most = 8;

/** Lets AT lines of a person's own through while the driver runs. */
export class AtPassage {
  readonly #options: PassageOptions;
  readonly #banners: readonly string[];
  readonly #waiting: string[] = [];
  #held: { readonly bytes: Uint8Array; readonly done: () => void }[] = [];
  /** The typed line whose answer is awaited. */
  #own: string | undefined;
  /** The number of the typed line, so that a time-out of an earlier one ends nothing. */
  #turn = 0;
  #driverWaits = false;
  #line = "";
  #lastByte = -Infinity;

  constructor(options: PassageOptions) {
    this.#options = options;
    this.#banners = options.banners.map((banner) => asciiText(banner));
  }

  /** Somebody has typed a line. */
  type(text: string): void {
    const line = text.trim();
    if (line === "") return;
    const reason = reasonAgainst(line);
    if (reason !== undefined) return this.#options.show(`not sent: ${shown(line)}: ${reason}`);
    if (this.#waiting.length >= most) return this.#options.show(`not sent: ${shown(line)}: too many wait`);
    this.#waiting.push(line);
    this.#next();
  }

  /** The driver sends. @param done called when the bytes have left */
  fromDriver(bytes: Uint8Array, done: () => void): void {
    if (this.#own !== undefined) {
      this.#held.push({ bytes: Uint8Array.from(bytes), done });
      return;
    }
    this.#driverWaits = true;
    this.#lastByte = this.#options.scheduler.now;
    this.#options.toModem(bytes, done);
  }

  /** The modem says something. */
  fromModem(bytes: Uint8Array): void {
    this.#lastByte = this.#options.scheduler.now;
    if (this.#own === undefined) {
      // Looked at only for where the driver's answer ends; handed over as it came.
      for (const byte of bytes) this.#scan(byte, (line) => this.#ended(line));
      return this.#options.toDriver(bytes);
    }
    for (const byte of bytes) this.#scan(byte, (line) => this.#sort(line));
  }

  #scan(byte: number, take: (line: string) => void): void {
    if (byte !== 0x0d && byte !== 0x0a) {
      if (this.#line.length < longest) this.#line += String.fromCharCode(byte);
      return;
    }
    const line = this.#line;
    this.#line = "";
    if (line.trim() !== "") take(line);
  }

  #ended(line: string): void {
    if (!final.test(line)) return;
    this.#driverWaits = false;
    if (this.#waiting.length > 0) this.#options.scheduler.after(gap, () => this.#next());
  }

  /** A line while the typed one is in the modem's hands: its answer, or something for the driver. */
  #sort(line: string): void {
    const own = this.#own;
    if (own === undefined) return this.#give(line);
    if (line === own) return;
    if (final.test(line)) {
      this.#options.show(`< ${line}`);
      return this.#release();
    }
    const name = /^AT([+*^#$&][A-Z0-9]+)/i.exec(own)?.[1].toUpperCase();
    const isOwn = name !== undefined && line.toUpperCase().startsWith(name);
    const isBanner = this.#banners.some((each) =>
      each.endsWith("_") ? line.startsWith(each) : line === each,
    );
    if (isOwn || (!isBanner && !/^[+*^#]/.test(line))) return this.#options.show(`< ${line}`);
    this.#give(line);
  }

  #give(line: string): void {
    this.#options.toDriver(Buffer.from(`\r\n${line}\r\n`, "latin1"));
  }

  /** The typed line's turn is over: the driver goes on. */
  #release(): void {
    this.#own = undefined;
    const { scheduler, toModem } = this.#options;
    scheduler.after(gap, () => {
      if (this.#own !== undefined) return;
      const held = this.#held;
      this.#held = [];
      for (const { bytes, done } of held) {
        this.#driverWaits = true;
        toModem(bytes, done);
      }
      this.#next();
    });
  }

  #next(): void {
    const { scheduler, show, toModem } = this.#options;
    if (this.#own !== undefined || this.#waiting.length === 0 || this.#held.length > 0) return;
    const { now } = scheduler;
    if (this.#driverWaits && now - this.#lastByte < quiet) {
      scheduler.after(quiet, () => this.#next());
      return;
    }
    const line = this.#waiting.shift()!;
    const turn = ++this.#turn;
    this.#own = line;
    this.#line = "";
    show(`> ${shown(line)}`);
    toModem(Buffer.from(`${line}\r`, "latin1"), () => {});
    scheduler.after(patience, () => {
      if (this.#own === undefined || this.#turn !== turn) return;
      show("no answer: the modem may be asleep, or the command take longer than the driver can wait");
      this.#release();
    });
  }
}

/** Why a line is not sent, or undefined. */
function reasonAgainst(line: string): string | undefined {
  if (!/^[\x20-\x7e]{1,255}$/.test(line)) return "which is no line of printable ASCII";
  if (/^AT\+COPS=\?/i.test(line)) {
    return "which searches for minutes, and the driver would take the modem for deaf";
  }
  return refusedInit(line);
}

/** A line for the terminal: a PIN or password stands behind these. */
function shown(line: string): string {
  return line.replace(
    /^(.*(?:PIN|CPWD|CLCK|SPIC|AUTH|UAUTHREQ|QICSGP|CNCFG|CSTT|UPSD|CGDEFCONT) *=).+/i,
    (whole, head: string) => (whole.endsWith("=?") ? whole : `${head}…`),
  );
}
