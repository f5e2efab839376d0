/**
 * Waits until the modem is registered: the URC usually tells, and a question now and then makes up for a URC
 * that got lost.
 */
import { describeCause } from "../at/emm-cause";
import { isRegistered } from "../at/fields";
import { runScript } from "../at/script";
import { askCause, askRegistration } from "../at/standard-commands";
import type { AtEngine } from "../at/engine";
import type { DriverState } from "./driver-state";
import type { Family } from "../family/family";
import type { Registration as Status } from "../at/fields";

/** Time between questions, ms. */
const pollInterval = 10_000;
/** A first search can take minutes; after this long something is wrong, ms. */
const limits = Object.freeze({ long: 300_000, short: 90_000 });

/** The parts of the driver that the wait works with. */
export interface RegistrationOptions {
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly family: Family;
  readonly onRegistered: (status: Status, now: number) => void;
}

/** Waits until the modem is registered: the URC usually tells, and a question now and then. */
export class RegistrationWait {
  readonly #options: RegistrationOptions;
  #until = 0;
  /** The status of a URC that came while a command was in flight. */
  #heard: Status | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** @param how long it may take: a search after others that failed is a short one */
  start(how: "long" | "short", now: number): void {
    this.#until = now + limits[how];
    this.ask(now);
  }

  /** Takes the status of a URC. */
  hear(status: Status, now: number): void {
    if (this.#options.at.busy) this.#heard = status;
    else this.judge(status, now);
  }

  private ask(now: number): void {
    this.#heard = undefined;
    const { driver, family } = this.#options;
    let answer: Status | undefined;
    driver.run(
      [askRegistration((status) => (answer = status))],
      (at) => {
        if (driver.state !== "registering") return;
        // A URC that came meanwhile may be older than the answer or newer: "searching" in either decides
        // nothing.
        if (this.#heard !== undefined && this.judge(this.#heard, at)) return;
        if (answer !== undefined && this.judge(answer, at)) return;
        // A UART that sleeps lightly would lose a question that comes later.
        const pause = Math.min(pollInterval, family.sleep.light ?? Infinity);
        if (at < this.#until) driver.later(pause, at, (t) => this.ask(t));
        else driver.faults.noCell(at);
      },
      now,
    );
  }

  /** Acts on a registration status; true when it ends the wait. */
  private judge(status: Status, now: number): boolean {
    if (status.stat === 3) {
      this.denied(status.cause, now);
      return true;
    }
    if (!isRegistered(status)) return false;
    this.#options.driver.cancelLater();
    this.#options.onRegistered(status, now);
    return true;
  }

  private denied(known: number | undefined, now: number): void {
    const { driver, at, family } = this.#options;
    const deny = (cause: number | undefined, t: number): void => {
      driver.log({ kind: "modem denied", cause: describeCause(cause) });
      driver.faults.denied(cause, t);
    };
    if (known !== undefined) return deny(known, now);
    let cause: number | undefined;
    runScript(
      at,
      (family.cause ?? askCause)((told) => (cause = told)),
      (outcome, t) => {
        const { kind } = outcome.result;
        if (kind === "timeout") driver.faults.silence(t);
        else if (kind !== "aborted" && driver.state === "registering") deny(cause, t);
      },
      now,
    );
  }
}
