/**
 * Signs that the device no longer works, and what the supervisor does about each:
 *
 *     4 exchanges without an answer                the modem's next reset
 *     10 exceptions within 10 minutes              restart "fault"
 *     a request out, or a link asked for, for      restart "hung"
 *       half an hour, and nobody has a deadline
 *     a day of exchanges without one answer,       restart "no-contact"
 *       twenty at least
 *
 * What waits is in flash, so a restart costs no reading; the next boot knows and tells its cause.
 */
import type { Unanswered } from "../continuity/deep-sleep-record";
import type { RestartCause } from "../continuity/persistent-state";
import type { Link } from "./agent-options";
import type { Log } from "./log";

/** Unanswered exchanges in a row after which the modem is reset. */
const mutesForReset = 4;
/** Exceptions within `faultWindow` after which the board is restarted. */
const faultsForRestart = 10;
/** Time within which exceptions are counted together, ms. */
const faultWindow = 600_000;
/** How long a request or a link may wait while nobody has a deadline, ms. */
const hungAfter = 1_800_000;
/** How long no exchange may have had an answer, ms. */
const noContactAfter = 86_400_000;
/** Least number of exchanges for that; without a link there are none, and its driver sees to the link. */
const noContactLeast = 20;

/** What the supervisor looks at. */
export interface Standing {
  /** A request is out, or the link was asked for and is not ready. */
  readonly waiting: boolean;
  /** The earliest deadline of what the device waits for, ms. It may be hours away: a modem's driver pauses. */
  readonly deadline: number;
}

export interface SupervisorOptions {
  readonly link: Pick<Link, "reset">;
  readonly log: Log;
}

/**
 * Watches the device from outside its own reasoning, in case that is wrong: resets the modem when it
 * claims to be up and nothing comes back, and asks for a restart when no reset helps. All times are
 * monotonic, ms.
 */
export class Supervisor implements Unanswered {
  readonly #options: SupervisorOptions;
  /** Exchanges in vain since the modem was reset last. */
  mute = 0;
  #faults = 0;
  #faultsSince = 0;
  /** Exchanges in vain since the last answer, and when the first of them ended. */
  inVain = 0;
  since = 0;
  #waitingSince: number | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Takes back what was kept over deep sleep. */
  restore({ mute, inVain, since }: Unanswered): void {
    this.mute = mute;
    this.inVain = inVain;
    this.since = since;
  }

  /** The cloud has answered, be it with an error. */
  answered(): void {
    this.mute = 0;
    this.inVain = 0;
  }

  /** An exchange, for which the link had to be up, has ended without an answer. */
  unanswered(now: number): void {
    if (this.inVain === 0) this.since = now;
    this.inVain += 1;
    this.mute += 1;
    if (this.mute < mutesForReset) return;
    this.mute = 0;
    const { link, log } = this.#options;
    log({ kind: "supervisor reset", reason: "no answer" });
    link.reset?.(now);
  }

  /** An exception escaped; true when it is time to restart. */
  fault(now: number): boolean {
    if (now - this.#faultsSince > faultWindow) {
      this.#faultsSince = now;
      this.#faults = 0;
    }
    this.#faults += 1;
    return this.#faults >= faultsForRestart;
  }

  /** Looks at the device, every few minutes: why it is to be restarted, if it is. */
  look(standing: Standing, now: number): RestartCause | undefined {
    if (this.inVain >= noContactLeast && now - this.since >= noContactAfter) return "no-contact";
    if (!standing.waiting || standing.deadline < Infinity) this.#waitingSince = undefined;
    else this.#waitingSince ??= now;
    if (this.#waitingSince !== undefined && now - this.#waitingSince >= hungAfter) return "hung";
    return undefined;
  }
}
