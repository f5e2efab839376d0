/**
 * Waits until the modem is registered: the URC usually tells, a question now and then makes up for
 * one that got lost.
 */
import { describeCause } from "../at/emm-cause";
import { isRegistered } from "../at/fields";
import { runScript } from "../at/script";
import { askRegistration } from "../at/standard-commands";
import type { AtEngine } from "../at/engine";
import type { Family } from "../family/family";
import type { Registration as Status } from "../at/fields";
import type { ScriptResult } from "../at/script";
import type { ModemLog } from "./modem-log";

/** Time between questions, ms. */
const pollInterval = 10_000;
/** A first search can take minutes; after this long something is wrong, ms. */
const limits = Object.freeze({ long: 300_000, short: 90_000 });

export interface RegistrationOptions {
  readonly at: AtEngine;
  readonly family: Family;
  /** Runs `action` after `delay` ms. */
  readonly later: (delay: number, now: number, action: (now: number) => void) => void;
  /** Whether the driver still waits for it. */
  readonly wanted: () => boolean;
  readonly onRegistered: (status: Status, now: number) => void;
  /** The network refuses the device. */
  readonly onDenied: (cause: number | undefined, now: number) => void;
  /** No cell in time. */
  readonly onMissing: (now: number) => void;
  /** The question was not answered, or refused. */
  readonly onTrouble: (outcome: ScriptResult, now: number) => void;
  readonly log: ModemLog;
}

/** One wait for registration after another. */
export class RegistrationWait {
  readonly #options: RegistrationOptions;
  #until = 0;
  /** From a URC that came while a command was in flight. */
  #announced: Status | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** @param how long it may take: a search after others that failed is a short one */
  start(how: "long" | "short", now: number): void {
    this.#until = now + limits[how];
    this.#ask(now);
  }

  /** Takes in the URC. */
  announce(status: Status, now: number): void {
    if (this.#options.at.busy) this.#announced = status;
    else this.#judge(status, now);
  }

  #ask(now: number): void {
    this.#announced = undefined;
    let answer: Status | undefined;
    runScript(
      this.#options.at,
      [askRegistration((status) => (answer = status))],
      (outcome, at) => {
        if (outcome.result.kind !== "ok") return this.#options.onTrouble(outcome, at);
        if (!this.#options.wanted()) return;
        // A URC that came meanwhile may be older than the answer, or newer: "searching" settles nothing.
        if (this.#announced !== undefined && this.#judge(this.#announced, at)) return;
        if (answer !== undefined && this.#judge(answer, at)) return;
        // A UART that sleeps lightly would lose a question that comes later.
        const pause = Math.min(pollInterval, this.#options.family.sleep.light ?? Infinity);
        if (at < this.#until) this.#options.later(pause, at, (t) => this.#ask(t));
        else this.#options.onMissing(at);
      },
      now,
    );
  }

  /** Acts on a registration status; true when the matter is settled. */
  #judge(status: Status, now: number): boolean {
    if (status.stat === 3) {
      this.#denied(status.cause, now);
      return true;
    }
    if (!isRegistered(status)) return false;
    this.#options.onRegistered(status, now);
    return true;
  }

  #denied(known: number | undefined, now: number): void {
    const { at, family, log, onDenied, onTrouble, wanted } = this.#options;
    const settle = (cause: number | undefined, t: number): void => {
      log({ kind: "modem denied", cause: describeCause(cause) });
      onDenied(cause, t);
    };
    if (known !== undefined || family.cause === undefined) return settle(known, now);
    let cause: number | undefined;
    runScript(
      at,
      family.cause((told) => (cause = told)),
      (outcome, t) => {
        const { kind } = outcome.result;
        if (kind === "timeout") onTrouble(outcome, t);
        else if (kind !== "aborted" && wanted()) settle(cause, t);
      },
      now,
    );
  }
}
