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
  expect(pending.entries[0]).toBeUndefined();
  for (const id of [7, 8, 9]) pending.append(entry(id));
  expect(pending.entries[0]).toEqual({ id: 7 });
  pending.release(7);
  expect([pending.length, pending.entries[0]]).toEqual([2, { id: 8 }]);
  pending.release(9);
  pending.release(4);
  expect([pending.length, pending.entries[0]]).toEqual([1, { id: 8 }]);
  expect(dropped).toEqual([]);
});

it("drops the oldest when it is full, and tells", () => {
  const { pending, dropped } = store(2);
  for (const id of [1, 2, 3, 4]) pending.append(entry(id));
  expect(dropped).toEqual([1, 2]);
  expect([pending.length, pending.entries[0]]).toEqual([2, { id: 3 }]);
});

it("drops the next oldest while the oldest is under way", () => {
  const { pending, dropped } = store(3);
  const [first, ...rest] = [1, 2, 3].map(entry);
  for (const each of [first, ...rest]) pending.append(each);
  pending.append(entry(4), [first]);
  expect(dropped).toEqual([2]);
  expect(pending.entries[0]).toBe(first);
  pending.append(entry(5), [entry(1)]);
  expect(dropped).toEqual([2, 1]);
});

it("drops the new one when all there is is under way: what was sent may have arrived", () => {
  const { pending, dropped } = store(2);
  const both = [entry(1), entry(2)];
  for (const each of both) pending.append(each);
  pending.append(entry(3), both);
  expect(dropped).toEqual([3]);
  expect(pending.entries).toEqual(both);
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
          pending.append(entry(appended++), step < 3 ? pending.entries.slice(0, step) : undefined);
        } else if (pending.entries[0] !== undefined) {
          pending.release(pending.entries[0].id);
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
