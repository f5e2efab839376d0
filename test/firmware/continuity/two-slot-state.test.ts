import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TwoSlotState, crcLength, headLength } from "../../../firmware/continuity/two-slot-state";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";

class MapStore implements ByteStore {
  readonly values = new Map<string, Uint8Array>();
  writes = 0;

  read(key: string): ArrayBuffer | undefined {
    return this.values.get(key)?.slice().buffer;
  }

  write(key: string, value: Uint8Array): void {
    this.writes += 1;
    this.values.set(key, value.slice());
  }
}

const state = (n: number): Uint8Array => Uint8Array.of(n, 2, 3, n);
const load = (store: ByteStore, form = 1): number | undefined => new TwoSlotState(store, form).load()?.[0];

describe("two slots", () => {
  it("are empty at first, and then give back what was saved last", () => {
    const store = new MapStore();
    expect(load(store)).toBeUndefined();
    const slots = new TwoSlotState(store, 1);
    for (let n = 1; n < 6; n++) {
      slots.save(state(n));
      expect(load(store)).toBe(n);
    }
    expect([...store.values.keys()].sort()).toEqual(["a", "b"]);
  });

  it("hold the same of a state that stands in its slot already", () => {
    const [whole, inPlace] = [new MapStore(), new MapStore()];
    new TwoSlotState(whole, 1).save(state(7));
    const slot = new Uint8Array(headLength + 4 + crcLength);
    slot.set(state(7), headLength);
    new TwoSlotState(inPlace, 1).saveSlot(slot);
    expect(inPlace.values).toEqual(whole.values);
  });

  it.each([
    ["was loaded", true],
    ["is first saved to", false],
  ])("go on in turn after a start that %s: the newer one is never the one written over", (_what, loads) => {
    const store = new MapStore();
    for (let n = 1; n < 10; n++) {
      const slots = new TwoSlotState(store, 1);
      if (loads) slots.load();
      const before = new Map(store.values);
      slots.save(state(n));
      const changed = [...store.values]
        .filter(([key, value]) => before.get(key) !== value)
        .map(([key]) => key);
      expect(changed).toHaveLength(1);
      // Whatever becomes of the one written, the other is the last state.
      for (const broken of [undefined, Uint8Array.of(), store.values.get(changed[0])!.slice(0, 7)]) {
        const cut = new MapStore();
        for (const [key, value] of store.values) if (key !== changed[0]) cut.values.set(key, value);
        if (broken !== undefined) cut.values.set(changed[0], broken);
        expect(load(cut)).toBe(n === 1 ? undefined : n - 1);
      }
    }
  });

  it("know which is newer over the wrap of their turn", () => {
    const store = new MapStore();
    const slots = new TwoSlotState(store, 1);
    for (let n = 1; n <= 3; n++) slots.save(state(n));
    // As after 4 billion saves.
    for (const [key, turn] of [
      ["a", 0xffff_ffff],
      ["b", 0],
    ] as const) {
      const one = new MapStore();
      const writer = new TwoSlotState(one, 1);
      writer.save(state(key === "a" ? 7 : 8));
      const bytes = one.values.get("a")!;
      const view = new DataView(bytes.buffer);
      view.setUint32(2, turn, true);
      view.setUint32(bytes.length - 4, crc(bytes.subarray(0, bytes.length - 4)), true);
      store.values.set(key, bytes);
    }
    expect(load(store)).toBe(8);
  });

  it("of another form are not read", () => {
    const store = new MapStore();
    new TwoSlotState(store, 1).save(state(1));
    expect(load(store, 2)).toBeUndefined();
  });

  it("take any bytes for what they are: sound, or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
        const store = new MapStore();
        store.values.set("a", a);
        store.values.set("b", b);
        expect(load(store)).toBeUndefined();
      }),
    );
    const store = new MapStore();
    new TwoSlotState(store, 1).save(state(9));
    const sound = store.values.get("a")!;
    for (let bit = 0; bit < 8 * sound.length; bit++) {
      const bytes = sound.slice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      store.values.set("a", bytes);
      expect(load(store)).toBeUndefined();
    }
  });
});

/** CRC-32 once more, bit by bit. */
function crc(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb8_8320 : 0);
  }
  return ~value >>> 0;
}
