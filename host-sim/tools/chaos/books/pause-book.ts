/**
 * When the device left its modem alone, and when it spoke to the cloud seldom: from the log, so that a rule excuses what
 * was really so.
 */
import type { LogEvent } from "../../../sim/world/device-log";

const hour = 3_600_000;
/** Intervals between the contacts of a guarded device. */
const guardedIntervals = 8.5;
/** With a wake of each hour it looks after its modem, where the next contact is more than three off. */
const longestGap = 4 * hour;

/** Virtual ms. */
interface Span {
  readonly from: number;
  until: number;
}

/** Pauses of the modem's driver, rests of a day whose radio budget is spent, and guards. */
export class PauseBook {
  readonly #pauses: Span[] = [];
  readonly #guards: Span[] = [];

  hear(event: LogEvent | undefined, time: number): void {
    switch (event?.kind) {
      case "modem down":
        return void this.#pauses.push({ from: time, until: time + event.retry });
      case "radio off":
        return void this.#pauses.push({ from: time, until: time + event.wait });
      case "radio guarded":
        return void this.#guards.push({ from: time, until: time + event.wait });
      case "modem starting":
        // Whatever it was to last, a pause is over with this.
        for (const pause of this.#pauses) pause.until = Math.min(pause.until, time);
    }
  }

  /**
   * How long a board in deep sleep may know nothing of a modem that restarts at this time, ms: until its next contact;
   * while it is guarded, until it looks after the modem, with the first wake of an hour, or speaks; in a pause to its
   * end, for the radio of such a modem is switched off again, and the modem does not sleep.
   *
   * @param device seconds between readings, and how many are sent together
   */
  unheard(at: number, { interval, batch }: { readonly interval: number; readonly batch: number }): number {
    const covers = ({ from, until }: Span): boolean => from <= at && at < until;
    const ends = this.#pauses.filter(covers).map(({ until }) => until - at);
    const contact = 1_000 * interval * batch;
    const look = Math.min(guardedIntervals * contact, longestGap) + 2_000 * interval;
    return Math.max(contact, this.#guards.some(covers) ? look : 0, ...ends);
  }
}
