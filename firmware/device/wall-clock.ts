/**
 * Networks tell the time whenever the modem registers. Now and then the time is wrong, because a base station
 * has the wrong year or time zone. A step that is larger than the drift between two clocks is therefore
 * believed only when it is told twice in a row, and not by one telling that the modem has written twice.
 */

/** Times that differ by less than this agree, ms: the network tells whole seconds, and late. */
const agreement = 60_000;
/** A modem that tells the network's message in two ways, or twice, does so at once: within this, ms. */
const oneTelling = 5_000;

/** The device's wall clock: the network's time laid over the monotonic clock. */
export class WallClock {
  #epoch: number | undefined;
  #candidate: number | undefined;
  /** When that was told, monotonic ms. */
  #candidateAt = -Infinity;
  /** By how much more than `agreement` the clock may be wrong after deep sleep, ms. */
  #doubt = 0;

  /** Goes on after deep sleep; `doubt` ms is what the clock may have drifted by since it was told the time. */
  resume(epoch: number, candidate: number | undefined, doubt: number): void {
    this.#epoch = epoch;
    this.#candidate = candidate;
    this.#doubt = doubt;
  }

  /** The time that was told once and not believed, epoch ms at monotonic zero. */
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
   * @param sure an earlier time is known to have been read the wrong way: a step is believed at once
   * @returns whether the clock is set to it: "first", "set" for a small correction, "jumped" for a step
   *   that was told twice, "doubted" when it was told once
   */
  tell(time: number, now: number, sure = false): "first" | "set" | "jumped" | "doubted" {
    const epoch = time - now;
    if (this.#epoch === undefined) {
      this.#epoch = epoch;
      return "first";
    }
    const off = Math.abs(epoch - this.#epoch);
    const { candidate = -Infinity } = this;
    const besideCandidate = Math.abs(epoch - candidate);
    const agrees = besideCandidate <= agreement + this.#doubt;
    const again = agrees && now - this.#candidateAt >= oneTelling;
    // Where drift could explain it as well, but the time that was doubted is nearer, that was right.
    if (off <= agreement + this.#doubt && !(again && besideCandidate < off)) {
      this.#epoch = epoch;
      this.#candidate = undefined;
      this.#doubt = 0;
      return "set";
    }
    if (sure || again) {
      this.#epoch = epoch;
      this.#candidate = undefined;
      this.#doubt = 0;
      return "jumped";
    }
    if (!agrees) this.#candidateAt = now;
    this.#candidate = epoch;
    return "doubted";
  }
}
