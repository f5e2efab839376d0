/**
 * What follows a failure: how long the driver leaves the modem alone, and what the next attempt begins
 * with. Pauses grow, and begin short again once the modem has been up.
 */
import { Backoff } from "../../timing/backoff";
import { isLasting } from "../at/emm-cause";
import type { RetryMemory } from "./driver-memory";
import type { ResetEscalation, ResetLevel } from "./reset-escalation";
import type { DownReason } from "./modem-options";

const hour = 3_600_000;
/** Reboots by itself, before the modem ever came up, that are followed by a bring-up at once. */
const rebootsAtOnce = 2;
/** Breakdowns in a row from which on the modem counts as one that breaks down again and again. */
const manyBreakdowns = 4;
/** A breakdown so long after the one before, and the pause behind that, begins a new row, ms. */
const breakdownsApart = 900_000;
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
  /** Breakdowns in a row, and when the pause behind the last one is over, ms. */
  #breakdowns = 0;
  #calmFrom = -Infinity;
  /** The modem has been up since the last failure. */
  #cameUp = false;
  /** The last failure was a breakdown. */
  #broken = false;

  constructor(options: RetryPolicyOptions) {
    this.#options = options;
    // A board that restarts in an outage goes on with pauses as long as before.
    this.#pauses = new Backoff(10_000, hour, options.random, options.escalation.failures);
    this.#longPauses = new Backoff(hour / 2, 6 * hour, options.random);
    this.#doubtfulPauses = new Backoff(hour / 6, 6 * hour, options.random);
  }

  /** What to keep over the ESP32's deep sleep; the usual pauses go by the failures of the escalation. */
  get memory(): RetryMemory {
    return {
      long: this.#longPauses.failures,
      doubtful: this.#doubtfulPauses.failures,
      breakdowns: this.#breakdowns,
      calmFrom: this.#calmFrom,
      cameUp: this.#cameUp,
      broken: this.#broken,
    };
  }

  /** Takes back what `memory` gave. */
  restore({ long, doubtful, breakdowns, calmFrom, cameUp, broken }: RetryMemory): void {
    this.#longPauses.failures = long;
    this.#doubtfulPauses.failures = doubtful;
    this.#breakdowns = breakdowns;
    this.#calmFrom = calmFrom;
    this.#cameUp = cameUp;
    this.#broken = broken;
  }

  /** Times in a row that the modem has broken down, as it just has, when they are many; else 0. */
  get manyBreakdowns(): number {
    return this.#broken && this.#breakdowns >= manyBreakdowns ? this.#breakdowns : 0;
  }

  /**
   * Counts a failure; ms until the next attempt.
   *
   * A breakdown is a reboot, or one that was up and is off or deaf since: a supply too weak for a datagram does that.
   * Breakdowns are counted apart, for between two of them the modem may come up.
   *
   * @param cause EMM cause of a denial, when known
   */
  failed(reason: DownReason, cause: number | undefined, now: number): number {
    this.count();
    const lost = this.#cameUp && (reason === "powered-off" || reason === "no-answer");
    if (lost) this.breakdown(now);
    this.#cameUp = false;
    this.#broken = lost || reason === "rebooted";
    const pause = this.pausesFor(reason, cause).next();
    if (this.#broken) this.#calmFrom = now + pause;
    return pause;
  }

  private breakdown(now: number): void {
    if (now - this.#calmFrom > breakdownsApart) this.#breakdowns = 0;
    this.#breakdowns += 1;
    this.#calmFrom = now;
  }

  private pausesFor(reason: DownReason, cause: number | undefined): Backoff {
    const further = this.#breakdowns - manyBreakdowns;
    if (this.#broken && further >= 0) return new Backoff(30_000, hour, this.#options.random, further);
    switch (reason) {
      case "denied":
        if (isLasting(cause)) return this.#longPauses;
        return cause === undefined || cause === esmFailure ? this.#doubtfulPauses : this.#pauses;
      case "roaming":
        return this.#longPauses;
      case "sim":
        return this.#options.escalation.failures > 1 ? this.#longPauses : this.#pauses;
      default:
        return this.#pauses;
    }
  }

  /**
   * The modem has restarted by itself. False when it has done so again and again, as with a supply too weak for
   * the attach or for a datagram: then the growing pause is due.
   */
  rebooted(now: number): boolean {
    this.breakdown(now);
    if (this.#breakdowns >= manyBreakdowns || this.#options.escalation.failures >= rebootsAtOnce)
      return false;
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
    this.#cameUp = true;
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
