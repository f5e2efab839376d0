/**
 * When the board goes into deep sleep, and what a start out of it makes of that. RAM is gone in between:
 * what is known then is a record.
 */
import {
  decodeDeepSleepRecord,
  deepSleepRecordLength,
  encodeDeepSleepRecord,
  wakeEarly,
  wokenAt,
  shortestSleep,
} from "./deep-sleep-record";
import type { ContinuityEvent } from "./continuity-event";
import type { DeepSleepRecord, SleepState } from "./deep-sleep-record";

/** The board, as far as deep sleep needs it. */
export interface SleepingBoard {
  /** So many bytes of the memory that outlives deep sleep. */
  read(length: number): Uint8Array;
  /** Writes the beginning of it, or all of it. */
  write(bytes: Uint8Array): void;
  /** The board's own wall clock, which goes on in deep sleep, epoch ms; in 1970 when it was never set. */
  wall(): number;
  /** Everything but the real-time clock goes off for so many ms, then the firmware starts anew. Never returns. */
  sleep(duration: number): void;
}

/** A record that is over: `now` is the monotonic clock at the wake, ms. */
export interface Woken extends DeepSleepRecord {
  readonly now: number;
}

/** How long nothing must have happened before deep sleep, ms: the last line of the log leaves, and one of the modem may come. */
const quietBeforeSleep = 300;

/** Longest sleep at once, ms: the board counts 32 bits, and a clock that drifts wants to be looked at. */
const longest = 86_400_000;

/** Puts the board into deep sleep once nothing has happened for a while. */
export class DeepSleep {
  readonly #board: SleepingBoard;
  readonly #log: (event: ContinuityEvent) => void;
  #quietSince: number | undefined;

  constructor(board: SleepingBoard, log: (event: ContinuityEvent) => void) {
    this.#board = board;
    this.#log = log;
  }

  /** What the board knew when it fell asleep: for a start out of deep sleep. Once. */
  wake(): Woken | undefined {
    const record = decodeDeepSleepRecord(this.#board.read(deepSleepRecordLength));
    const now = record === undefined ? undefined : wokenAt(record, this.#board.wall());
    // Whatever becomes of this start, the next one must not take up what is old by then.
    this.#board.write(new Uint8Array(8));
    if (record === undefined || now === undefined) {
      this.#log({ kind: "agent woke without its memory" });
      return undefined;
    }
    return { ...record, now, slept: record.slept + now - record.at };
  }

  /**
   * After every turn of the firmware: sleeps, which does not return, or says how long to wait at most
   * until it is asked again, ms.
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
    const duration = state === undefined ? 0 : Math.min(state.until - now - wakeEarly, longest);
    if (disturbed || state === undefined || modem === undefined || duration < shortestSleep) {
      this.#quietSince = undefined;
      return disturbed && duration >= shortestSleep ? quietBeforeSleep : Infinity;
    }
    this.#quietSince ??= now;
    const left = this.#quietSince + quietBeforeSleep - now;
    if (left > 0) return left;
    const bytes = encodeDeepSleepRecord({ ...state, modem, at: now, wall: this.#board.wall() });
    if (bytes === undefined) return Infinity;
    this.#board.write(bytes);
    this.#board.sleep(Math.floor(duration));
    return Infinity;
  }
}
