/**
 * When the application is asked for a reading.
 */
import { isReading } from "../delivery/application-messages";
import { reasonOf } from "../text/reason";
import type { ThingValues } from "../model/thing";
import type { Application } from "./application";
import type { Log } from "./log";

export interface SamplerOptions {
  readonly application: Application;
  /** Seconds between readings. */
  readonly interval: number;
  /** Readings to take, 0 for no end, less for none. */
  readonly reports: number;
  readonly log: Log;
}

/**
 * Takes a reading every interval, in step, however long anything else takes. All times are monotonic, ms.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  #taken = 0;
  /** When the next reading is due; undefined until `take` is called first, when the first one is. */
  #next: number | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Whether there are more readings to take. */
  get left(): boolean {
    return this.#options.reports === 0 || this.#taken < this.#options.reports;
  }

  /** When the next reading is due; Infinity when there is none. */
  get deadline(): number {
    return this.left ? (this.#next ?? 0) : Infinity;
  }

  /** How many readings were taken, those before deep sleep included. */
  get taken(): number {
    return this.#taken;
  }

  /** Goes on after deep sleep with what `deadline` and `taken` were before it. */
  resume(next: number, taken: number): void {
    this.#next = next;
    this.#taken = taken;
  }

  /** The monotonic clock has run slow (`by` above 0) or fast by so many ms: the next reading moves by as much. */
  shift(by: number): void {
    if (this.#next !== undefined) this.#next -= by;
  }

  /** The reading that is due now, if one is, and the application gives it. */
  take(now: number): ThingValues | undefined {
    this.#next ??= now;
    if (now < this.#next || !this.left) return undefined;
    const { interval, application, log } = this.#options;
    // A reading that was taken late does not delay the next one.
    const next = this.#next + interval * 1000;
    this.#next = next > now ? next : now + interval * 1000;
    try {
      const values = application.sample();
      if (!isReading(values)) throw new TypeError("no values");
      this.#taken += 1;
      return values;
    } catch (error) {
      log({ kind: "report missed", reason: reasonOf(error) });
      return undefined;
    }
  }
}
