/**
 * The board's clocks: a monotonic one that never wraps, and the wall clock once the network has told
 * the time.
 */
import Time from "time";

/** Monotonic time from the board's ticks. */
export class Clock {
  #ticks = Time.ticks;
  #elapsed = 0;

  /**
   * ms since start, never going back. `Time.ticks` is a signed 32-bit number that wraps, so only its
   * differences are used; call it at least once in 24 days.
   */
  now(): number {
    const ticks = Time.ticks;
    this.#elapsed += Time.delta(this.#ticks, ticks);
    this.#ticks = ticks;
    return this.#elapsed;
  }

  /** Sets the wall clock, epoch ms. */
  set(epoch: number): void {
    Time.set(Math.round(epoch / 1000));
  }
}
