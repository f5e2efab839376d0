/**
 * The board's clocks: a monotonic one that never wraps, and the wall clock once the network has told
 * the time.
 */
import Time from "time";

/** Before this firmware was written, epoch ms: a clock that says so was never set. */
const earliest = 1_767_225_600_000;

/** Monotonic time from the board's ticks. */
export class Clock {
  #ticks = Time.ticks;
  #elapsed: number;

  /** @param elapsed ms that it says now: after deep sleep it goes on where it would be */
  constructor(elapsed = 0) {
    this.#elapsed = elapsed;
  }

  /**
   * ms since start, deep sleep included, never going back. `Time.ticks` is a signed 32-bit number that
   * wraps, so only its differences are used; call it at least once in 24 days.
   */
  now(): number {
    const ticks = Time.ticks;
    this.#elapsed += Time.delta(this.#ticks, ticks);
    this.#ticks = ticks;
    return this.#elapsed;
  }

  /**
   * The wall clock, epoch ms, if it has been set: it goes on over a restart and deep sleep, not over a
   * loss of power, after which it is in 1970.
   */
  wall(): number | undefined {
    const time = Date.now();
    return time >= earliest ? time : undefined;
  }

  /** Sets the wall clock, epoch ms. */
  set(epoch: number): void {
    Time.set(Math.round(epoch / 1000));
  }
}
