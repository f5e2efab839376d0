/**
 * The serial wire between the ESP32 and the modem, in virtual time.
 *
 * 8N1: a byte is 10 bit times (86.8 us at 115200 baud). The board's side behaves as the ESP32's
 * hardware FIFOs under Moddable's `embedded:io/serial` do, which has no buffer of its own:
 *
 *   board  --[ 128-byte TX FIFO ]-->  modem
 *   board  <--[ 128-byte RX FIFO ]--  modem
 *
 * - a write must fit into the TX FIFO's room; `onWritable` comes once 10 bytes or fewer remain in it;
 * - received bytes are handed over when 120 are waiting, or after 4 symbol times of silence.
 *
 * Each side has a rate of its own. Where they differ, what one sends is noise to the other: as many bytes as
 * the listener has time for, none of them what was sent. A modem that finds the rate by itself has the board's.
 *
 * While the board sleeps lightly its UART stands still: the first bit wakes the board, and what begins before the clocks
 * run again is lost. Where RI is wired, the modem pulls it in time, and nothing is.
 *
 * There is no flow control. Bytes are moved in chunks, one scheduler event each, at the time at
 * which the chunk's last byte has passed.
 */
import { Random } from "../time/random";
import type { ScheduledEvent, Scheduler } from "../time/clock";

/** Bytes in each of the ESP32's hardware FIFOs. */
const fifoSize = 128;
/** Waiting bytes at which the receive interrupt is raised. */
const receiveThreshold = 120;
/** Silence, in symbol (byte) times, that raises it for fewer bytes. */
const receiveSilence = 4;
/** Bytes left in the TX FIFO at which `onWritable` comes. */
const writableThreshold = 10;

/** What the board sees of the wire. */
export interface SerialBoardSide {
  /**
   * Puts bytes into the TX FIFO.
   * @throws RangeError when they do not fit: ask `txFree` first
   */
  write(bytes: Uint8Array): void;
  /** Room in the TX FIFO now, bytes. */
  txFree(): number;
  /** Another rate from now on. @throws RangeError for a rate that is no positive number */
  setBaud(rate: number): void;
  /** At most 120 bytes, or 128 after a time in which the board was deaf; the caller's to keep. Runs as a scheduler event of its own. */
  onReceive: (bytes: Uint8Array) => void | Promise<void>;
  /** Room in the TX FIFO, bytes. Runs as a scheduler event of its own, after a write. */
  onWritable: (free: number) => void | Promise<void>;
}

/** What the modem sees of the wire. */
export interface SerialModemSide {
  /** Its rate; left out, 115200. */
  readonly baud?: number;
  /** Another rate from now on, 0 for whichever the board has. Left out where the wire has no rate. */
  setBaud?(rate: number): void;
  /** Sends bytes, any number of them, behind those not sent yet. */
  write(bytes: Uint8Array): void;
  /** Bytes from the board, the modem's to keep. */
  onReceive: (bytes: Uint8Array) => void;
  /** While off, bytes from the board are lost. Off at first. */
  setPowered(on: boolean): void;
}

/** Probability that a byte is the next one that `corrupt` hits. */
const corruptionDensity = 1 / 8;

/** Bytes on the wire towards the board, not handed over yet. */
interface Segment {
  bytes: Uint8Array;
  /** Virtual ms when the first bit of `bytes[0]` starts. */
  start: number;
}

/** The wire with both its ends. */
export class Uart {
  readonly board: SerialBoardSide;
  readonly modem: SerialModemSide;
  #boardBaud: number;
  /** 0: whichever the board has. */
  #modemBaud = 0;
  readonly #misheard = new Random("uart at another rate");
  readonly #scheduler: Scheduler;

  // Board to modem.
  #boardBusyUntil = 0;
  #writable: ScheduledEvent | undefined;
  #powered = false;
  #poweredSince = 0;

  // Modem to board.
  #modemBusyUntil = 0;
  #incoming: Segment[] = [];
  #raise: ScheduledEvent | undefined;

  /** The board empties no FIFO until then, ms. */
  #deafUntil = 0;
  /** Bytes so far that came meanwhile and found the FIFO full. */
  lost = 0;

  /** The board sleeps lightly: what ends that, and ms from the first bit until its UART hears. */
  #lightSleep: { readonly end: () => void; readonly clocksRun: number } | undefined;
  /** Its UART hears what begins from then on, ms. */
  #hearsFrom = 0;
  /** Bytes so far that came before that. */
  lostInSleep = 0;

  // Its faults, in bytes.
  #beforeOverrun = 0;
  #overrun = 0;
  #corrupt = 0;
  #noise: Random;

  /** @throws RangeError for a rate that is no positive number */
  constructor(options: { scheduler: Scheduler; baud: number }) {
    this.#boardBaud = positiveRate(options.baud);
    this.#scheduler = options.scheduler;
    this.#noise = new Random(`uart ${options.baud}`);
    this.board = {
      write: (bytes) => this.#fromBoard(bytes),
      txFree: () => fifoSize - this.#waitingToSend(),
      setBaud: (rate) => (this.#boardBaud = positiveRate(rate)),
      onReceive: () => {},
      onWritable: () => {},
    };
    const uart = this;
    this.modem = {
      get baud() {
        return uart.#modemRate;
      },
      setBaud: (rate) => (this.#modemBaud = rate === 0 ? 0 : positiveRate(rate)),
      write: (bytes) => this.#towardsBoard(bytes),
      onReceive: () => {},
      setPowered: (on) => {
        if (on && !this.#powered) this.#poweredSince = this.#scheduler.now;
        this.#powered = on;
      },
    };
  }

  /** ms that one byte of the board's takes. */
  get byteTime(): number {
    return 10_000 / this.#boardBaud;
  }

  get #modemRate(): number {
    return this.#modemBaud === 0 ? this.#boardBaud : this.#modemBaud;
  }

  /** Puts noise on the wire towards the board, behind what the modem is sending. */
  garbage(bytes: Uint8Array): void {
    this.#towardsBoard(bytes);
  }

  /**
   * The RX FIFO runs over: of what is sent towards the board from now on, `count` bytes are lost, once
   * `after` bytes have come through. Another call replaces what is left of the one before.
   * @throws RangeError for what is no number of bytes
   */
  overrun(count: number, after = 0): void {
    this.#overrun = byteCount("overrun", count);
    this.#beforeOverrun = byteCount("overrun, after", after);
  }

  /**
   * For so many ms the board does not empty its RX FIFO, because it erases flash: the ESP32's cache is off
   * meanwhile, and with it all code that is not in RAM. Of what comes then, all beyond 128 bytes is lost.
   */
  deaf(duration: number): void {
    this.#deafUntil = Math.max(this.#deafUntil, this.#scheduler.now + duration);
    this.#scheduleRaise();
  }

  /**
   * The board sleeps lightly from now on, until something comes; then `onWake` is called. Not while there is something
   * that has not been sent or read yet, as the ESP32 would not: that is what is returned.
   *
   * @param clocksRun ms from the first bit until its UART hears; 0 where the modem's RI wakes it in time
   */
  sleep(clocksRun: number, onWake: () => void): boolean {
    if (this.#incoming.length > 0 || this.#boardBusyUntil > this.#scheduler.now) return false;
    this.#lightSleep = { end: onWake, clocksRun };
    return true;
  }

  /** The board has woken by itself. */
  wake(): void {
    this.#lightSleep = undefined;
  }

  /**
   * Of what is sent towards the board from now on, `count` bytes, about one in eight, get a bit flipped.
   * Another call replaces what is left of the one before.
   * @param random decides which byte and bit; left out, a fixed stream of the wire's own
   * @throws RangeError for what is no number of bytes
   */
  corrupt(count: number, random: Random = this.#noise): void {
    this.#corrupt = byteCount("corrupt", count);
    this.#noise = random;
  }

  /** Bytes in the TX FIFO; the one on the wire counts until its stop bit is out. */
  #waitingToSend(): number {
    const left = (this.#boardBusyUntil - this.#scheduler.now) / this.byteTime;
    // Sums of byte times carry rounding noise far below a bit: it must not count as a byte.
    return left <= 0 ? 0 : Math.ceil(left - 1e-6);
  }

  #fromBoard(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const free = fifoSize - this.#waitingToSend();
    if (bytes.length > free) {
      throw new RangeError(
        `the TX FIFO has room for ${free} bytes, got ${bytes.length}: wait for onWritable`,
      );
    }
    const start = Math.max(this.#scheduler.now, this.#boardBusyUntil);
    const end = start + bytes.length * this.byteTime;
    const chunk = this.#heard(bytes, this.#boardBaud, this.#modemRate);
    this.#boardBusyUntil = end;
    this.#scheduler.at(end, () => this.#reachModem(chunk, start));
    this.#scheduler.cancel(this.#writable);
    this.#writable = this.#scheduler.at(end - writableThreshold * this.byteTime, () =>
      this.board.onWritable(this.board.txFree()),
    );
  }

  #reachModem(chunk: Uint8Array, start: number): void {
    if (!this.#powered) return;
    // A modem that came up while the chunk was passing hears its rest, from the next whole byte on.
    const byteTime = (this.#scheduler.now - start) / chunk.length;
    const missed = Math.ceil((this.#poweredSince - start) / byteTime - 1e-6);
    if (missed >= chunk.length) return;
    this.modem.onReceive(missed > 0 ? chunk.slice(missed) : chunk);
  }

  #towardsBoard(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    let start = Math.max(this.#scheduler.now, this.#modemBusyUntil);
    this.#modemBusyUntil = start + (bytes.length * 10_000) / this.#modemRate;
    if (this.#lightSleep !== undefined) {
      const { end, clocksRun } = this.#lightSleep;
      this.#lightSleep = undefined;
      this.#hearsFrom = start + clocksRun;
      // The first bit comes now: whatever the modem was sending had woken the board.
      end();
    }
    const byteTime = 10_000 / this.#modemRate;
    const missed = Math.max(0, Math.ceil((this.#hearsFrom - start) / byteTime - 1e-6));
    if (missed > 0) {
      this.lostInSleep += Math.min(missed, bytes.length);
      if (missed >= bytes.length) return;
      bytes = bytes.subarray(missed);
      start += missed * byteTime;
    }
    const received = this.#heard(bytes, this.#modemRate, this.#boardBaud);
    if (this.#corrupt > 0) this.#flipBits(received);
    // What is lost took its time on the wire all the same.
    const lostFrom = Math.min(this.#beforeOverrun, received.length);
    const lostTo = Math.min(lostFrom + this.#overrun, received.length);
    this.#beforeOverrun -= this.#overrun > 0 ? lostFrom : 0;
    this.#overrun -= lostTo - lostFrom;
    if (lostFrom === lostTo) {
      this.#incoming.push({ bytes: received, start });
    } else {
      if (lostFrom > 0) this.#incoming.push({ bytes: received.subarray(0, lostFrom), start });
      const rest = received.subarray(lostTo);
      if (rest.length > 0) this.#incoming.push({ bytes: rest, start: start + lostTo * this.byteTime });
    }
    this.#scheduleRaise();
  }

  /** What a listener at `at` bit/s makes of bytes that were sent at `sent` bit/s. */
  #heard(bytes: Uint8Array, sent: number, at: number): Uint8Array {
    if (sent === at) return bytes.slice();
    return this.#misheard.bytes(Math.max(1, Math.floor((bytes.length * at) / sent)));
  }

  #flipBits(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && this.#corrupt > 0; i++) {
      if (!this.#noise.chance(corruptionDensity)) continue;
      bytes[i] ^= 1 << (this.#noise.u32() >>> 29);
      this.#corrupt -= 1;
    }
  }

  /** Finds when the receive interrupt comes next: by threshold or by silence, and with how much. */
  #scheduleRaise(): void {
    this.#scheduler.cancel(this.#raise);
    this.#raise = undefined;
    if (this.#incoming.length === 0) return;
    const silence = receiveSilence * this.byteTime;
    let waiting = 0;
    let lastEnd = 0;
    for (const segment of this.#incoming) {
      if (waiting > 0 && segment.start - lastEnd >= silence) break;
      const missing = receiveThreshold - waiting;
      if (segment.bytes.length >= missing) {
        this.#raiseAt(segment.start + missing * this.byteTime, receiveThreshold);
        return;
      }
      waiting += segment.bytes.length;
      lastEnd = segment.start + segment.bytes.length * this.byteTime;
    }
    this.#raiseAt(lastEnd + silence, waiting);
  }

  #raiseAt(time: number, count: number): void {
    const late = this.#deafUntil > time;
    this.#raise = this.#scheduler.at(late ? this.#deafUntil : time, () => {
      const chunk = late ? this.#takeArrived() : this.#take(count);
      this.#raise = undefined;
      this.#scheduleRaise();
      return this.board.onReceive(chunk);
    });
  }

  /** What the FIFO holds of all that has come so far. */
  #takeArrived(): Uint8Array {
    let arrived = 0;
    for (const { bytes, start } of this.#incoming) {
      const passed = Math.floor((this.#scheduler.now - start) / this.byteTime + 1e-6);
      arrived += Math.max(0, Math.min(passed, bytes.length));
      if (passed < bytes.length) break;
    }
    const chunk = this.#take(Math.min(arrived, fifoSize));
    const beyond = arrived - chunk.length;
    this.#take(beyond);
    this.lost += beyond;
    return chunk;
  }

  #take(count: number): Uint8Array {
    const chunk = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const segment = this.#incoming[0];
      const part = segment.bytes.subarray(0, count - filled);
      chunk.set(part, filled);
      filled += part.length;
      if (part.length === segment.bytes.length) {
        this.#incoming.shift();
      } else {
        segment.bytes = segment.bytes.subarray(part.length);
        segment.start += part.length * this.byteTime;
      }
    }
    return chunk;
  }
}

function positiveRate(baud: number): number {
  if (baud > 0) return baud;
  throw new RangeError(`baud must be a positive number, got ${baud}`);
}

function byteCount(name: string, count: number): number {
  if (Number.isInteger(count) && count >= 0) return count;
  throw new RangeError(`${name}: expected a number of bytes, got ${count}`);
}
