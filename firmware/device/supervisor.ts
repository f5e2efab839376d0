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
import type { RestartCause } from "../continuity/persistent-state";

/** Unanswered exchanges in a row that speak against the modem. */
const mutesForReset = 4;
const faultsForRestart = 10;
/** ms in which they have to come. */
const faultWindow = 600_000;
/** ms */
const hungAfter = 1_800_000;
const noContactAfter = 86_400_000;
/** Exchanges in vain that it takes: a link that is not there is for its driver to mend. */
const noContactLeast = 20;

/** How the device stands, whenever the supervisor looks. */
export interface Standing {
  /** A request is out, or the link was asked for and is not ready. */
  readonly waiting: boolean;
  /** When whatever it waits for wants to be called next, ms; a modem's pause may be hours. */
  readonly deadline: number;
}

/**
 * Watches the device from outside its own reasoning, in case that is wrong: resets the modem when it
 * claims to be up and nothing comes back, and asks for a restart when no reset helps. All times are
 * monotonic, ms.
 */
export class Supervisor {
  readonly #resetLink: (now: number) => void;
  #mute = 0;
  #faults = 0;
  #faultsSince = 0;
  /** Exchanges in vain since the last answer, and when the first of them ended. */
  #inVain = 0;
  #inVainSince = 0;
  #waitingSince: number | undefined;

  constructor(resetLink: (now: number) => void) {
    this.#resetLink = resetLink;
  }

  /** The cloud has answered, whatever. */
  answered(): void {
    this.#mute = 0;
    this.#inVain = 0;
  }

  /** An exchange, for which the link had to be up, has ended without an answer. */
  unanswered(now: number): void {
    if (this.#inVain === 0) this.#inVainSince = now;
    this.#inVain += 1;
    this.#mute += 1;
    if (this.#mute < mutesForReset) return;
    this.#mute = 0;
    this.#resetLink(now);
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
    if (this.#inVain >= noContactLeast && now - this.#inVainSince >= noContactAfter) return "no-contact";
    if (!standing.waiting || standing.deadline < Infinity) this.#waitingSince = undefined;
    else this.#waitingSince ??= now;
    if (this.#waitingSince !== undefined && now - this.#waitingSince >= hungAfter) return "hung";
    return undefined;
  }
}
