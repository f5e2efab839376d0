/**
 * The simulation's scheduler on the machine's clock: for simulated modems that real programs talk to.
 */
import { VirtualClock } from "../../sim/time/clock";
import type { ScheduledEvent, Scheduler } from "../../sim/time/clock";

/** ms between two looks at the clock. */
const tick = 4;

/** Events in the order of their time, when that time has come. */
export class WallClock implements Scheduler {
  readonly #queue = new VirtualClock();
  readonly #factor: number;
  readonly #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  /** @param factor how much faster than the machine's clock it goes */
  constructor(factor = 1) {
    this.#factor = factor;
  }

  get now(): number {
    return this.#queue.now;
  }

  at(time: number, run: () => void | Promise<void>): ScheduledEvent {
    return this.#queue.at(time, run);
  }

  after(delay: number, run: () => void | Promise<void>): ScheduledEvent {
    return this.#queue.after(delay, run);
  }

  cancel(event: ScheduledEvent | undefined): void {
    this.#queue.cancel(event);
  }

  /** From now on time passes. @param onFault an event has thrown */
  start(onFault: (error: unknown) => void): void {
    this.#timer = setInterval(() => void this.catchUp().catch(onFault), tick);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Runs what is due: to be called before anything that comes from outside. */
  async catchUp(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#queue.run({ until: (performance.now() - this.#started) * this.#factor });
    } finally {
      this.#running = false;
    }
  }
}
