/** The values that the page holds of a measure point, and which time it shows. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import {
  PointSeries,
  gapFrom,
  isOverdue,
  mostHeld,
  usualGap,
} from "../../../../../host-sim/cloud/console/page/live/series";
import {
  addressOf,
  fittingChoice,
  isTimeIn,
  rangeShown,
  timeShown,
} from "../../../../../host-sim/cloud/console/page/live/time-choice";
import { when } from "../../../../../host-sim/cloud/registry/reading-time";

const year = 365 * 86_400_000;
const now = Date.UTC(2026, 10, 30);

describe("a series", () => {
  test("stands by its own times, has nothing twice, and a time that cannot be stands where it came", () => {
    const series = new PointSeries();
    const values = [
      { value: 1, at: now, time: now - 1_000 },
      { value: 2, at: now + 1, time: now + 1 },
      { value: 3, at: now + 2, time: now - 60_000, late: true as const },
      { value: 4, at: now + 3, time: now + year },
      { value: 5, at: now + 4, time: now + 4 },
    ];
    for (const value of [...values, values[2], values[4]]) series.add(value);
    expect(series.values.map(({ value }) => value)).toEqual([3, 1, 2, 4, 5]);
    expect(series.times).toEqual(series.values.map(when));
  });

  test("is in order whatever comes, and bounded", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 200 }), (times) => {
        const series = new PointSeries();
        times.forEach((time, i) => series.add({ value: i, time, at: now + i }));
        expect(series.times).toEqual([...times].sort((a, b) => a - b));
      }),
    );
    const full = new PointSeries();
    for (let i = 0; i < mostHeld + 5; i++) full.add({ value: i, at: i });
    expect([full.length, full.times[0]]).toEqual([mostHeld, 5]);
  });
});

describe("how often values come", () => {
  test("is the middle of the last gaps, known from three values on", () => {
    expect(usualGap([0, 10])).toBeUndefined();
    expect(usualGap([0, 10, 20, 1_000, 1_010])).toBe(10);
    expect(usualGap([5, 5, 5, 5])).toBeUndefined();
  });

  test("says where a gap is, and what is overdue", () => {
    expect(gapFrom(undefined)).toBeUndefined();
    expect(gapFrom(60_000)).toBe(210_000);
    expect(gapFrom(10)).toBe(2_000);
    expect(isOverdue(0, 170_000, 60_000)).toBe(false);
    expect(isOverdue(0, 190_000, 60_000)).toBe(true);
    expect(isOverdue(0, year, undefined)).toBe(false);
  });
});

describe("the time in the address", () => {
  const shown = (text: string) => timeShown(new URLSearchParams(text), "24h");

  test.each([
    ["", { choice: "24h" }],
    ["from=-6h", { choice: "6h" }],
    ["from=all", { choice: "all" }],
    ["from=2026-11-30T00:00:00.000Z&to=2026-11-30T06:00:00.000Z", { from: now, to: now + 21_600_000 }],
    [`from=${now}&to=${now + 5}`, { from: now, to: now + 5 }],
    ["from=2026-11-30T06:00:00Z&to=2026-11-30T00:00:00Z", { choice: "24h" }],
    ["from=yesterday&to=today", { choice: "24h" }],
    ["from=999999999999999999", { choice: "24h" }],
  ])("%s", (text, expected) => expect(shown(text)).toEqual(expected));

  test("is what it was made of", () => {
    for (const each of [{ choice: "7d" }, { choice: "all" }, { from: now, to: now + 1_234 }] as const) {
      const { from, to } = addressOf(each);
      expect(shown(new URLSearchParams({ from, ...(to === undefined ? {} : { to }) }).toString())).toEqual(
        each,
      );
    }
  });

  test("is all of the first day where none was chosen, and at least ten minutes of it", () => {
    const hour = 3_600_000;
    expect(fittingChoice(now - 2 * hour, now)).toBe("all");
    expect(fittingChoice(now - 25 * hour, now)).toBe("24h");
    expect(fittingChoice(undefined, now)).toBe("24h");
    const { from, to } = rangeShown({ choice: "all" }, now, now - 1_000);
    expect(to - from).toBeGreaterThanOrEqual(600_000);
    expect(to - from).toBeLessThan(660_000);
    expect(
      ["from=-6h", "from=all", "", "from=yesterday&to=today"].map((text) =>
        isTimeIn(new URLSearchParams(text)),
      ),
    ).toEqual([true, true, false, false]);
  });

  test("moves with the clock in small steps, and has what is newest", () => {
    const ranges = [0, 1, 2].map((seconds) =>
      rangeShown({ choice: "24h" }, now + seconds * 1_000, undefined),
    );
    expect(new Set(ranges.map(({ to }) => to)).size).toBeLessThan(3);
    for (const [i, { from, to }] of ranges.entries()) {
      expect(to - from).toBe(86_400_000);
      expect(to).toBeGreaterThanOrEqual(now + i * 1_000);
    }
    const all = rangeShown({ choice: "all" }, now, now - year);
    expect(all.from).toBeLessThanOrEqual(now - year);
  });
});
