/** What is kept of what devices reported, in number and in size. */
import { describe, expect, it, test } from "vitest";
import { Recent, sizeOf } from "../../../../host-sim/cloud/registry/history";

describe("recent items", () => {
  const recent = (items: number, size: number): { list: Recent<number>; gone: number[] } => {
    const gone: number[] = [];
    const list = new Recent<number>({ items, size, sizeOf: (item) => item }, (some) => {
      for (const { item } of some) gone.push(item);
    });
    return { list, gone };
  };

  it("are so many at most", () => {
    const { list, gone } = recent(3, Infinity);
    for (const item of [1, 2, 3, 4, 5, 6]) list.push(item);
    expect(list.list()).toEqual([4, 5, 6]);
    expect(gone).toEqual([1, 2, 3]);
  });

  it("are so large at most, and the newest is there always", () => {
    const { list, gone } = recent(100, 10);
    for (const item of [4, 4, 2, 1]) list.push(item);
    expect(list.list()).toEqual([2, 1]);
    expect(gone).toEqual([4, 4]);
    list.push(50);
    expect(list.list()).toEqual([50]);
    list.push(1);
    expect(list.list()).toEqual([1]);
    for (let i = 0; i < 9; i++) list.push(1);
    expect(list.list()).toHaveLength(10);
    expect(gone).toEqual([4, 4, 2, 1, 50]);
  });

  it("that are put in again are the same", () => {
    const { list } = recent(100, 1000);
    for (let i = 0; i < 5000; i++) list.push(i % 37);
    const again = recent(100, 1000);
    const numbers = list.numbers();
    // What is held besides the last hundred is not listed.
    list.list().forEach((item, i) => again.list.push(item, numbers[numbers.length - list.list().length + i]));
    expect(again.list.list()).toEqual(list.list());
    expect(again.gone).toEqual([]);
  });
});

test.each<[Record<string, unknown>, number]>([
  [{}, 64],
  [{ temperature: 21.5 }, 64 + 11 + 8],
  [{ label: "hall", place: { x: 1 }, none: null }, 64 + 5 + 6 + 5 + 7 + 4 + 4],
])("the size of %j is %i", (values, size) => expect(sizeOf(values)).toBe(size));
