/**
 * When the board goes into deep sleep, and how it starts out of it. RAM is lost in between, so what the
 * device has to know is kept in a record.
 */
import {
  decodeDeepSleepRecord,
  encodeDeepSleepRecord,
  leadOf,
  wokenAt,
  shortestSleep,
} from "./deep-sleep-record";
import { retainedParts } from "./retained-memory";
import type { ContinuityEvent } from "./continuity-event";
import type { DeepSleepRecord, SleepState } from "./deep-sleep-record";
import type { RetainedMemory } from "./retained-memory";

/** What deep sleep needs of the board. */
export interface SleepingBoard {
  /** The board's own wall clock, which goes on in deep sleep, epoch ms; in 1970 when it was never set. */
  wall(): number;
  /** Everything but the real-time clock goes off for so many ms, then the firmware starts anew. Never returns. */
  sleep(duration: number): void;
}

export interface DeepSleepOptions {
  readonly board: SleepingBoard;
  readonly retained: RetainedMemory;
  /** The board is about to fall asleep: what else has to be kept is kept now. */
  readonly beforeSleep?: () => void;
  readonly log: (event: ContinuityEvent) => void;
}

/** The record of a deep sleep that is over; `now` is the monotonic clock at the wake, ms. */
export interface Woken extends DeepSleepRecord {
  readonly now: number;
}

/**
 * How long nothing must have come from outside, ms: at 9,600 bit/s the rest of a line that has begun. The log's last line
 * needs no time: the SDK waits until each UART has sent what it was given. What a modem says later, that the connection is
 * released or that it falls asleep, needs no listener, for it is asked at the next wake.
 */
const quietBeforeSleep = 100;

/** Longest sleep at once, ms: the board counts 32 bits, and the clock drifts until the network corrects it. */
const longest = 86_400_000;

/** Puts the board into deep sleep as soon as nothing is to be done and nothing comes from outside. */
export class DeepSleep {
  readonly #options: DeepSleepOptions;
  /** When something has come from outside last, ms; -Infinity before the first time. */
  #disturbedAt = -Infinity;
  /** When this start's wake was due, ms, until the first turn has shown how long the start took. */
  #wakeDue: number | undefined;
  /** How long this start took, and the one before, ms. */
  #start: number | undefined;
  #startBefore: number | undefined;

  constructor(options: DeepSleepOptions) {
    this.#options = options;
  }

  /** The record, at a start out of deep sleep; it can be read once. */
  wake(): Woken | undefined {
    // The record is gone with this, so that no later start takes it up.
    const { board, retained, log } = this.#options;
    const bytes = retained.take(retainedParts.deepSleep);
    const record = bytes === undefined ? undefined : decodeDeepSleepRecord(bytes);
    const now = record === undefined ? undefined : wokenAt(record, board.wall());
    if (record === undefined || now === undefined) {
      log({ kind: "agent woke without its memory" });
      return undefined;
    }
    this.#wakeDue = record.wake;
    this.#startBefore = record.start;
    return { ...record, now, slept: record.slept + now - record.at };
  }

  /**
   * To be called after every turn of the firmware. Either it sleeps and does not return, or it says after how
   * many ms at most it has to be called again.
   *
   * @param state what to keep; undefined while the device must not sleep
   * @param modem what `Modem.remembered` gave
   * @param now ms of the monotonic clock
   * @param disturbed the turn was for something that came from outside
   */
  beforeWait(
    state: SleepState | undefined,
    modem: readonly number[] | undefined,
    now: number,
    disturbed: boolean,
  ): number {
    if (disturbed) this.#disturbedAt = now;
    if (this.#wakeDue !== undefined) {
      this.#start = now - this.#wakeDue;
      this.#wakeDue = undefined;
    }
    if (state === undefined || modem === undefined) return Infinity;
    const lead = leadOf(this.#start, this.#startBefore);
    const duration = Math.floor(Math.min(state.until - now - lead, longest));
    if (duration < shortestSleep) return Infinity;
    const left = this.#disturbedAt + quietBeforeSleep - now;
    if (left > 0) return left;
    const { board, retained, beforeSleep } = this.#options;
    const bytes = encodeDeepSleepRecord({
      ...state,
      modem,
      at: now,
      wall: board.wall(),
      wake: now + duration,
      start: this.#start ?? this.#startBefore,
    });
    if (bytes === undefined || !retained.write(retainedParts.deepSleep, bytes)) return Infinity;
    beforeSleep?.();
    board.sleep(duration);
    return Infinity;
  }
}
