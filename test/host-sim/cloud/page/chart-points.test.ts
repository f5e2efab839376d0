/** The points of a chart. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import {
  extentIn,
  firstFrom,
  lastUntil,
  nearest,
  stackedUp,
  summaryIn,
  thinned,
  withGaps,
} from "../../../../host-sim/cloud/page/chart-points";

test("points that are far apart have a gap between them", () => {
  expect(withGaps([0, 10, 50, 60], [[1, 2, 3, 4]], 15)).toEqual({
    x: [0, 10, 30, 50, 60],
    columns: [[1, 2, null, 3, 4]],
  });
  expect(withGaps([], [[]], 15)).toEqual({ x: [], columns: [[]] });
});

describe("the point under the cursor", () => {
  const x = [10, 20, 20, 40];

  test.each([
    [5, 0, -1, 0],
    [10, 0, 0, 0],
    [14, 1, 0, 0],
    [16, 1, 0, 1],
    [20, 1, 2, 1],
    [39, 3, 2, 3],
    [99, 4, 3, 3],
  ])("at %d", (at, first, last, near) => {
    expect([firstFrom(x, at), lastUntil(x, at), nearest(x, at)]).toEqual([first, last, near]);
  });

  test("of none", () => expect([firstFrom([], 1), lastUntil([], 1), nearest([], 1)]).toEqual([0, -1, -1]));
});

test("the extent has the neighbours to which lines are drawn, and nothing further away", () => {
  const x = [0, 10, 20, 30, 40];
  const values = [99, 5, null, 7, -99];
  expect(extentIn(x, values, { from: 12, to: 31 })).toEqual({ least: -99, most: 7 });
  expect(extentIn(x, values, { from: 12, to: 28 })).toEqual({ least: 5, most: 7 });
  expect(extentIn(x, [null, null, null, NaN, null], { from: 0, to: 40 })).toBeUndefined();
});

test("the summary has what is within the range", () => {
  const x = [0, 10, 20, 30, 40];
  expect(summaryIn(x, [9, 1, null, 1, 4], { from: 5, to: 40 })).toEqual({
    ...{ count: 3, least: 1, most: 4, last: 4, lastAt: 40, changes: 1 },
  });
  expect(summaryIn(x, [9, 1, 2, 3, 4], { from: 50, to: 60 })).toBeUndefined();
});

test("a stack's series stand upon one another", () => {
  expect(
    stackedUp([
      [1, 2],
      [10, null],
      [100, 200],
    ]),
  ).toEqual([
    [1, 2],
    [11, 2],
    [111, 202],
  ]);
});

test("fewer points keep the ends, the extremes and the gaps of each column", () => {
  const value = fc.option(fc.integer({ min: -1_000, max: 1_000 }), { nil: null });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 200, maxLength: 1_500 }),
      fc.integer({ min: 5, max: 40 }),
      (values, columns) => {
        const x = values.map((_, i) => i * 10);
        const range = { from: 0, to: values.length * 10 };
        const fewer = thinned(x, values, range, columns);
        expect(fewer.x.length).toBeLessThanOrEqual(Math.max(4 * columns, 5 * (columns + 1)));
        expect([...fewer.x]).toEqual([...fewer.x].sort((a, b) => a - b));
        expect(extentIn(fewer.x, fewer.values, range)).toEqual(extentIn(x, values, range));
        fewer.x.forEach((at, i) => expect(fewer.values[i]).toBe(values[at / 10]));
        if (fewer.x.length < x.length && values.includes(null)) expect(fewer.values).toContain(null);
      },
    ),
  );
});
