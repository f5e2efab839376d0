/** Which rows of a long list are drawn. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { rowsInView } from "../../../../host-sim/cloud/page/rows-in-view";

it("are those in view and some beyond, at the beginning, in the middle and at the end", () => {
  expect(rowsInView(5_000, 150, 900, 44)).toEqual({ from: 0, to: 24 });
  expect(rowsInView(5_000, -44_000, 900, 44)).toEqual({ from: 994, to: 1_027 });
  expect(rowsInView(5_000, -219_100, 900, 44)).toEqual({ from: 4_973, to: 5_000 });
  expect(rowsInView(3, 150, 900, 44)).toEqual({ from: 0, to: 3 });
  expect(rowsInView(0, 150, 900, 44)).toEqual({ from: 0, to: 0 });
});

it("are the last ones of a list that has become shorter than where it was scrolled to", () => {
  expect(rowsInView(20, -44_000, 900, 44)).toEqual({ from: 8, to: 20 });
});

it("cover the view wherever it is, and are few however many there are", () => {
  const shape = fc.record({
    count: fc.integer({ min: 1, max: 100_000 }),
    height: fc.integer({ min: 20, max: 120 }),
    view: fc.integer({ min: 200, max: 2_000 }),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(shape, ({ count, height, view, at }) => {
      const top = -at * Math.max(0, count * height - view);
      const { from, to } = rowsInView(count, top, view, height);
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeLessThanOrEqual(count);
      expect(top + from * height).toBeLessThanOrEqual(0);
      expect(to === count || top + to * height >= view).toBe(true);
      expect(to - from).toBeLessThanOrEqual(view / height + 14);
    }),
    { seed: 18, numRuns: 300 },
  );
});
