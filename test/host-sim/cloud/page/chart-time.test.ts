/** The axis of time of a chart. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import {
  clockTicks,
  moved,
  shortest,
  sinceText,
  sinceTicks,
  within,
  zoomed,
} from "../../../../host-sim/cloud/page/chart-time";

const hour = 3_600_000;
const day = 24 * hour;
/** In whichever zone the tests run. */
const at = (...parts: [number, number, number, number?, number?, number?]): number =>
  new Date(...parts).getTime();

describe("ticks in clock time", () => {
  test.each([
    [
      "an afternoon",
      at(2026, 10, 30, 12, 10),
      at(2026, 10, 30, 17, 50),
      6,
      ["13:00\n30 Nov", "14:00", "15:00", "16:00", "17:00"],
    ],
    [
      "over midnight",
      at(2026, 10, 30, 21),
      at(2026, 11, 1, 4),
      3,
      ["21:00\n30 Nov", "00:00\n1 Dec", "03:00"],
    ],
    [
      "ten seconds",
      at(2026, 10, 30, 12, 0, 0),
      at(2026, 10, 30, 12, 0, 10),
      2,
      ["12:00:00\n30 Nov", "12:00:05", "12:00:10"],
    ],
    ["days", at(2026, 11, 30), at(2027, 0, 2), 4, ["30 Dec\n2026", "31 Dec", "1 Jan\n2027", "2 Jan"]],
    ["years", at(2025, 10, 2), at(2027, 0, 2), 3, ["Jan\n2026", "Jul", "Jan\n2027"]],
  ])("%s", (_, from, to, most, expected) => {
    expect(clockTicks(from, to, most).map(({ text }) => text)).toEqual(expected);
  });

  test("are whole steps, few, within, ascending, and stay where they are when the chart is moved", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at(2000, 0, 1), max: at(2090, 0, 1) }),
        fc.integer({ min: 100, max: 3_000 * day }),
        fc.integer({ min: 1, max: 12 }),
        (from, length, most) => {
          const ticks = clockTicks(from, from + length, most).map((tick) => tick.at);
          expect(ticks.length).toBeLessThanOrEqual(most + 2);
          expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
          expect(ticks.every((each) => each >= from && each <= from + length)).toBe(true);
          const half = Math.round(length / 2);
          const later = clockTicks(from + half, from + half + length, most).map((tick) => tick.at);
          const common = ticks.filter((each) => each >= from + half);
          expect(later.slice(0, common.length)).toEqual(common);
        },
      ),
    );
  });
});

test("ticks since the start", () => {
  const texts = (from: number, to: number, most: number): string[] =>
    sinceTicks(from, to, most).map(({ text }) => text);
  expect(texts(0, 5 * hour, 5)).toEqual(["00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]);
  expect(texts(0, 30 * day, 3)).toEqual(["00:00", "14d 00:00", "28d 00:00"]);
  expect(texts(61_200, 61_900, 2)).toEqual(["00:01:01.50"]);
  expect(sinceText(day + 6 * hour + 1_500, 60_000)).toBe("1d 06:00:01");
});

describe("what is shown", () => {
  const limits = { from: 0, to: 1_000_000 };

  test("zooms around a place, moves, and stays within the limits", () => {
    expect(zoomed({ from: 0, to: 1_000 }, 1 / 2, 250)).toEqual({ from: 125, to: 625 });
    expect(zoomed({ from: 0, to: 1_000 }, 1 / 1_000)).toEqual({ from: 450, to: 550 });
    expect(moved({ from: 100, to: 200 }, 0.5)).toEqual({ from: 150, to: 250 });
    expect(moved({ from: 100, to: 200 }, -5, limits)).toEqual({ from: 0, to: 100 });
    expect(zoomed({ from: 100, to: 900_000 }, 3, undefined, limits)).toEqual(limits);
  });

  test("lies within any limits and is never shorter than the shortest", () => {
    const number = fc.double({ noNaN: true, min: -1e6, max: 2e6 });
    fc.assert(
      fc.property(number, number, (from, to) => {
        const range = within({ from, to }, limits);
        expect(range.to - range.from).toBeGreaterThanOrEqual(shortest - 1e-6);
        expect(range.from).toBeGreaterThanOrEqual(limits.from);
        expect(range.to).toBeLessThanOrEqual(limits.to + 1e-6);
      }),
    );
  });
});
