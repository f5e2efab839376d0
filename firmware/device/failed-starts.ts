/**
 * Starts that fail: whatever throws while the board is put together, such as storage that cannot be opened or
 * a pin that is in use. A fault of the hardware may pass, so the board starts again, and again:
 *
 *     start fails -> counted in retained memory -> pause, 15 s to an hour -> restart of the board
 *
 * Once the board has started, the failures before are told.
 */
import { reasonOf } from "../text/reason";
import { Backoff } from "../timing/backoff";
import type { StartRecord } from "../continuity/start-record";
import type { Timers } from "./driver";
import type { Log } from "./log";

export interface FailedStartsOptions {
  readonly record: StartRecord;
  /** May throw. */
  readonly timers: Pick<Timers<unknown>, "set">;
  /** Random number in [0, 1). */
  readonly random: () => number;
  readonly restart: () => void;
  readonly log: Log;
}

/** What the product's own code threw while it was made, and not the board's. */
export class ApplicationFault extends Error {
  override readonly name = "ApplicationFault";
}

/** Pauses between attempts, ms. */
const firstPause = 15_000;
const longestPause = 3_600_000;

/** Has the board start again after a start that failed. */
export class FailedStarts {
  readonly #options: FailedStartsOptions;

  constructor(options: FailedStartsOptions) {
    this.#options = options;
  }

  /** The start has failed with this exception: another one follows after a pause. */
  failed(error: unknown): void {
    const { record, timers, random, restart, log } = this.#options;
    const reason = reasonOf(error);
    const kept = record.failed(reason, error instanceof ApplicationFault);
    const { failures } = record;
    // Where no later start knows of this one, the pauses cannot grow.
    const retry = kept ? new Backoff(firstPause, longestPause, random, failures - 1).next() : longestPause;
    log({ kind: "start failed", reason, failures, retry });
    try {
      timers.set(() => restart(), retry);
    } catch {
      // Without a timer nothing would ever happen again.
      restart();
    }
  }

  /** The board has started. */
  succeeded(): void {
    const { record, log } = this.#options;
    const { failures, panics, reason, safe } = record;
    if (safe) log({ kind: "start safe", failures, panics, reason });
    else if (failures > 0) log({ kind: "start recovered", failures, reason });
    record.started();
  }
}
