/**
 * What follows a failure: how long the driver leaves the modem alone, and what the next attempt begins
 * with. Pauses grow, and begin short again once it has been up.
 */
import { Backoff } from "../../timing/backoff";
import { isLasting } from "../at/emm-cause";
import type { ResetLadder, Rung } from "./reset-escalation";
import type { DownReason } from "./modem-options";

const hour = 3_600_000;
/** Reboots by itself that are followed by a bring-up at once. */
const rebootsAtOnce = 2;

export interface RetreatOptions {
  readonly ladder: ResetLadder;
  /** Number in [0, 1). */
  readonly random: () => number;
  /** The ladder's counts have changed. */
  readonly onLadder?: (state: readonly number[]) => void;
}

/** See the head of this file. */
export class Retreat {
  readonly #options: RetreatOptions;
  readonly #pauses: Backoff;
  /** For what will be the same in an hour: a card that is missing, a contract that does not allow it. */
  readonly #longPauses: Backoff;

  constructor(options: RetreatOptions) {
    this.#options = options;
    // A board that restarts in an outage does not begin it anew.
    this.#pauses = new Backoff(10_000, hour, options.random, options.ladder.failures);
    this.#longPauses = new Backoff(hour / 2, 6 * hour, options.random);
  }

  /** Counts a failure; ms until the next attempt. @param cause EMM cause of a denial, when known */
  failed(reason: DownReason, cause: number | undefined): number {
    this.#count();
    const again = this.#options.ladder.failures > 1;
    const lasting = reason === "denied" ? isLasting(cause) : reason === "sim" && again;
    return (lasting ? this.#longPauses : this.#pauses).next();
  }

  /**
   * It has started by itself; false when it has done so again and again before it ever came up, as with
   * a supply too weak for the attach: that calls for the growing pause.
   */
  rebooted(): boolean {
    if (this.#options.ladder.failures >= rebootsAtOnce) return false;
    this.#count();
    this.#pauses.next();
    return true;
  }

  /** It came up and opened no socket, `times` in a row: no success, so the pauses grow all the same. */
  useless(times: number): void {
    for (let i = 0; i < times; i++) {
      this.#pauses.next();
      this.#options.ladder.failed();
    }
  }

  /** What the next attempt begins with; undefined for nothing but itself. */
  next(reason: DownReason): Rung | undefined {
    // Neither the network's no nor another modem is mended by a reset.
    if (reason === "denied" || reason === "wrong-modem") return undefined;
    return this.#options.ladder.beforeBringUp(reason === "no-answer");
  }

  /** A rung of the ladder was taken. */
  note(rung: Rung): void {
    this.#options.ladder.note(rung);
    this.#tell();
  }

  /** The modem is up. */
  succeeded(): void {
    this.#pauses.reset();
    this.#longPauses.reset();
    if (this.#options.ladder.failures === 0) return;
    this.#options.ladder.succeeded();
    this.#tell();
  }

  #count(): void {
    this.#options.ladder.failed();
    this.#tell();
  }

  #tell(): void {
    this.#options.onLadder?.(this.#options.ladder.state);
  }
}
