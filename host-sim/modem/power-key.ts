/**
 * The modem's PWRKEY line: how long it is held low says what is meant.
 *
 *     >= 0.7 s   wakes from PSM
 *     >= 1 s     turns on when off, turns off when on
 *
 * One press does one thing: a press that has woken the modem does not also turn it off.
 */
import type { ScheduledEvent, Scheduler } from "../world/clock";

/** ms low that wake from PSM. */
const wakePress = 700;
/** ms low that turn the modem on or off. */
const powerPress = 1_000;

export class PowerKey {
  readonly #scheduler: Scheduler;
  readonly #wake: () => boolean;
  readonly #toggle: () => void;
  #low = false;
  #pending: ScheduledEvent[] = [];

  /**
   * @param wake called after `wakePress`; true when the press is used up
   * @param toggle called after `powerPress` unless `wake` took it
   */
  constructor(scheduler: Scheduler, wake: () => boolean, toggle: () => void) {
    this.#scheduler = scheduler;
    this.#wake = wake;
    this.#toggle = toggle;
  }

  set(low: boolean): void {
    if (low === this.#low) return;
    this.#low = low;
    for (const event of this.#pending) this.#scheduler.cancel(event);
    this.#pending = [];
    if (!low) return;
    const toggle = this.#scheduler.after(powerPress, this.#toggle);
    const wake = this.#scheduler.after(wakePress, () => {
      if (this.#wake()) this.#scheduler.cancel(toggle);
    });
    this.#pending = [wake, toggle];
  }
}
