/** The axis of values of a chart. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { niceStep, tickText, valueRange, valueTicks } from "../../../../host-sim/cloud/page/chart-scale";

describe("the part of the axis that is shown", () => {
  test.each([
    ["a constant is in the middle of a small part", [20.5, 20.5], {}, [18.5, 22.5]],
    ["a negative one too", [-80, -80], {}, [-85, -75]],
    ["nothing but zero", [0, 0], {}, [-1, 1]],
    ["a count that does not change", [3, 3], { whole: true }, [2, 4]],
    ["a small change fills the height", [20.5, 20.6], {}, [20.494, 20.606]],
    ["what is never negative has no axis below zero", [1, 99], {}, [0, 104.88]],
    ["bars begin at zero", [5, 10], { fromZero: true }, [0, 10.5]],
    ["no bar at all", [0, 0], { fromZero: true, whole: true }, [0, 2]],
    ["no value", [undefined, undefined], {}, [0, 1]],
    [
      "names, all of them",
      [1, 1],
      {
        names: new Map([
          [0, "off"],
          [1, "on"],
        ]),
      },
      [-0.4, 1.4],
    ],
    [
      "a value besides the names",
      [0, 4],
      {
        names: new Map([
          [0, "off"],
          [1, "on"],
        ]),
      },
      [-0.4, 4.4],
    ],
  ] as const)("%s", (_, [least, most], axis, [low, high]) => {
    const [from, to] = valueRange(least, most, axis);
    expect(from).toBeCloseTo(low, 6);
    expect(to).toBeCloseTo(high, 6);
  });

  test("the noise of a float is not blown up", () => {
    const [from, to] = valueRange(20.1, Math.fround(20.1));
    expect(to - from).toBeGreaterThan(1);
  });

  test("holds any values", () => {
    const number = fc.double({ noNaN: true, min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(number, number, fc.boolean(), fc.boolean(), (a, b, fromZero, whole) => {
        const [least, most] = a < b ? [a, b] : [b, a];
        const [low, high] = valueRange(least, most, { fromZero, whole });
        return low <= least && high >= most && low < high;
      }),
    );
  });
});

describe("ticks", () => {
  const texts = (...given: Parameters<typeof valueTicks>): string[] =>
    valueTicks(...given).map(({ text }) => text);

  test.each([
    [18.5, 22.5, 5, ["19", "20", "21", "22"]],
    [20.494, 20.606, 4, ["20.50", "20.55", "20.60"]],
    [0, 1.3e6, 4, ["0", "500,000", "1,000,000"]],
    [-0.0000032, 0.0000012, 3, ["-0.000002", "0.000000"]],
    [0, 0.7, 4, ["0.0", "0.2", "0.4", "0.6"]],
  ])("from %d to %d", (low, high, most, expected) => {
    expect(texts(low, high, most)).toEqual(expected);
  });

  test("of counts are whole, of names are the names", () => {
    expect(texts(0, 2, 8, { whole: true })).toEqual(["0", "1", "2"]);
    const names = new Map([
      [0, "wall"],
      [1, "mast"],
      [7, "pipe"],
    ]);
    expect(texts(-0.4, 7.4, 9, { names })).toEqual(["wall", "mast", "pipe"]);
    expect(texts(-0.4, 7.4, 2, { names })).toEqual(["wall", "pipe"]);
  });

  test("are few, ascending, within, and no two look alike", () => {
    const number = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(
        number,
        fc.double({ noNaN: true, min: 1e-3, max: 1e9 }),
        fc.integer({ min: 1, max: 12 }),
        (low, span, most) => {
          const ticks = valueTicks(low, low + span, most);
          expect(ticks.length).toBeLessThanOrEqual(Math.max(most + 1, 3));
          expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
          for (const { at } of ticks) {
            expect(at).toBeGreaterThanOrEqual(low - span * 1e-6 - 1e-6);
            expect(at).toBeLessThanOrEqual(low + span * (1 + 1e-6) + 1e-6);
          }
        },
      ),
    );
  });

  test("a step is 1, 2 or 5 of a power of ten", () => {
    expect([0.3, 0.2, 1, 1.1, 4, 6, 1000].map(niceStep)).toEqual([0.5, 0.2, 1, 2, 5, 10, 1000]);
  });

  test("very large and very small numbers are written short", () => {
    expect(tickText(2.5e12, 5e11)).toBe("2.5e+12");
    expect(tickText(3e-9, 1e-9)).toBe("3.0e-9");
  });
});
