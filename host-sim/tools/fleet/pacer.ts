/** So many datagrams a second at most leave this machine, whatever thousands of devices want. */

/** Runs what it is given in order, no more often than allowed. Times are ms. */
export class Pacer {
  readonly #perMs: number;
  readonly #now: () => number;
  readonly #later: (run: () => void, wait: number) => void;
  #queue: (() => void)[] = [];
  #first = 0;
  /** What may leave at once, and since when that is true. */
  #credit: number;
  #at: number;
  #waits = false;

  /**
   * @param rate runs in a second
   * @param now the time, ms
   * @param later calls back once after so many ms
   */
  constructor(rate: number, now: () => number, later: (run: () => void, wait: number) => void) {
    this.#perMs = rate / 1_000;
    this.#now = now;
    this.#later = later;
    this.#credit = this.#most;
    this.#at = now();
  }

  /** What waits for its turn. */
  get waiting(): number {
    return this.#queue.length - this.#first;
  }

  run(work: () => void): void {
    this.#queue.push(work);
    if (!this.#waits) this.#go();
  }

  /** A tenth of a second's worth may leave in one go. */
  get #most(): number {
    return Math.max(1, 100 * this.#perMs);
  }

  #go(): void {
    const now = this.#now();
    this.#credit = Math.min(this.#most, this.#credit + (now - this.#at) * this.#perMs);
    this.#at = now;
    while (this.waiting > 0 && this.#credit >= 1) {
      this.#credit -= 1;
      this.#queue[this.#first++]();
    }
    if (this.waiting === 0) {
      this.#queue = [];
      this.#first = 0;
      return;
    }
    if (this.#first > 1_024) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    this.#waits = true;
    this.#later(
      () => {
        this.#waits = false;
        this.#go();
      },
      Math.ceil((1 - this.#credit) / this.#perMs),
    );
  }
}
