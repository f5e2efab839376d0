/**
 * How long a day the radio may be on in vain. In radio silence, or while the server is down, every try
 * costs energy and brings nothing; a battery that was to last ten years is empty after a weekend of it.
 * When the day's budget is spent the radio stays off until the day is over.
 *
 * Time counts as in vain from the moment the radio goes on; an answer from the cloud forgives all of it,
 * so a device that gets through now and then spends nothing.
 */

/** ms */
const day = 86_400_000;

/** See the head of this file. All times are monotonic, ms. */
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
    return Math.floor((this.#spent + this.#underWay(now)) / 1000);
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
    this.#spent += this.#underWay(now);
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
    return this.#spent + this.#underWay(now) >= this.#limit;
  }

  /** When that changes, ms: it will be spent, or the day will be over. */
  deadline(now: number): number {
    if (this.isSpent(now)) return this.#dayBegan! + day;
    return this.#onSince === undefined ? Infinity : now + this.#limit - this.#spent - this.#underWay(now);
  }

  #underWay(now: number): number {
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
