import fc from "fast-check";
import { expect, it, test } from "vitest";
import { Pending } from "../../firmware/journal/pending";

const entry = (id: number) => ({ id });

function store(capacity: number) {
  const dropped: number[] = [];
  return { dropped, pending: new Pending<{ id: number }>(capacity, ({ id }) => dropped.push(id)) };
}

it("keeps what is appended, oldest first, until it is released", () => {
  const { pending, dropped } = store(3);
  expect(pending.oldest).toBeUndefined();
  for (const id of [7, 8, 9]) pending.append(entry(id));
  expect(pending.oldest).toEqual({ id: 7 });
  pending.release(7);
  expect([pending.length, pending.oldest]).toEqual([2, { id: 8 }]);
  pending.release(9);
  pending.release(4);
  expect([pending.length, pending.oldest]).toEqual([1, { id: 8 }]);
  expect(dropped).toEqual([]);
});

it("drops the oldest when it is full, and tells", () => {
  const { pending, dropped } = store(2);
  for (const id of [1, 2, 3, 4]) pending.append(entry(id));
  expect(dropped).toEqual([1, 2]);
  expect([pending.length, pending.oldest]).toEqual([2, { id: 3 }]);
});

it("drops the next oldest while the oldest is under way", () => {
  const { pending, dropped } = store(3);
  const [first, ...rest] = [1, 2, 3].map(entry);
  for (const each of [first, ...rest]) pending.append(each);
  pending.append(entry(4), first);
  expect(dropped).toEqual([2]);
  expect(pending.oldest).toBe(first);
  pending.append(entry(5), entry(1));
  expect(dropped).toEqual([2, 1]);
});

it("drops even that one when it is all there is", () => {
  const { pending, dropped } = store(1);
  const first = entry(1);
  pending.append(first);
  pending.append(entry(2), first);
  expect(dropped).toEqual([1]);
  expect(pending.length).toBe(1);
});

test.each([0, -1, 1.5, NaN, Infinity])("refuses a capacity of %d", (capacity) => {
  expect(() => store(capacity)).toThrow(RangeError);
});

it("whatever comes, nothing is lost silently and the bound holds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(9), { maxLength: 40 }), (capacity, steps) => {
      const { pending, dropped } = store(capacity);
      let [appended, released] = [0, 0];
      for (const step of steps) {
        if (step < 6) {
          pending.append(entry(appended++), step < 3 ? pending.oldest : undefined);
        } else if (pending.oldest !== undefined) {
          pending.release(pending.oldest.id);
          released += 1;
        }
        expect(pending.length).toBeLessThanOrEqual(capacity);
        expect(pending.length + released + dropped.length).toBe(appended);
      }
      expect(new Set(dropped).size).toBe(dropped.length);
    }),
    { seed: 1, numRuns: 300 },
  );
});
