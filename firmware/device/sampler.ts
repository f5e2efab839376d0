/**
 * When the application is asked for a reading, and for how long its answer is waited for.
 *
 *     due -> sample() -> values ------------------------------> taken
 *                     -> promise -> values within the limit --> taken
 *                                -> rejected, or too late ----> missed; what comes after that belongs to no reading
 */
import { isReading } from "../delivery/application-messages";
import { reasonOf } from "../text/reason";
import type { ThingValues } from "../model/thing";
import type { Application } from "./application";
import type { FailureCount } from "./failure-count";
import type { Log } from "./log";

export interface SamplerOptions {
  readonly application: Application;
  /** Seconds between readings. */
  readonly interval: number;
  /** Readings to take, 0 for no end, less for none. */
  readonly reports: number;
  /** Asks for `take` to be called soon: a reading that was waited for has come. */
  readonly wake?: () => void;
  readonly log: Log;
}

/** How long a reading may take where the application says nothing of it, ms. */
const usualLimit = 5_000;
/** The key under which whole readings that fail are counted. */
const wholeReading = 0;

/** A reading that the application takes its time for. */
interface Pending {
  /** Until when it is waited for, and for how long in all, ms. */
  expires: number;
  limit: number;
  settled: boolean;
  values: unknown;
  /** Why there are none. */
  error: unknown;
}

/**
 * Takes a reading every interval, in step, however long anything else takes. All times are monotonic, ms.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #failures: FailureCount;
  #taken = 0;
  /** When the next reading is due; undefined until `take` is called first, when the first one is. */
  #next: number | undefined;
  /** How long after the first reading the second is due, ms, and the others in step with that; 0 for an interval. */
  #stagger = 0;
  #pending: Pending | undefined;

  constructor(options: SamplerOptions, failures: FailureCount) {
    this.#options = options;
    this.#failures = failures;
  }

  /** Whether there are more readings to take, the one that is waited for included. */
  get left(): boolean {
    return this.#options.reports === 0 || this.#taken < this.#options.reports;
  }

  /** Whether a reading is waited for. */
  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** When `take` wants to be called: the next reading is due, or the one under way is; Infinity when there is none. */
  get deadline(): number {
    const pending = this.#pending;
    if (pending !== undefined) return pending.settled ? 0 : pending.expires;
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
    this.#stagger = 0;
  }

  /**
   * The second reading is due so long after the first, ms, and all that follow in step with the second: the first is taken
   * at once, for whoever has just given the board its power, and no gap is longer than an interval.
   *
   * @param by at most an interval; 0 for none
   */
  stagger(by: number): void {
    this.#stagger = by;
  }

  /** The monotonic clock has run slow (`by` above 0) or fast by so many ms: the next reading moves by as much. */
  shift(by: number): void {
    if (this.#next !== undefined) this.#next -= by;
  }

  /** The reading that is there now, if one is; "missed" when one was due and the application gave none. */
  take(now: number): ThingValues | "missed" | undefined {
    const late = this.#pending === undefined ? undefined : this.takeLate(this.#pending, now);
    if (late !== undefined || this.#pending !== undefined) return late;
    this.#next ??= now;
    if (now < this.#next || !this.left) return undefined;
    const { interval, application } = this.#options;
    // A reading that was taken late does not delay the next one.
    const next = this.#next + (this.#stagger > 0 ? this.#stagger : interval * 1000);
    this.#stagger = 0;
    this.#next = next > now ? next : now + interval * 1000;
    try {
      const values: unknown = application.sample();
      if (!isPromise(values)) return this.given(values);
      const pending: Pending = {
        expires: now,
        limit: 0,
        settled: false,
        values: undefined,
        error: undefined,
      };
      this.#pending = pending;
      follow(values, pending, this.#options.wake);
      const { sampleLimit = usualLimit } = application;
      // It is over before the next one is due, or soon after where it was itself taken late.
      const most = interval * 1000 - 1;
      pending.limit = sampleLimit >= 0 && sampleLimit < most ? sampleLimit : most;
      pending.expires += pending.limit;
      return undefined;
    } catch (error) {
      this.#pending = undefined;
      return this.missed(reasonOf(error));
    }
  }

  /** What has come of the reading that is waited for: undefined while it still is. */
  private takeLate(pending: Pending, now: number): ThingValues | "missed" | undefined {
    const { settled, values, error, expires, limit } = pending;
    if (!settled && now < expires) return undefined;
    this.#pending = undefined;
    if (!settled) return this.missed(`no answer within ${limit} ms`);
    return error === undefined ? this.given(values) : this.missed(reasonOf(error));
  }

  private given(values: unknown): ThingValues | "missed" {
    if (!isReading(values)) return this.missed("no values");
    this.#taken += 1;
    const count = this.#failures.mended(wholeReading);
    if (count > 0) this.#options.log({ kind: "report back", count });
    return values;
  }

  private missed(reason: string): "missed" {
    const count = this.#failures.failed(wholeReading);
    if (count > 0) this.#options.log({ kind: "report missed", count, reason });
    return "missed";
  }
}

/**
 * Notes what comes of the promise. Nothing here may throw: nobody would hear of it until the engine collects the
 * promise, and ends itself for that.
 */
function follow(promise: unknown, pending: Pending, wake: (() => void) | undefined): void {
  const settle = (values: unknown, error?: unknown): void => {
    pending.values = values;
    pending.error = error;
    pending.settled = true;
    wake?.();
  };
  Promise.resolve(promise).then(settle, (error: unknown) => settle(undefined, error ?? null));
}

function isPromise(values: unknown): boolean {
  return isReading(values) && typeof (values as { then?: unknown }).then === "function";
}
