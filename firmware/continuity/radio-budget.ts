/**
 * How long a day the radio may be on in vain. In radio silence, or while the server is down, every try
 * costs energy and brings nothing; a battery that was to last ten years is empty after a weekend of it.
 * When the day's budget is spent the radio stays off until the day is over.
 *
 * Time counts as in vain from the moment the radio goes on; an answer from the cloud forgives all of it,
 * so a device that gets through now and then spends nothing.
 */
import type { ContinuityEvent } from "./continuity-event";
import type { PersistentState } from "./persistent-state";

/** ms */
const day = 86_400_000;

/** The seconds that the radio was on in vain today, against the most it may. All times are monotonic, ms. */
export class RadioBudget {
  readonly #limit: number;
  /** With the first second in vain; undefined while there is none. */
  #dayBegan: number | undefined;
  /** Spent in vain today, without the stretch under way. */
  #spent = 0;
  #onSince: number | undefined;
  /** The cloud has answered since the radio went on, and no try has failed after that. */
  #fruitful = false;

  /**
   * @param seconds a day; 0 for no bound
   * @param spent seconds spent already when the device was restarted
   */
  constructor(seconds: number, spent: number) {
    this.#limit = seconds === 0 ? Infinity : seconds * 1000;
    this.#spent = Math.min(spent * 1000, this.#limit);
  }

  /** Seconds spent today. */
  spent(now: number): number {
    this.#turnDay(now);
    return Math.floor((this.#spent + this.#inFlight(now)) / 1000);
  }

  /** Whether the radio is on; to be called at every turn. */
  note(active: boolean, now: number): void {
    this.#turnDay(now);
    if (active) {
      if (this.#fruitful) return;
      this.#onSince ??= now;
      this.#dayBegan ??= now;
      return;
    }
    this.#fruitful = false;
    this.#spent += this.#inFlight(now);
    this.#onSince = undefined;
  }

  /** The cloud has answered: it is no silence, and what was spent in it is forgiven. */
  answered(): void {
    this.#onSince = undefined;
    this.#fruitful = true;
    this.#spent = 0;
    this.#dayBegan = undefined;
  }

  /** A try has failed: from now on it is in vain again. */
  failed(now: number): void {
    if (this.#fruitful) this.#onSince = now;
    this.#fruitful = false;
    this.#dayBegan ??= now;
  }

  /** Nothing is left for today. */
  isSpent(now: number): boolean {
    this.#turnDay(now);
    return this.#spent + this.#inFlight(now) >= this.#limit;
  }

  /** When that changes, ms: it will be spent, or the day will be over. */
  deadline(now: number): number {
    if (this.isSpent(now)) return this.#dayBegan! + day;
    return this.#onSince === undefined ? Infinity : now + this.#limit - this.#spent - this.#inFlight(now);
  }

  #inFlight(now: number): number {
    return this.#onSince === undefined ? 0 : now - this.#onSince;
  }

  #turnDay(now: number): void {
    // What was spent before a restart belongs to the first day after it.
    if (this.#dayBegan === undefined && this.#spent > 0) this.#dayBegan = now;
    if (this.#dayBegan === undefined || now - this.#dayBegan < day) return;
    this.#spent = 0;
    this.#dayBegan = this.#onSince === undefined ? undefined : now;
    if (this.#onSince !== undefined) this.#onSince = now;
  }
}

/** What the guard sees and switches of a link to the network. */
export interface Radio {
  /** Whether its radio draws power; undefined for a network that is simply there. */
  readonly active?: boolean;
  /** Off with it, until it is asked to connect again. */
  suspend?(now: number): void;
}

/** The budget is written down when it has grown by this share, and so many seconds: a restart forgives them. */
const savedShare = 1.1;
const savedSeconds = 60;

/** Keeps the books on the radio, and switches it off for the rest of the day when its budget is spent. Times are monotonic, ms. */
export class RadioGuard {
  readonly #radio: Radio;
  readonly #memory: PersistentState;
  readonly #log: (event: ContinuityEvent) => void;
  readonly #budget: RadioBudget;
  #saved: number;
  #suspended = false;

  /** @param seconds a day for which the radio may be on in vain, 0 for no bound */
  constructor(seconds: number, radio: Radio, memory: PersistentState, log: (event: ContinuityEvent) => void) {
    this.#radio = radio;
    this.#memory = memory;
    this.#log = log;
    this.#saved = memory.budget.spent;
    // Half of it comes with every start: a board that loses its power every night has no whole day.
    this.#budget = new RadioBudget(seconds, Math.min(this.#saved, seconds / 2));
  }

  /** The radio is off until the day is over. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** When it wants to be looked at next, ms. */
  deadline(now: number): number {
    return this.#suspended || this.#radio.active === true ? this.#budget.deadline(now) : Infinity;
  }

  /**
   * Looks at the radio; to be called at every turn.
   *
   * @param trying a request is out, or the network is being looked for. A modem that is only awake,
   *   because the board has no wire that could wake it, is so in good times too.
   */
  note(trying: boolean, now: number): void {
    const { active } = this.#radio;
    if (active === undefined) return;
    this.#budget.note(active && trying, now);
    const seconds = this.#budget.spent(now);
    if (seconds > savedShare * this.#saved + savedSeconds || (seconds === 0 && this.#saved > 0)) {
      this.#saved = seconds;
      this.#memory.keepBudget(seconds);
    }
    const spent = this.#budget.isSpent(now);
    if (spent === this.#suspended) return;
    this.#suspended = spent;
    if (!spent) return this.#log({ kind: "radio budget of a new day" });
    const wait = this.#budget.deadline(now) - now;
    this.#log({ kind: "radio off", spent: 1000 * seconds, wait });
    this.#radio.suspend?.(now);
  }

  /** An exchange has ended, with an answer or without. */
  heard(answered: boolean, now: number): void {
    if (answered) this.#budget.answered();
    else this.#budget.failed(now);
  }
}
