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
  memory: new Uint8Array([1, 2, 3]),
};
const modem = [2, 10, 86_400];

describe("deep sleep", () => {
  test("begins after a moment of quiet, ends before something is due, and is known at the wake", () => {
    const board = new Board();
    const log: string[] = [];
    const sleep = sleepOf(board, log);
    expect(sleep.beforeWait(state, modem, 10_000, false)).toBe(300);
    expect(sleep.beforeWait(state, modem, 10_200, false)).toBe(100);
    expect(board.slept).toEqual([]);
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

  test("is put off by what comes from outside, and by anything that is still at work", () => {
    const board = new Board();
    const sleep = sleepOf(board);
    sleep.beforeWait(state, modem, 0, false);
    expect(sleep.beforeWait(state, modem, 299, true)).toBe(300);
    expect(sleep.beforeWait(state, modem, 599, false)).toBe(300);
    expect(sleep.beforeWait(undefined, modem, 700, false)).toBe(Infinity);
    expect(sleep.beforeWait(state, undefined, 800, false)).toBe(Infinity);
    expect(sleep.beforeWait(state, modem, 900, false)).toBe(300);
    expect(board.slept).toEqual([]);
  });

  test("is not worth it for seconds, and no longer than a day", () => {
    const board = new Board();
    const sleep = sleepOf(board);
    const until = (ms: number): SleepState => ({ ...state, until: ms, next: ms });
    expect(sleep.beforeWait(until(11_000), modem, 0, false)).toBe(Infinity);
    expect(sleep.beforeWait(until(11_600), modem, 0, false)).toBe(300);
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
