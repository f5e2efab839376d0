/**
 * What `npm run device -- --serial` runs:
 *
 *     firmware bundle -- simulated board (timers, pins, storage) -- serial port == modem
 *
 * Everything but the modem is as on the board, in real time; nothing but the log tells how it goes.
 */
import { Board } from "../../sim/board/board";
import { bundleFirmware } from "../../sim/board/bundle";
import { NodeEngine } from "../../sim/engine/node-engine";
import { platformRandomBytes } from "./random";
import { WallClock } from "./wall-clock";
import { retainedLength } from "../../../firmware/continuity/retained-memory";
import { reasonOf } from "../../../firmware/text/reason";
import type { Restart, SerialWire } from "../../sim/board/board";
import type { KeyValueStores } from "../../sim/board/key-value";

/** The serial port, as it is used here. */
interface Port {
  write(bytes: Uint8Array, done: () => void): void;
  /** Changes the rate, bit/s. */
  update(options: { readonly baudRate: number }): void;
  /** Levels of the lines that a program drives; either may stay as it is. */
  set(lines: { readonly dtr?: boolean; readonly rts?: boolean }): void;
}

export interface SerialDeviceOptions {
  readonly port: Port;
  /** Settings of the firmware, as its manifest has them. */
  readonly config: Record<string, unknown>;
  readonly keys: Readonly<Record<string, string>>;
  /** See `BundleOptions.sources`. */
  readonly sources?: ReadonlyMap<string, string>;
  /** The line that stands for PWRKEY, and whether setting it releases the key. */
  readonly powerKey?: { readonly line: "dtr" | "rts"; readonly inverted: boolean };
  /** Each line of the firmware's log. */
  readonly onLog: (text: string) => void;
  /** It has come to an end by itself that it should not have. */
  readonly onFault: (text: string) => void;
}

/** Of the UART that a board has. */
const fifoSize = 128;
/** The GPIO that stands for PWRKEY. */
const powerKeyPin = 5;
/** ms from a restart to the first line of the firmware. */
const bootTime = 500;

/** The board's firmware on this PC, unchanged, with a real modem on a serial port. */
export class SerialDevice {
  readonly #options: SerialDeviceOptions;
  readonly #clock = new WallClock();
  readonly #keyValue: KeyValueStores;
  readonly #retained = new Uint8Array(retainedLength);
  #board: Board | undefined;
  #inFifo = 0;
  #received: Promise<void> = Promise.resolve();
  #bundle = "";

  constructor(options: SerialDeviceOptions) {
    this.#options = options;
    this.#keyValue = new Map([["enos", new Map(Object.entries(options.keys))]]);
  }

  async start(): Promise<void> {
    this.#bundle = await bundleFirmware({ sources: this.#options.sources });
    this.#clock.start((error) => this.#options.onFault(reasonOf(error)));
    await this.#boot("Power-On");
  }

  /** Bytes have come from the modem; they reach the firmware in the order in which they came. */
  receive(bytes: Uint8Array): Promise<void> {
    const received = this.#received.then(() => this.#receive(bytes));
    this.#received = received.catch((error: unknown) => this.#options.onFault(reasonOf(error)));
    return this.#received;
  }

  async #receive(bytes: Uint8Array): Promise<void> {
    await this.#clock.catchUp();
    // As the UART's interrupt does it, and no more at once than its FIFO holds.
    for (let at = 0; at < bytes.length; at += fifoSize) {
      await this.#board?.serialReceive(Uint8Array.from(bytes.subarray(at, at + fifoSize)));
    }
  }

  stop(): void {
    this.#clock.stop();
    this.#board?.powerOff();
  }

  async #boot(resetReason: "Power-On" | "Software" | "Panic"): Promise<void> {
    const { config, powerKey, onLog, port } = this.#options;
    const engine = new NodeEngine();
    engine.evaluate(this.#bundle);
    this.#board = new Board({
      engine,
      scheduler: this.#clock,
      randomBytes: platformRandomBytes,
      epoch: Date.now(),
      rtc: Date.now(),
      config: powerKey === undefined ? config : { ...config, powerKey: powerKeyPin },
      keyValue: this.#keyValue,
      retained: this.#retained,
      resetReason,
      serial: this.#wire(),
      onTrace: (text) => {
        for (const line of text.split("\n")) if (line !== "") onLog(line);
      },
      onPin: (pin, level) => {
        if (pin !== powerKeyPin || powerKey === undefined) return;
        const pressed = level === 0;
        port.set({ [powerKey.line]: pressed !== powerKey.inverted });
      },
      onRestart: (restart) => this.#restarted(restart),
    });
    await this.#board.start();
  }

  /** The FIFO is a count: what was given to the port leaves it when the port says so. */
  #wire(): SerialWire {
    return {
      txFree: () => fifoSize - this.#inFifo,
      setBaud: (baudRate) => this.#options.port.update({ baudRate }),
      write: (bytes) => {
        this.#inFifo += bytes.length;
        this.#options.port.write(bytes, () => {
          this.#inFifo -= bytes.length;
          void this.#board?.serialWritable(fifoSize - this.#inFifo);
        });
      },
    };
  }

  #restarted({ reason, text }: Restart): void {
    this.#options.onLog(`board: restarted ${reason}: ${text}`);
    if (reason !== "software") return this.#options.onFault(`the firmware stopped: ${text}`);
    this.#clock.after(bootTime, () => this.#boot("Software"));
  }
}
