/**
 * A board's very first start, where it was given no device key: the modem's IMEI becomes it. Until the
 * modem has told it there is no agent, for its topics carry the key; then the board starts anew.
 */
import { checkSegment } from "../enos/credentials";
import type { Log } from "./log";

/** What is used of the modem. */
interface IdentifiedModem {
  readonly imei: string | undefined;
  readonly deadline: number;
  connect(now: number): void;
  poll(now: number): void;
  suspend(now: number): void;
}

export interface IdentificationOptions {
  readonly modem: IdentifiedModem;
  /** Keeps the key where the keys are. */
  readonly store: (deviceKey: string) => void;
  readonly restart: () => void;
  readonly log: Log;
}

/** Stands in for the agent until then. */
export class Identification {
  readonly #options: IdentificationOptions;
  #done = false;

  constructor(options: IdentificationOptions) {
    this.#options = options;
    options.log({ kind: "keys missing" });
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    return this.#options.modem.deadline;
  }

  poll(now: number): void {
    const { modem, store, restart, log } = this.#options;
    if (this.#done) return;
    modem.connect(now);
    modem.poll(now);
    const { imei } = modem;
    if (imei === undefined) return;
    checkSegment("IMEI", imei);
    this.#done = true;
    modem.suspend(now);
    store(imei);
    log({ kind: "keys found", imei });
    restart();
  }

  /** No time is needed for it. */
  setTime(): boolean {
    return false;
  }

  /** A fault in the middle: the modem's driver goes on by itself. */
  fault(): void {}

  supervise(): void {}
}
