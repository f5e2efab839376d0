/**
 * Networks tell the time whenever the modem registers, and now and then a wrong one: a base station
 * with another idea of the year, or of its zone. A step beyond what two clocks drift apart is
 * believed only when it is told twice in a row.
 */

/** Two tellings within this much of each other agree, ms: the network's time comes in whole seconds, and late. */
const agreement = 60_000;

/** The device's wall clock: the network's time laid over the monotonic clock. */
export class WallClock {
  #epoch: number | undefined;
  #candidate: number | undefined;
  /** By how much more than usual the clock may be wrong, ms. */
  #doubt = 0;

  /** Goes on after deep sleep; `doubt` ms is what the clock may have drifted by since it was told the time. */
  resume(epoch: number, candidate: number | undefined, doubt: number): void {
    this.#epoch = epoch;
    this.#candidate = candidate;
    this.#doubt = doubt;
  }

  /** What was told once, and not believed. */
  get candidate(): number | undefined {
    return this.#candidate;
  }

  /** Epoch ms at monotonic zero; undefined until the network has told the time. */
  get epoch(): number | undefined {
    return this.#epoch;
  }

  /**
   * The network says that it is `time`, epoch ms, at `now`, monotonic ms.
   *
   * @returns whether the clock is set to it: "first", "set" for a small correction, "jumped" for a step
   *   that was told twice, "doubted" when it was told once
   */
  tell(time: number, now: number): "first" | "set" | "jumped" | "doubted" {
    const epoch = time - now;
    if (this.#epoch === undefined) {
      this.#epoch = epoch;
      return "first";
    }
    if (Math.abs(epoch - this.#epoch) <= agreement + this.#doubt) {
      this.#epoch = epoch;
      this.#candidate = undefined;
      this.#doubt = 0;
      return "set";
    }
    if (this.#candidate !== undefined && Math.abs(epoch - this.#candidate) <= agreement + this.#doubt) {
      this.#epoch = epoch;
      this.#candidate = undefined;
      this.#doubt = 0;
      return "jumped";
    }
    this.#candidate = epoch;
    return "doubted";
  }
}
