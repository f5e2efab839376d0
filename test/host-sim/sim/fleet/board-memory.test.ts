/** What a device at link depth keeps over restarts. */
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../../../host-sim/sim/fleet/board-memory";

describe("key-value storage at link depth", () => {
  const read = (store: MemoryStore, key: string): number[] => [...new Uint8Array(store.read(key)!)];

  it("has what was written last, of whatever length, and nothing of what its writer does later", () => {
    const store = new MemoryStore();
    for (const value of [[1, 2, 3], [4, 5, 6], [7], [8, 9]]) {
      const bytes = Uint8Array.from(value);
      store.write("a", bytes);
      bytes.fill(0);
      expect(read(store, "a")).toEqual(value);
    }
    expect(store.read("b")).toBeUndefined();
  });

  it("leaves alone what it has given", () => {
    const store = new MemoryStore();
    store.write("a", Uint8Array.of(1, 2));
    const before = store.read("a")!;
    store.write("a", Uint8Array.of(3, 4));
    expect([...new Uint8Array(before)]).toEqual([1, 2]);
    new Uint8Array(store.read("a")!).fill(9);
    expect(read(store, "a")).toEqual([3, 4]);
  });
});
