/**
 * How long a day the radio may be on in vain. Without coverage, or while the server is down, every try costs
 * energy and brings nothing: a battery that was to last ten years can be empty after a weekend. When the
 * day's budget is spent, the radio stays off until the day is over.
 *
 * Time counts as in vain from the moment the radio goes on. An answer from the cloud sets what was spent to
 * zero, so a device that gets through now and then never reaches its bound.
 */
import type { ContinuityEvent } from "./continuity-event";
import type { SpentBudget } from "./deep-sleep-record";
import type { PersistentState } from "./persistent-state";

/** ms */
const day = 86_400_000;

/** The seconds that the radio was on in vain today, against the most it may. All times are monotonic, ms. */
export class RadioBudget {
  /** Seconds in vain that a day may have, ms. */
  readonly limit: number;
  /** When the first second in vain began, which begins the day; undefined while there is none. */
  #dayBegan: number | undefined;
  /** ms spent in vain today, without the time since the radio went on last. */
  #spent = 0;
  #onSince: number | undefined;
  /** The cloud has answered since the radio went on, and no try has failed after that. */
  #fruitful = false;

  /**
   * @param seconds a day; 0 for no bound
   * @param spent seconds spent already when the device was restarted
   */
  constructor(seconds: number, spent: number) {
    this.limit = seconds === 0 ? Infinity : seconds * 1000;
    this.#spent = Math.min(spent * 1000, this.limit);
  }

  /** What is spent of the day, with when it began; to be kept over deep sleep, in which the radio is off. */
  get state(): Omit<SpentBudget, "suspended"> {
    return { spent: this.#spent, dayBegan: this.#dayBegan };
  }

  /** Takes back what `state` gave. */
  restore({ spent, dayBegan }: Omit<SpentBudget, "suspended">): void {
    this.#spent = Math.max(0, Math.min(spent, this.limit));
    this.#dayBegan = dayBegan;
  }

  /** Seconds spent today. */
  spent(now: number): number {
    return Math.floor(this.inVain(now) / 1000);
  }

  /** Whether the radio is on; to be called at every turn. Gives the ms spent today. */
  note(active: boolean, now: number): number {
    this.turnDay(now);
    if (!active) {
      this.#fruitful = false;
      this.#spent += this.inFlight(now);
      this.#onSince = undefined;
    } else if (!this.#fruitful) {
      this.#onSince ??= now;
      this.#dayBegan ??= now;
    }
    return this.#spent + this.inFlight(now);
  }

  /** The cloud has answered: the time spent counts as zero. */
  answered(): void {
    this.#onSince = undefined;
    this.#fruitful = true;
    this.#spent = 0;
    this.#dayBegan = undefined;
  }

  /** A try has failed: from now on time counts as in vain again. */
  failed(now: number): void {
    if (this.#fruitful) this.#onSince = now;
    this.#fruitful = false;
    this.#dayBegan ??= now;
  }

  /** When the day is over that has begun, ms; Infinity while there is none. */
  get dayEnds(): number {
    return this.#dayBegan === undefined ? Infinity : this.#dayBegan + day;
  }

  /** Whether the budget of today is spent. */
  isSpent(now: number): boolean {
    return this.inVain(now) >= this.limit;
  }

  /** When `isSpent` changes next: the budget will be spent, or the day will be over. */
  deadline(now: number): number {
    const inVain = this.inVain(now);
    if (inVain >= this.limit) return this.dayEnds;
    return this.#onSince === undefined ? Infinity : now + this.limit - inVain;
  }

  /** ms spent today, the time since the radio went on last included. */
  private inVain(now: number): number {
    this.turnDay(now);
    return this.#spent + this.inFlight(now);
  }

  private inFlight(now: number): number {
    return this.#onSince === undefined ? 0 : now - this.#onSince;
  }

  private turnDay(now: number): void {
    const began = this.#dayBegan;
    if (began === undefined) {
      // What was spent before a restart belongs to the first day after it.
      if (this.#spent > 0) this.#dayBegan = now;
      return;
    }
    if (now - began < day) return;
    this.#spent = 0;
    this.#dayBegan = this.#onSince === undefined ? undefined : now;
    if (this.#onSince !== undefined) this.#onSince = now;
  }
}

/** The radio of a link, as the guard watches and switches it. */
export interface Radio {
  /** Whether its radio draws power; undefined for a network that is simply there. */
  readonly active?: boolean;
  /** Switches the radio off until the link is asked to connect again. */
  suspend?(now: number): void;
}

/**
 * What was spent is written to storage when it has grown by this share and by `savedSeconds`. A restart forgets
 * what was not written.
 */
const savedShare = 1.1;
const savedSeconds = 60;

/**
 * Counts the time of the radio against its budget, and switches it off for the rest of the day when that is
 * spent. Times are monotonic, ms.
 */
export class RadioGuard {
  readonly #radio: Radio;
  readonly #memory: PersistentState;
  readonly #log: (event: ContinuityEvent) => void;
  readonly #budget: RadioBudget;
  #saved: number;
  #suspended = false;
  /** Whether the radio was on in vain when it was looked at last. */
  #on = false;
  /** Until then, as long as that stays so, looking at it changes nothing and finds this deadline, ms. */
  #calmUntil = -Infinity;
  #due = Infinity;

  /** @param seconds a day for which the radio may be on in vain, 0 for no bound */
  constructor(seconds: number, radio: Radio, memory: PersistentState, log: (event: ContinuityEvent) => void) {
    this.#radio = radio;
    this.#memory = memory;
    this.#log = log;
    this.#saved = memory.budget.spent;
    // Every start gives half of the budget: a board that loses its power every night never sees a day end.
    this.#budget = new RadioBudget(seconds, Math.min(this.#saved, seconds / 2));
  }

  /** What to keep over deep sleep. */
  get state(): SpentBudget {
    return { ...this.#budget.state, suspended: this.#suspended };
  }

  /** After deep sleep: goes on with the day. */
  restore(state: SpentBudget): void {
    this.#budget.restore(state);
    this.#suspended = state.suspended;
  }

  /** Whether the radio is off until the day is over. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** When `note` has to be called next. */
  deadline(now: number): number {
    if (!this.#suspended && this.#radio.active !== true) return Infinity;
    return now < this.#calmUntil ? this.#due : this.#budget.deadline(now);
  }

  /**
   * Looks at the radio; to be called at every turn.
   *
   * @param trying a request is under way, or the network is being looked for. A modem that is awake and does
   *   neither, because the board has no wire that could wake it, spends nothing in vain.
   */
  note(trying: boolean, now: number): void {
    const { active } = this.#radio;
    if (active === undefined) return;
    const on = active && trying;
    // A modem that has restarted by itself has been brought up meanwhile.
    if (this.#suspended && active && now < this.#calmUntil) return this.#radio.suspend?.(now);
    // There are some ten turns a second while the modem is spoken with.
    if (on === this.#on && now < this.#calmUntil) return;
    this.#on = on;
    const budget = this.#budget;
    const inVain = budget.note(on, now);
    const seconds = Math.floor(inVain / 1000);
    if (seconds > savedShare * this.#saved + savedSeconds || (seconds === 0 && this.#saved > 0)) {
      this.#saved = seconds;
      this.#memory.keepBudget(seconds);
    }
    const spent = inVain >= budget.limit;
    this.#due = budget.deadline(now);
    this.#calmUntil = Math.min(this.#due, budget.dayEnds, now + 1000 * (seconds + 1) - inVain);
    if (spent === this.#suspended) return;
    this.#suspended = spent;
    if (!spent) return this.#log({ kind: "radio budget of a new day" });
    const wait = this.#budget.deadline(now) - now;
    this.#log({ kind: "radio off", spent: 1000 * seconds, wait });
    this.#radio.suspend?.(now);
  }

  /** An exchange has ended, with an answer or without. */
  heard(answered: boolean, now: number): void {
    this.#calmUntil = -Infinity;
    if (answered) this.#budget.answered();
    else this.#budget.failed(now);
  }
}
