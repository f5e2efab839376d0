/**
 * The trial of a new firmware: it has to reach the cloud and deliver a reading. What counts against it, and what does
 * not:
 *
 *     a start after a panic, the watchdog or an abort, or one      3 -> back
 *       that did not come to its end
 *     settings that cannot work                                    back at once: no further start would mend it
 *     30 minutes with a network, in which something was sent       5 -> back
 *       more than once, and no reading was delivered
 *     a loss of power, a brown-out, any other start                ten minutes of no network: such a start is none of the
 *                                                                  firmware's, but for one that the supply is too weak for
 *     no network                                                   nothing for 72 hours, then back: a cell
 *                                                                  that is dead is no verdict, but a firmware that
 *                                                                  cannot find one would look the same for ever
 *
 * ESP-IDF's own rollback takes any restart for a failure, so it has only the first start up to the first turn of the
 * loop; from then on it is this that judges. The board does not sleep deeply meanwhile.
 *
 * All times are monotonic, ms.
 */

/** What counts so far, kept in flash. */
export interface TrialState {
  /** Starts that went wrong. */
  readonly starts: number;
  /** Tries with a network in vain; the one under way counts already. */
  readonly tries: number;
  /** Hours and hours without a network, in minutes. */
  readonly searched: number;
}

/** How a trial goes on: not at all, as it is over, or back for a reason. */
export type Verdict = { readonly kind: "good" } | { readonly kind: "back"; readonly reason: string };

const minute = 60_000;
const mostStarts = 3;
const mostTries = 5;
const tryTime = 30 * minute;
/** So often something must have been sent in a try, and so far apart, ms: a network that comes and goes is none. */
const leastContacts = 2;
const contactsApart = minute;
const mostSearched = 72 * 60;
/** The network counts as gone when nothing was sent for so long, minutes: tries are an hour apart at most. */
const silence = 120;
/** What each start counts for, minutes. */
const startCost = 10;

/** Start reasons of a device that has stopped working, see start-record.ts. */
const wrong: readonly string[] = Object.freeze(["panic", "watchdog", "abort", "cpu-lockup"]);
/** Start reasons that say nothing of the firmware. */
const power: readonly string[] = Object.freeze(["power-on", "brownout", "power-glitch"]);

/** What nothing has counted against. */
export const freshTrial: TrialState = Object.freeze({ starts: 0, tries: 0, searched: 0 });

/** Whether a device that starts for this reason had stopped working before. */
export function isWrongStart(startReason: string): boolean {
  return wrong.indexOf(startReason) >= 0;
}

/** Whether such a start says nothing of the firmware. */
export function isPowerStart(startReason: string): boolean {
  return power.indexOf(startReason) >= 0;
}

/**
 * The state with one more start that went wrong, or an interrupted try taken back: what a start adds. No start is for
 * nothing, or a device that never comes to a verdict before the next one would be on trial for ever.
 */
export function startedAgain(state: TrialState, startReason: string): TrialState {
  if (isWrongStart(startReason)) return { ...state, starts: state.starts + 1 };
  const searched = state.searched + startCost;
  // The try that was under way when the power went had not had its time.
  const tries = isPowerStart(startReason) ? Math.max(0, state.tries - 1) : state.tries;
  return { ...state, tries, searched };
}

/** Why the state alone ends the trial; undefined when it does not. */
export function verdictOf({ starts, tries, searched }: TrialState): Verdict | undefined {
  if (starts >= mostStarts) return { kind: "back", reason: `${starts} starts went wrong` };
  if (tries > mostTries) return { kind: "back", reason: `no reading delivered in ${mostTries} tries` };
  if (searched >= mostSearched)
    return { kind: "back", reason: `no network or no power for ${mostSearched / 60} hours` };
  return undefined;
}

/** One start of a trial. */
export class Trial {
  readonly #save: (state: TrialState) => void;
  #state: TrialState;
  /** From when on the try under way has had its time; undefined when none is. */
  #tryEnds: number | undefined;
  /** How often something was sent in it. */
  #contacts = 0;
  /** When something was sent last, or the silence since was counted; the start before that. */
  #heardOf = 0;
  #verdict: Verdict | undefined;

  /** @param save keeps what counts */
  constructor(state: TrialState, save: (state: TrialState) => void) {
    this.#state = state;
    this.#save = save;
  }

  /** When `poll` wants to be called, unless `connected` comes first. */
  get deadline(): number {
    if (this.#verdict !== undefined) return Infinity;
    const silent = this.#heardOf + silence * minute;
    return this.#tryEnds === undefined || this.#contacts < leastContacts
      ? silent
      : Math.min(this.#tryEnds, silent);
  }

  /** There is a network, and something is about to be sent: a try begins, unless one is under way. */
  connected(now: number): void {
    if (this.#verdict !== undefined) return;
    if (this.#tryEnds === undefined) {
      this.keep({ ...this.#state, tries: this.#state.tries + 1 });
      this.#tryEnds = now + tryTime;
      this.#contacts = 0;
    } else if (now < this.#heardOf + contactsApart) return;
    this.#contacts += 1;
    this.#heardOf = now;
  }

  /** The cloud has acknowledged a reading. */
  delivered(): void {
    this.#verdict ??= { kind: "good" };
  }

  /** How the trial stands; undefined while it goes on. */
  poll(now: number): Verdict | undefined {
    if (this.#verdict !== undefined) return this.#verdict;
    if (now - this.#heardOf >= silence * minute) {
      this.#heardOf = now;
      this.keep({ ...this.#state, searched: this.#state.searched + silence });
    }
    if (this.#tryEnds !== undefined && now >= this.#tryEnds && this.#contacts >= leastContacts) {
      this.#tryEnds = undefined;
      // As if the next one had begun: nobody waits for that.
      if (this.#state.tries >= mostTries) this.keep({ ...this.#state, tries: mostTries + 1 });
    }
    return (this.#verdict ??= verdictOf(this.#state));
  }

  private keep(state: TrialState): void {
    this.#state = state;
    this.#save(state);
  }
}
