/**
 * What follows a failure: how long the driver leaves the modem alone, and what the next attempt begins
 * with. Pauses grow, and begin short again once the modem has been up.
 */
import { Backoff } from "../../timing/backoff";
import { isLasting } from "../at/emm-cause";
import type { ResetEscalation, ResetLevel } from "./reset-escalation";
import type { DownReason } from "./modem-options";

const hour = 3_600_000;
/** Reboots by itself, before the modem ever came up, that are followed by a bring-up at once. */
const rebootsAtOnce = 2;
/** Reboots in a row from which on the modem counts as one that restarts again and again. */
const manyReboots = 4;
/** A reboot so long after the one before, and the pause behind that, begins a new row, ms. */
const rebootsApart = 900_000;
/** ESM failure: mostly the access point's name, sometimes the network's trouble. */
const esmFailure = 19;

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
  /** For denials that may be lasting: once more soon, and in the end as rarely as for those that are. */
  readonly #doubtfulPauses: Backoff;
  /** Reboots in a row, and when the pause behind the last one is over, ms. */
  #reboots = 0;
  #calmFrom = -Infinity;

  constructor(options: RetryPolicyOptions) {
    this.#options = options;
    // A board that restarts in an outage goes on with pauses as long as before.
    this.#pauses = new Backoff(10_000, hour, options.random, options.escalation.failures);
    this.#longPauses = new Backoff(hour / 2, 6 * hour, options.random);
    this.#doubtfulPauses = new Backoff(hour / 12, 6 * hour, options.random);
  }

  /** Times in a row that the modem has restarted by itself, when they are many; else 0. */
  get manyReboots(): number {
    return this.#reboots >= manyReboots ? this.#reboots : 0;
  }

  /** Counts a failure; ms until the next attempt. @param cause EMM cause of a denial, when known */
  failed(reason: DownReason, cause: number | undefined, now: number): number {
    this.count();
    const pause = this.pausesFor(reason, cause).next();
    if (reason === "rebooted") this.#calmFrom = now + pause;
    return pause;
  }

  private pausesFor(reason: DownReason, cause: number | undefined): Backoff {
    switch (reason) {
      case "denied":
        if (isLasting(cause)) return this.#longPauses;
        return cause === undefined || cause === esmFailure ? this.#doubtfulPauses : this.#pauses;
      case "roaming":
        return this.#longPauses;
      case "sim":
        return this.#options.escalation.failures > 1 ? this.#longPauses : this.#pauses;
      case "rebooted": {
        // Counted apart, for between two reboots the modem may come up.
        const further = this.#reboots - manyReboots;
        return further < 0 ? this.#pauses : new Backoff(30_000, hour, this.#options.random, further);
      }
      default:
        return this.#pauses;
    }
  }

  /**
   * The modem has restarted by itself. False when it has done so again and again, as with a supply too weak for
   * the attach or for a datagram: then the growing pause is due.
   */
  rebooted(now: number): boolean {
    if (now - this.#calmFrom > rebootsApart) this.#reboots = 0;
    this.#reboots += 1;
    this.#calmFrom = now;
    if (this.#reboots >= manyReboots || this.#options.escalation.failures >= rebootsAtOnce) return false;
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
    if (reason === "denied" || reason === "roaming" || reason === "wrong-modem") return undefined;
    return this.#options.escalation.beforeBringUp(reason === "no-answer" || reason === "powered-off");
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
    this.#doubtfulPauses.reset();
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
