/** The modem's clock: the network's time once it has been told it, and 1980 until then. */
import type { Scheduler } from "../world/clock";

/** The modem's own clock before the network has set it: 1980, as GPS time begins. */
const withoutNetwork = Date.UTC(1980, 0, 6);

export class ModemClock {
  readonly #scheduler: Scheduler;
  readonly #epoch: number;
  #startedAt = 0;
  /** ms that the network's time was ahead when it was told; `undefined`: not told yet. */
  #error: number | undefined;

  /** @param epoch the true time at virtual time 0, ms since 1970 */
  constructor(scheduler: Scheduler, epoch: number) {
    this.#scheduler = scheduler;
    this.#epoch = epoch;
  }

  /** The modem boots: it knows no time. */
  restart(): void {
    this.#startedAt = this.#scheduler.now;
    this.#error = undefined;
  }

  /** The network tells its time, `error` ms ahead of the true one. */
  set(error: number): void {
    this.#error = error;
  }

  /** The same in passing: it corrects a clock that was set, and does not set one. */
  correct(error: number): void {
    if (this.#error !== undefined) this.#error = error;
  }

  /** `yy/MM/dd,hh:mm:ss+zz`; the network's zone is UTC here. */
  text(): string {
    const { now } = this.#scheduler;
    const told = this.#error !== undefined;
    const ms = told ? this.#epoch + now + this.#error! : withoutNetwork + now - this.#startedAt;
    const iso = new Date(ms).toISOString();
    return `${iso.slice(2, 10).replaceAll("-", "/")},${iso.slice(11, 19)}+00`;
  }
}
