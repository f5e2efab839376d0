/**
 * The timers of one firmware at link depth, in the shape of Moddable's: they end all together when the board loses its
 * power, restarts or sleeps.
 */
import type { Timers } from "../../../firmware/device/driver";
import type { ScheduledEvent, VirtualClock } from "../time/clock";

/** A timer that was set. */
export interface FirmwareTimer {
  /** What the clock runs: one function for all the times that the timer is set anew. */
  readonly fire: () => void;
  event: ScheduledEvent | undefined;
}

/** Timers on the simulation's clock. */
export class FirmwareTimers implements Timers<FirmwareTimer> {
  readonly #clock: VirtualClock;
  /** A firmware has two or three: a set of them would be hashed, and grow, at each turn of each device. */
  #running: FirmwareTimer[] | undefined = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  set(callback: () => void, wait: number): FirmwareTimer {
    const timer: FirmwareTimer = {
      fire: () => {
        this.#forget(timer);
        callback();
      },
      event: undefined,
    };
    this.#running?.push(timer);
    this.schedule(timer, wait);
    return timer;
  }

  schedule(timer: FirmwareTimer, wait: number): void {
    this.#clock.cancel(timer.event);
    // One that is set by a firmware that has ended calls nobody.
    if (this.#running === undefined) return;
    timer.event = this.#clock.after(wait, timer.fire);
  }

  repeat(callback: () => void, interval: number): void {
    const timer = this.set(() => {
      this.#running?.push(timer);
      this.schedule(timer, interval);
      callback();
    }, interval);
  }

  #forget(timer: FirmwareTimer): void {
    const running = this.#running;
    const place = running === undefined ? -1 : running.indexOf(timer);
    if (place < 0) return;
    const last = running!.pop()!;
    if (last !== timer) running![place] = last;
  }

  /** None of them calls back any more. */
  end(): void {
    for (const { event } of this.#running ?? []) this.#clock.cancel(event);
    this.#running = undefined;
  }
}
