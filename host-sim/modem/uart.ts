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
 * There is no flow control. Bytes are moved in chunks, one scheduler event each, at the time at
 * which the chunk's last byte has passed.
 */
import type { ScheduledEvent, Scheduler } from "../world/clock";

/** Bytes in each of the ESP32's hardware FIFOs. */
export const fifoSize = 128;
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
  /** At most 120 bytes, the caller's to keep. Runs as a scheduler event of its own. */
  onReceive: (bytes: Uint8Array) => void | Promise<void>;
  /** Room in the TX FIFO, bytes. Runs as a scheduler event of its own, after a write. */
  onWritable: (free: number) => void | Promise<void>;
}

/** What the modem sees of the wire. */
export interface SerialModemSide {
  /** The wire's rate; left out, 115200. */
  readonly baud?: number;
  /** Sends bytes, any number of them, behind those not sent yet. */
  write(bytes: Uint8Array): void;
  /** Bytes from the board, the modem's to keep. */
  onReceive: (bytes: Uint8Array) => void;
  /** While off, bytes from the board are lost. Off at first. */
  setPowered(on: boolean): void;
}

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
  /** ms that one byte takes. */
  readonly byteTime: number;
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

  /** @throws RangeError for a rate that is no positive number */
  constructor(options: { scheduler: Scheduler; baud: number }) {
    if (!(options.baud > 0)) throw new RangeError(`baud must be a positive number, got ${options.baud}`);
    this.#scheduler = options.scheduler;
    this.byteTime = 10_000 / options.baud;
    this.board = {
      write: (bytes) => this.#fromBoard(bytes),
      txFree: () => fifoSize - this.#waitingToSend(),
      onReceive: () => {},
      onWritable: () => {},
    };
    this.modem = {
      baud: options.baud,
      write: (bytes) => this.#towardsBoard(bytes),
      onReceive: () => {},
      setPowered: (on) => {
        if (on && !this.#powered) this.#poweredSince = this.#scheduler.now;
        this.#powered = on;
      },
    };
  }

  /** Puts noise on the wire towards the board, behind what the modem is sending. */
  garbage(bytes: Uint8Array): void {
    this.#towardsBoard(bytes);
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
    const chunk = bytes.slice();
    const start = Math.max(this.#scheduler.now, this.#boardBusyUntil);
    const end = start + chunk.length * this.byteTime;
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
    const missed = Math.ceil((this.#poweredSince - start) / this.byteTime - 1e-6);
    if (missed >= chunk.length) return;
    this.modem.onReceive(missed > 0 ? chunk.slice(missed) : chunk);
  }

  #towardsBoard(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const start = Math.max(this.#scheduler.now, this.#modemBusyUntil);
    this.#modemBusyUntil = start + bytes.length * this.byteTime;
    this.#incoming.push({ bytes: bytes.slice(), start });
    this.#scheduleRaise();
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
    this.#raise = this.#scheduler.at(time, () => {
      const chunk = this.#take(count);
      this.#raise = undefined;
      this.#scheduleRaise();
      return this.board.onReceive(chunk);
    });
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
