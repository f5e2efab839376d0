/**
 * The first start of a board that was given no device key: the modem's IMEI becomes the key. The agent's
 * topics carry the key, so there is no agent until the modem has told its IMEI; then the board restarts.
 */
import { checkSegment } from "../enos/credentials";
import { reasonOf } from "../text/reason";
import type { Log } from "./log";

/** What is used of the modem. */
interface IdentifiedModem {
  readonly imei: string | undefined;
  readonly deadline: number;
  connect(now: number): void;
  poll(now: number): void;
  suspend(now: number): void;
}

/** Pause before the key is stored again where storage did not take it, ms. */
const pauseAfterFailure = 900_000;

export interface IdentificationOptions {
  readonly modem: IdentifiedModem;
  /** Stores the device key where the product key and the secret are. */
  readonly store: (deviceKey: string) => void;
  readonly restart: () => void;
  readonly log: Log;
}

/** Stands in for the agent until the device key is known. */
export class Identification {
  readonly #options: IdentificationOptions;
  #done = false;
  /** Storage did not take the key; it is tried again then, ms. */
  #retryAt = 0;

  constructor(options: IdentificationOptions) {
    this.#options = options;
    options.log({ kind: "keys missing" });
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    return Math.max(this.#options.modem.deadline, this.#retryAt);
  }

  poll(now: number): void {
    const { modem, store, restart, log } = this.#options;
    if (this.#done || now < this.#retryAt) return;
    modem.connect(now);
    modem.poll(now);
    const { imei } = modem;
    if (imei === undefined) return;
    checkSegment("IMEI", imei);
    modem.suspend(now);
    try {
      store(imei);
    } catch (error) {
      log({ kind: "memory failed", reason: reasonOf(error) });
      this.#retryAt = now + pauseAfterFailure;
      return;
    }
    this.#done = true;
    log({ kind: "keys found", imei });
    restart();
  }

  /** The time is of no use before there is an agent, so it is never taken over. */
  setTime(): boolean {
    return false;
  }

  /** Does nothing about an exception: the modem's driver goes on at its next deadline. */
  fault(): void {}

  supervise(): void {}
}
