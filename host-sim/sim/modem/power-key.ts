/**
 * The modem's PWRKEY line: how long it is held low says what is meant.
 *
 *     SIM7020    >= 0.7 s   wakes from PSM
 *                >= 1 s     turns on when off, turns off when on
 *
 * One press does one thing: a press that has woken the modem does not also turn it off.
 */
import type { ScheduledEvent, Scheduler } from "../time/clock";

/** How long a press must be, ms low. */
export interface PressTimes {
  /** That wakes from PSM; Infinity where the key does not. */
  readonly wake: number;
  /** That turns the modem on when it is off, and off when it is on. */
  readonly on: number;
  readonly off: number;
}

export class PowerKey {
  readonly #scheduler: Scheduler;
  readonly #wake: () => boolean;
  readonly #toggle: (how: "on" | "off") => void;
  readonly #times: PressTimes;
  #low = false;
  #pending: ScheduledEvent[] = [];

  /**
   * @param wake called when the press is long enough for that; true when it is used up
   * @param toggle called likewise unless `wake` took it, for on and for off
   */
  constructor(
    scheduler: Scheduler,
    times: PressTimes,
    wake: () => boolean,
    toggle: (how: "on" | "off") => void,
  ) {
    this.#scheduler = scheduler;
    this.#times = times;
    this.#wake = wake;
    this.#toggle = toggle;
  }

  set(low: boolean): void {
    if (low === this.#low) return;
    this.#low = low;
    for (const event of this.#pending) this.#scheduler.cancel(event);
    this.#pending = [];
    const { wake, on, off } = this.#times;
    if (!low || on === Infinity) return;
    const toggles = [this.#scheduler.after(on, () => this.#toggle("on"))];
    if (off !== Infinity) toggles.push(this.#scheduler.after(off, () => this.#toggle("off")));
    this.#pending = toggles;
    if (wake === Infinity) return;
    const woken = this.#scheduler.after(wake, () => {
      if (this.#wake()) for (const toggle of toggles) this.#scheduler.cancel(toggle);
    });
    this.#pending = [woken, ...toggles];
  }
}
