/**
 * Starts that fail: whatever throws while the board is put together, such as storage that cannot be opened or
 * a pin that is in use. A fault of the hardware may pass, so the board starts again, and again:
 *
 *     start fails -> count, in storage -> pause, 15 s to an hour -> restart of the board
 *                    no storage: in RAM -> the same pause        -> another attempt without a restart,
 *                                                                   and a restart once the pauses are longest
 */
import { reasonOf } from "../text/reason";
import { Backoff } from "../timing/backoff";
import type { ByteStore } from "../continuity/two-slot-state";
import type { Timers } from "./driver";
import type { Log } from "./log";

/** What the board gives; each may throw. */
export interface FailedStartsOptions {
  /** Where the count outlives a restart; undefined for nowhere. */
  readonly openStore: () => ByteStore | undefined;
  readonly timers: Pick<Timers<unknown>, "set">;
  /** Random number in [0, 1). */
  readonly random: () => number;
  /** Another attempt, without a restart of the board. */
  readonly again: () => void;
  readonly restart: () => void;
  readonly log: Log;
}

/** The record's key, beside those of `TwoSlotState`; its value is one byte. */
const key = "starts";
const mostCounted = 255;
/** Pauses between attempts, ms. */
const firstPause = 15_000;
const longestPause = 3_600_000;
/** With so many failures the pauses have become the longest. */
const failuresForLongest = 9;

/** Counts the starts that fail one after the other, and has the board start again. */
export class FailedStarts {
  readonly #options: FailedStartsOptions;
  #failures = 0;

  constructor(options: FailedStartsOptions) {
    this.#options = options;
  }

  /** The start has failed with this exception: another one follows after a pause. */
  failed(error: unknown): void {
    const { timers, random, again, restart, log } = this.#options;
    const failures = Math.min(Math.max(this.#failures, this.#stored()) + 1, mostCounted);
    this.#failures = failures;
    const kept = this.#store(failures);
    const retry = new Backoff(firstPause, longestPause, random, failures - 1).next();
    log({ kind: "start failed", reason: reasonOf(error), failures, retry });
    const next = kept || failures > failuresForLongest ? restart : again;
    try {
      timers.set(() => next(), retry);
    } catch {
      // Without a timer nothing would ever happen again.
      restart();
    }
  }

  /** The board has started. */
  succeeded(): void {
    if (this.#failures === 0 && this.#stored() === 0) return;
    this.#failures = 0;
    this.#store(0);
  }

  #stored(): number {
    try {
      const value = this.#options.openStore()?.read(key);
      return value === undefined || value.byteLength !== 1 ? 0 : new Uint8Array(value)[0];
    } catch {
      return 0;
    }
  }

  /** Keeps the count; whether storage really has it. */
  #store(failures: number): boolean {
    try {
      this.#options.openStore()?.write(key, Uint8Array.of(failures));
    } catch {
      return false;
    }
    return this.#stored() === failures;
  }
}
