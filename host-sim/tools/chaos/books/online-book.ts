/**
 * How long the device had its network: from a modem that is up until the log says that it is not, asleep or
 * awake. A board that sleeps deeply says nothing meanwhile, and its modem keeps what it has.
 */
import type { LogEvent } from "../../../sim/world/device-log";

/** Spans in which the device was online, added up. */
export class OnlineBook {
  #since: number | undefined;
  #total = 0;

  hear(event: LogEvent | undefined, time: number): void {
    switch (event?.kind) {
      case "modem note":
        if (/^up\b/.test(event.text)) this.#since ??= time;
        return;
      case "modem down":
      case "modem starting":
        return this.#end(time);
    }
  }

  /** What it comes to until `time`, virtual ms. */
  until(time: number): number {
    return this.#total + Math.max(0, time - (this.#since ?? time));
  }

  #end(time: number): void {
    if (this.#since !== undefined) this.#total += time - this.#since;
    this.#since = undefined;
  }
}
