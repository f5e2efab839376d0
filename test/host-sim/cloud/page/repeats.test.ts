/** What repeats is found, and nothing is lost or invented by it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Shapes, repeatsOf } from "../../../../host-sim/cloud/page/repeats";

const shapesOf = (text: string): number[] => {
  const shapes = new Shapes();
  return text.split(" ").map((each) => shapes.numberOf(each));
};

test.each([
  [
    "a b b b b c d c d c d a",
    [
      { from: 1, to: 5, period: 1, times: 4 },
      { from: 5, to: 11, period: 2, times: 3 },
    ],
  ],
  ["a a b c", []],
  ["a b a b", []],
  // A longer round that covers more rows counts above a shorter one.
  ["a a a b a a a b a a a b", [{ from: 0, to: 12, period: 4, times: 3 }]],
  // Two kinds in turn, and one round that is begun and not over.
  ["x a b a b a b a y", [{ from: 1, to: 7, period: 2, times: 3 }]],
])("%s", (text, expected) => {
  expect(repeatsOf(shapesOf(text))).toEqual(expected);
});

test("each repeat is one: its rounds are equal, and no two share a row", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 3 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 2, max: 5 }),
      (shapes, longest, fewest) => {
        let before = 0;
        for (const { from, to, period, times } of repeatsOf(shapes, { longest, fewest })) {
          expect(from).toBeGreaterThanOrEqual(before);
          expect(to).toBeLessThanOrEqual(shapes.length);
          expect(to - from).toBe(period * times);
          expect(period).toBeLessThanOrEqual(longest);
          expect(times).toBeGreaterThanOrEqual(fewest);
          for (let i = from; i + period < to; i++) expect(shapes[i]).toBe(shapes[i + period]);
          before = to;
        }
      },
    ),
  );
});

test("a run of one shape is found, wherever it is", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 50 }),
      fc.integer({ min: 3, max: 60 }),
      fc.nat({ max: 50 }),
      (head, length, tail) => {
        // All others differ from each other.
        const shapes = [
          ...Array.from({ length: head }, (_, i) => 1_000 + i),
          ...new Array<number>(length).fill(1),
          ...Array.from({ length: tail }, (_, i) => 2_000 + i),
        ];
        expect(repeatsOf(shapes)).toEqual([{ from: head, to: head + length, period: 1, times: length }]);
      },
    ),
  );
});

test("100,000 rows that hardly repeat take no time to speak of", () => {
  const shapes = Array.from({ length: 100_000 }, (_, i) => (i * 7_919) % 101);
  const before = process.cpuUsage().user;
  repeatsOf(shapes);
  expect(process.cpuUsage().user - before).toBeLessThan(500_000);
});
