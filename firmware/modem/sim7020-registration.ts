/**
 * Waits until a SIM7020 is registered: the URC usually tells, a question now and then makes up for
 * one that got lost.
 */
import { describeCause } from "./emm-cause";
import { isRegistered } from "./fields";
import { decodeT3324, decodeT3412 } from "./psm";
import { runScript } from "./script";
import { askRegistration } from "./sim7020-set-up";
import type { AtEngine } from "./at";
import type { Registration } from "./fields";
import type { ScriptResult } from "./script";

/** Time between questions, ms. */
const pollInterval = 10_000;
/** A first search can take minutes; after this long something is wrong, ms. */
const limits = Object.freeze({ long: 300_000, short: 90_000 });

export interface RegistrationOptions {
  readonly at: AtEngine;
  /** Runs `action` after `delay` ms. */
  readonly later: (delay: number, now: number, action: (now: number) => void) => void;
  /** Whether the driver still waits for it. */
  readonly wanted: () => boolean;
  readonly onRegistered: (now: number) => void;
  /** The network refuses the device. */
  readonly onDenied: (cause: number | undefined, now: number) => void;
  /** No cell in time. */
  readonly onMissing: (now: number) => void;
  /** The question was not answered, or refused. */
  readonly onTrouble: (outcome: ScriptResult, now: number) => void;
  readonly log: (text: string) => void;
}

/** One wait for registration after another. */
export class Sim7020Registration {
  readonly #options: RegistrationOptions;
  #until = 0;
  /** From a URC that came while a command was in flight. */
  #announced: Registration | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** @param how long it may take: a search after others that failed is a short one */
  start(how: "long" | "short", now: number): void {
    this.#until = now + limits[how];
    this.#ask(now);
  }

  /** Takes in the URC. */
  announce(registration: Registration, now: number): void {
    if (this.#options.at.busy) this.#announced = registration;
    else this.#judge(registration, now);
  }

  #ask(now: number): void {
    this.#announced = undefined;
    let answer: Registration | undefined;
    runScript(
      this.#options.at,
      [askRegistration((registration) => (answer = registration))],
      (outcome, at) => {
        if (outcome.result.kind !== "ok") return this.#options.onTrouble(outcome, at);
        if (!this.#options.wanted()) return;
        // A URC that came meanwhile may be older than the answer, or newer: "searching" settles nothing.
        if (this.#announced !== undefined && this.#judge(this.#announced, at)) return;
        if (answer !== undefined && this.#judge(answer, at)) return;
        if (at < this.#until) this.#options.later(pollInterval, at, (t) => this.#ask(t));
        else this.#options.onMissing(at);
      },
      now,
    );
  }

  /** Acts on a registration status; true when the matter is settled. */
  #judge(registration: Registration, now: number): boolean {
    if (registration.stat === 3) {
      this.#options.log(`denied cause=${describeCause(registration.cause)}`);
      this.#options.onDenied(registration.cause, now);
      return true;
    }
    if (!isRegistered(registration)) return false;
    const t3324 = registration.t3324 === undefined ? undefined : decodeT3324(registration.t3324);
    const t3412 = registration.t3412 === undefined ? undefined : decodeT3412(registration.t3412);
    const timers = t3324 !== undefined && t3412 !== undefined ? ` t3324=${t3324}s t3412=${t3412}s` : "";
    this.#options.log(`registered stat=${registration.stat}${timers}`);
    this.#options.onRegistered(now);
    return true;
  }
}
