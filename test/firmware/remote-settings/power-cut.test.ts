/**
 * The power fails in each write that settings from afar make, in each way that a write can fail: the board starts with what
 * was before or with what is new, counts on from there, and comes to rest with the cloud told of it.
 */
import { describe, expect, it } from "vitest";
import { RemoteBoard, tears } from "./remote-board";
import type { Tear } from "./remote-board";

const minute = 60_000;
const day = 86_400_000;

/** What happens to a board one after the other; the power may fail in any of it. */
const life: readonly (readonly [what: string, step: (board: RemoteBoard) => void, may: readonly number[]])[] =
  [
    ["a change", (board) => board.change({ interval: 300 }), [300, 900]],
    ["the restart", (board) => board.start("software"), [300, 900]],
    ["a contact", (board) => board.remote.connected(minute), [300, 900]],
    ["another", (board) => board.remote.connected(20 * minute), [300, 900]],
    ["a reading that the cloud has", (board) => board.remote.delivered(21 * minute), [300, 900]],
    ["what it was told", (board) => board.acknowledge(), [300, 900]],
    ["a change that cuts it off", (board) => board.change({ interval: 60 }), [60, 300, 900]],
    ["its restart", (board) => board.start("software"), [60, 300, 900]],
    ["a contact in vain", (board) => board.remote.connected(minute), [60, 300, 900]],
    ["a day", (board) => board.remote.poll(day), [60, 300, 900]],
    ["the restart back", (board) => board.start("software"), [60, 300, 900]],
    ["what it is told then", (board) => board.acknowledge(), [60, 300, 900]],
  ];

interface Outcome {
  readonly intervals: readonly number[];
  readonly versions: readonly number[];
  readonly board: RemoteBoard;
}

function live(cutAt: number, tear: Tear): Outcome {
  const board = new RemoteBoard();
  Object.assign(board.store, { cutAt, tear });
  board.start();
  const intervals: number[] = [];
  const versions: number[] = [];
  for (const [, step] of life) {
    step(board);
    if (board.store.off) {
      board.store.off = false;
      board.start("power-on");
    }
    intervals.push(board.settings.interval);
    versions.push(board.fetch().version as number);
  }
  return { intervals, versions, board };
}

const undisturbed = live(0, "old");

it("has all of a life without a cut", () => {
  expect(undisturbed.intervals).toEqual([900, 300, 300, 300, 300, 300, 300, 60, 60, 60, 300, 300]);
  expect(undisturbed.versions).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  expect(undisturbed.board.start().told).toEqual([]);
});

describe.each(tears)("a write that comes to %s", (tear) => {
  const cuts = Array.from({ length: undisturbed.board.store.writes }, (_, i) => i + 1);

  it.each(cuts)("in write %i leaves what was before or what is new", (cutAt) => {
    const { intervals, versions, board } = live(cutAt, tear);
    for (const [i, [what, , may]] of life.entries()) {
      expect(may, what).toContain(intervals[i]);
      if (i > 0) expect(versions[i], what).toBeGreaterThanOrEqual(versions[i - 1]);
    }
    // Whatever was lost, nothing of it comes again: one more day brings rest, and the next change goes as any.
    board.remote.poll(day);
    board.start("software").remote.delivered(minute);
    board.acknowledge();
    expect(board.start().told).toEqual([]);
    expect([300, 900]).toContain(board.settings.interval);
    expect(board.change({ interval: 450 })).toMatchObject({ accepted: true });
    board.start("software").remote.delivered(minute);
    expect(board.start().settings.interval).toBe(450);
  });
});
