/**
 * The pauses between attempts at what has failed. Each has a random part, so that devices which failed
 * together do not try again together.
 */

/**
 * Pauses that grow: the bound doubles from one failure to the next up to a longest, and each pause lies
 * somewhere between half of it and all of it.
 */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  readonly #random: () => number;
  /** Failures in a row. To be set where they are taken back, after deep sleep. */
  failures: number;

  /**
   * @param first the longest that the first pause may be, ms
   * @param longest and any other, ms
   * @param random number in [0, 1)
   * @param failures that there were before a restart
   */
  constructor(first: number, longest: number, random: () => number, failures = 0) {
    this.#first = first;
    this.#longest = longest;
    this.#random = random;
    this.failures = failures;
  }

  /** The pause after one more failure, whole ms. */
  next(): number {
    const step = Math.min(this.#first * 2 ** Math.min(this.failures, 16), this.#longest);
    this.failures += 1;
    return Math.round(step * (0.5 + 0.5 * this.#random()));
  }

  /** Something worked: the next pause is a short one again. */
  reset(): void {
    this.failures = 0;
  }
}
