/**
 * A board's serial port that may go away and come back: a chip with USB of its own takes its port with it into deep
 * sleep, and a cable can be pulled.
 */
import { existsSync } from "node:fs";
import { openSerialPort } from "../pc/serial-port";
import { RateSearch } from "./rate-search";
import type { SerialPort } from "../pc/serial-port";

export interface WatchedPortOptions {
  readonly path: string;
  /** One where it is known, else those to try. */
  readonly rates: readonly number[];
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The port has gone or is back, or another rate is tried. */
  readonly onNote: (text: string) => void;
}

/** How often a port that is gone is looked for, ms. */
const retry = 250;
/** How long the line that resets the chip is held, ms. */
const resetPulse = 100;

/** Listens to a board. */
export class WatchedPort {
  readonly #options: WatchedPortOptions;
  readonly #search: RateSearch;
  #port: SerialPort | undefined;
  #timer: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WatchedPortOptions) {
    this.#options = options;
    this.#search = new RateSearch(options.rates);
  }

  /** The rate that is in force, bit/s. */
  get rate(): number {
    return this.#search.rate;
  }

  /** Opens it. @throws SerialPortError when it is not there at first */
  async open(): Promise<void> {
    const port = await openSerialPort(this.#options.path, this.#search.rate, { hangUp: false });
    if (this.#closed) return port.close(() => {});
    this.#port = port;
    port.on("data", (bytes: Uint8Array) => {
      this.#options.onBytes(bytes);
      const rate = this.#search.next(bytes);
      if (rate === undefined) return;
      this.#options.onNote(`what comes is no text: ${rate} baud is tried`);
      port.update({ baudRate: rate }, () => {});
    });
    port.on("error", () => this.#lost(port));
    port.on("close", () => this.#lost(port));
    // The package may go on reading nothing from a port that has gone, and hold its name so that it comes back under
    // another one. Windows has no such files.
    if (process.platform === "win32") return;
    this.#look = setInterval(() => {
      if (!existsSync(this.#options.path)) this.#lost(port);
    }, retry);
  }

  /** A line of the firmware's was read: the rate is the board's. */
  confirm(): void {
    this.#search.confirm();
  }

  /** Has the board start anew, by the lines that its programming circuit has: RTS pulls its reset, DTR stays high. */
  async reset(): Promise<void> {
    const port = this.#port;
    if (port === undefined) return;
    const set = (lines: object): Promise<void> => new Promise((resolve) => port.set(lines, resolve));
    await set({ dtr: false, rts: true });
    await new Promise((resolve) => setTimeout(resolve, resetPulse));
    await set({ dtr: false, rts: false });
  }

  write(bytes: Uint8Array): void {
    this.#port?.write(bytes);
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#look);
    const port = this.#port;
    this.#port = undefined;
    if (port !== undefined) await new Promise<void>((resolve) => port.close(() => resolve()));
  }

  #lost(port: SerialPort): void {
    if (this.#closed || this.#port !== port) return;
    this.#port = undefined;
    clearInterval(this.#look);
    port.close(() => {});
    this.#options.onNote(`${this.#options.path} is gone: the board sleeps, or was unplugged; waiting for it`);
    this.#wait();
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.open().then(
        () => this.#options.onNote(`${this.#options.path} is back`),
        () => {
          if (!this.#closed) this.#wait();
        },
      );
    }, retry);
  }
}
