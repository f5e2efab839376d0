/**
 * What follows a failure: how long the driver leaves the modem alone, and what the next attempt begins
 * with. Pauses grow, and begin short again once the modem has been up.
 */
import { Backoff } from "../../timing/backoff";
import { isLasting } from "../at/emm-cause";
import type { ResetEscalation, ResetLevel } from "./reset-escalation";
import type { DownReason } from "./modem-options";

const hour = 3_600_000;
/** Reboots by itself that are followed by a bring-up at once. */
const rebootsAtOnce = 2;

/** What the retry policy is given. */
export interface RetryPolicyOptions {
  readonly escalation: ResetEscalation;
  /** Number in [0, 1). */
  readonly random: () => number;
  /** Counts of the escalation have changed. */
  readonly onEscalation?: (state: readonly number[]) => void;
}

/**
 * What follows a failure: how long the driver leaves the modem alone, and what the next attempt begins with.
 */
export class RetryPolicy {
  readonly #options: RetryPolicyOptions;
  readonly #pauses: Backoff;
  /** For failures that will be the same in an hour: a card that is missing, a contract without NB-IoT. */
  readonly #longPauses: Backoff;

  constructor(options: RetryPolicyOptions) {
    this.#options = options;
    // A board that restarts in an outage goes on with pauses as long as before.
    this.#pauses = new Backoff(10_000, hour, options.random, options.escalation.failures);
    this.#longPauses = new Backoff(hour / 2, 6 * hour, options.random);
  }

  /** Counts a failure; ms until the next attempt. @param cause EMM cause of a denial, when known */
  failed(reason: DownReason, cause: number | undefined): number {
    this.count();
    const again = this.#options.escalation.failures > 1;
    const lasting = reason === "denied" ? isLasting(cause) : reason === "sim" && again;
    return (lasting ? this.#longPauses : this.#pauses).next();
  }

  /**
   * The modem has restarted by itself. False when it has done so again and again before it ever came up, as
   * with a supply too weak for the attach: then the growing pause is due.
   */
  rebooted(): boolean {
    if (this.#options.escalation.failures >= rebootsAtOnce) return false;
    this.count();
    this.#pauses.next();
    return true;
  }

  /**
   * The modem came up and opened no socket, `times` in a row: no success, so the pauses grow all the same.
   */
  useless(times: number): void {
    for (let i = 0; i < times; i++) {
      this.#pauses.next();
      this.#options.escalation.failed();
    }
  }

  /** The level that the next attempt begins with; undefined for a bring-up alone. */
  next(reason: DownReason): ResetLevel | undefined {
    // A reset cures neither a denial nor a wrong modem.
    if (reason === "denied" || reason === "wrong-modem") return undefined;
    return this.#options.escalation.beforeBringUp(reason === "no-answer");
  }

  /** A level of the escalation was taken. */
  taken(level: ResetLevel): void {
    this.#options.escalation.taken(level);
    this.tell();
  }

  /** The modem is up. */
  succeeded(): void {
    this.#pauses.reset();
    this.#longPauses.reset();
    if (this.#options.escalation.failures === 0) return;
    this.#options.escalation.succeeded();
    this.tell();
  }

  private count(): void {
    this.#options.escalation.failed();
    this.tell();
  }

  private tell(): void {
    this.#options.onEscalation?.(this.#options.escalation.state);
  }
}
