import { describe, expect, test } from "vitest";
import { DeepSleep } from "../../../firmware/continuity/deep-sleep";
import { deepSleepRecordLength } from "../../../firmware/continuity/deep-sleep-record";
import { RetainedRam } from "./retained-ram";
import type { SleepingBoard } from "../../../firmware/continuity/deep-sleep";
import type { SleepState } from "../../../firmware/continuity/deep-sleep-record";

/** A board whose sleep does return, so that a test sees it. */
class Board implements SleepingBoard {
  readonly memory = new RetainedRam();
  readonly slept: number[] = [];
  time = 1_790_000_000_000;
  wall(): number {
    return this.time;
  }
  sleep(duration: number): void {
    this.slept.push(duration);
  }
}

function sleepOf(board: Board, log: string[] = []): DeepSleep {
  return new DeepSleep({ board, retained: board.memory.start(), log: ({ kind }) => log.push(kind) });
}

const state: SleepState = {
  until: 900_000,
  next: 900_000,
  taken: 3,
  epoch: 1_789_999_000_000,
  candidate: undefined,
  slept: 1_000,
  askedInVain: false,
  waits: false,
  versionUntold: false,
  empty: 0,
  retries: { at: 0, failures: 0 },
  radio: { spent: 0, dayBegan: undefined, suspended: false },
  unanswered: { mute: 0, inVain: 0, since: 0 },
  memory: new Uint8Array([1, 2, 3]),
};
const modem = [2, 10, 86_400];

describe("deep sleep", () => {
  test("begins once nothing is to be done, ends before something is due, and is known at the wake", () => {
    const board = new Board();
    const log: string[] = [];
    const sleep = sleepOf(board, log);
    sleep.beforeWait(state, modem, 10_300, false);
    expect(board.slept).toEqual([900_000 - 10_300 - 1_500]);
    board.time += 888_000;
    const woken = sleepOf(board, log).wake();
    expect(woken).toMatchObject({ now: 898_300, slept: 889_000, taken: 3, modem, memory: state.memory });
    expect(log).toEqual([]);
    // What was taken up once is not taken up again.
    expect(sleepOf(board, log).wake()).toBeUndefined();
    expect(log).toEqual(["agent woke without its memory"]);
  });

  test("waits once for the rest of what comes from outside, and for anything that is still at work", () => {
    const board = new Board();
    const sleep = sleepOf(board);
    expect(sleep.beforeWait(state, modem, 299, true)).toBe(100);
    expect(sleep.beforeWait(state, modem, 350, true)).toBe(100);
    expect(sleep.beforeWait(state, modem, 400, false)).toBe(50);
    expect(sleep.beforeWait(undefined, modem, 700, false)).toBe(Infinity);
    expect(sleep.beforeWait(state, undefined, 800, true)).toBe(Infinity);
    expect(sleep.beforeWait(state, modem, 899, false)).toBe(1);
    expect(board.slept).toEqual([]);
    sleep.beforeWait(state, modem, 900, false);
    expect(board.slept).toHaveLength(1);
  });

  /** Sleeps until `due`, wakes, and is ready `start` ms after the moment for which the wake was set. */
  function cycle(board: Board, due: number, start: number, from: DeepSleep, now: number) {
    from.beforeWait({ ...state, until: due, next: due }, modem, now, false);
    board.time += board.slept.at(-1)! + start;
    const sleep = sleepOf(board);
    const ready = sleep.wake()!.now;
    return { sleep, ready, lead: due - now - board.slept.at(-1)! };
  }

  test("ends as early as starts were seen to take, and a slow one changes nothing", () => {
    const board = new Board();
    let { sleep, ready, lead } = cycle(board, 900_000, 480, sleepOf(board), 0);
    expect(lead).toBe(1_500);
    const leads: number[] = [];
    const late: number[] = [];
    for (const [i, start] of [480, 2_900, 481, 30, 31, 600, 601].entries()) {
      const due = 900_000 * (i + 2);
      ({ sleep, ready, lead } = cycle(board, due, start, sleep, ready));
      leads.push(lead);
      late.push(ready - due);
    }
    expect(leads).toEqual([470, 470, 470, 471, 20, 20, 21]);
    expect(late[0]).toBe(10);
    expect(late[4]).toBe(11);
    // Two slow starts in a row are no exception any more.
    ({ lead } = cycle(board, 900_000 * 10, 600, sleep, ready));
    expect(lead).toBe(590);
  });

  test.each([-5_000, 40_000])(
    "a clock that went wrong by %d ms has it wake in time all the same",
    (error) => {
      const board = new Board();
      let { sleep, ready, lead } = cycle(board, 900_000, error, sleepOf(board), 0);
      for (let i = 2; i < 5; i++) ({ sleep, ready, lead } = cycle(board, 900_000 * i, 0, sleep, ready));
      expect(lead).toBe(0);
      expect(board.slept.every((duration) => duration > 800_000)).toBe(true);
    },
  );

  test("is not worth it for seconds, and no longer than a day", () => {
    const board = new Board();
    const sleep = sleepOf(board);
    const until = (ms: number): SleepState => ({ ...state, until: ms, next: ms });
    expect(sleep.beforeWait(until(11_000), modem, 0, false)).toBe(Infinity);
    expect(sleep.beforeWait(until(11_600), modem, 0, true)).toBe(100);
    sleep.beforeWait(until(1e9), modem, 400, false);
    expect(board.slept).toEqual([86_400_000]);
  });

  test("does not happen with more to remember than there is room", () => {
    const board = new Board();
    const sleep = sleepOf(board);
    const large = { ...state, memory: new Uint8Array(deepSleepRecordLength) };
    sleep.beforeWait(large, modem, 0, false);
    expect(sleep.beforeWait(large, modem, 400, false)).toBe(Infinity);
    expect(board.slept).toEqual([]);
    expect(board.memory.bytes.every((byte) => byte === 0)).toBe(true);
  });
});
