/** The look into XS's heap: what a thing takes on a machine of 32 bits, and a heap that may not grow. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EngineStopped, GuestFault } from "../../../../host-sim/sim/engine/engine";
import { HeapEngine } from "../../../../host-sim/tools/footprint/heap-engine";
import { least } from "../../../../host-sim/tools/footprint/smallest";
import type { HeapState } from "../../../../host-sim/tools/footprint/heap-engine";
import { footprintMissing } from "./missing";

/** Keeps what the code of an event makes, in an array that is long enough. */
const keeper = (makers: readonly string[]): string => `"use strict";
const kept = new Array(64).fill(0);
let count = 0;
const makers = [${makers.join(", ")}];
globalThis.handleCommand = (event) => {
  const byte = new Uint8Array(event)[0];
  if (byte < makers.length) kept[count++ % 64] = makers[byte]();
  return { result: event };
};`;

type Kind = keyof HeapState["chunks"];

describe.skipIf(footprintMissing !== undefined)("XS's heap", () => {
  let engine: HeapEngine;
  beforeEach(() => {
    engine = new HeapEngine();
  });
  afterEach(() => engine.close());

  const there = ({ chunks }: HeapState, kind: Kind): number => chunks[kind].there;

  // Slots: an object is its instance and one for each property; a reference to it lies in the array.
  test.each<[string, string, number, Partial<Record<Kind, number>>]>([
    ["an object of three", "() => ({ a: 1, b: true, c: undefined })", 4, {}],
    ["bytes, in a chunk of their own", "() => new Uint8Array(100)", 7, { buffers: 8 + 100 }],
    ["bytes that fill no word", "() => new Uint8Array(5)", 7, { buffers: 8 + 8 }],
    ["an array of three", "() => [1, 2, 3]", 2, { slots: 8 + 3 * 16 }],
    ["a text that was put together", '() => "x".repeat(50) + count', 0, { text: 8 + 52 }],
    ["a number", "() => 1.5", 0, {}],
  ])("%s", async (_what, maker, slots, chunks) => {
    await engine.evaluate(keeper([maker, "() => 0"]));
    // The first event makes names that stay.
    await engine.deliver(new Uint8Array([1]));
    const before = await engine.measure();
    await engine.deliver(new Uint8Array([0]));
    const after = await engine.measure();
    expect(after.slots - before.slots).toBe(slots);
    for (const kind of Object.keys(after.chunks) as Kind[]) {
      expect([kind, there(after, kind) - there(before, kind)]).toEqual([kind, chunks[kind] ?? 0]);
    }
  });

  test("every chunk has an owner, and XS counts the same bytes", async () => {
    const makers = [
      "() => new Map([[1, {}], [2, new Set([3])]])",
      "() => function () { return count; }",
      "() => /a+(b)/.exec('caab')",
      '() => JSON.parse(\'{"k":[1,2,{"l":"m"}]}\')',
      "() => new DataView(new ArrayBuffer(9))",
      "() => (function* () { yield kept; })()",
      "() => 12345678901234567890n * 3n",
      "() => new WeakMap()",
      "() => [,,1].concat(new Array(7))",
      "() => 'a-b-c'.split('-')",
      "() => Promise.resolve(kept)",
      "() => { class A { #b = 1; static c = 'd'; e() { return this.#b; } } return new A(); }",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(makers.length - 1), { minLength: 1, maxLength: 40 }),
        async (events) => {
          const own = new HeapEngine();
          await own.evaluate(keeper(makers));
          for (const event of events) await own.deliver(new Uint8Array([event]));
          const state = await own.measure();
          const again = await own.measure();
          await own.close();
          expect(state.chunks.unknown.count).toBe(0);
          const tallies = Object.values(state.chunks);
          expect(tallies.reduce((sum, { here }) => sum + here, 0)).toBe(state.chunkBytes);
          for (const { here, there: less } of tallies) expect(less).toBeLessThanOrEqual(here);
          expect({ ...again, stack: 0 }).toEqual({ ...state, stack: 0 });
        },
      ),
      { numRuns: 25 },
    );
  });

  test("garbage does not count", async () => {
    await engine.evaluate(
      keeper(["() => { for (let i = 0; i < 5000; i++) ({ i: [i, 'x' + i] }); return 0; }"]),
    );
    await engine.deliver(new Uint8Array([0]));
    const before = await engine.measure();
    await engine.deliver(new Uint8Array([0]));
    const after = await engine.measure();
    expect([after.slots, after.chunkBytes]).toEqual([before.slots, before.chunkBytes]);
  });

  test("a function's code is copied when a closure is made, in place it is not; so is a literal", async () => {
    const maker = "() => [() => count + 1 + count + 2, 'a literal of some bytes']";
    const grown: number[][] = [];
    for (const inPlace of [false, true]) {
      const own = new HeapEngine();
      await (inPlace ? own.evaluateInPlace(keeper([maker])) : own.evaluate(keeper([maker])));
      await own.deliver(new Uint8Array([0]));
      const before = await own.measure();
      await own.deliver(new Uint8Array([0]));
      const after = await own.measure();
      await own.close();
      grown.push([
        there(after, "code") - there(before, "code"),
        there(after, "text") - there(before, "text"),
      ]);
    }
    const [copied, inPlace] = grown;
    expect(copied[0]).toBeGreaterThan(16);
    expect(copied[1]).toBe(8 + 24);
    expect(inPlace).toEqual([0, 0]);
  });

  test("the stack is as deep as calls go, and is looked at anew each time", async () => {
    await engine.evaluate(
      keeper(["() => 0", "() => { const f = (n) => (n === 0 ? 0 : 1 + f(n - 1)); return f(100); }"]),
    );
    const depth = async (event: number): Promise<number> => {
      await engine.deliver(new Uint8Array([event]));
      return (await engine.measure()).stack;
    };
    const flat = await depth(0);
    const deep = await depth(1);
    expect(flat).toBeGreaterThan(5);
    expect(flat).toBeLessThan(100);
    // A frame takes some slots for itself, its argument and what it has on hand.
    expect(deep - flat).toBeGreaterThan(100 * 6);
    expect(deep - flat).toBeLessThan(100 * 20);
    expect(await depth(0)).toBe(flat);
  });

  test("a heap that may not grow collects its garbage, and ends when that is not enough", async () => {
    await engine.evaluate(
      keeper([
        "() => (Array.from({ length: 9 }, () => ({ a: [count], b: 'x'.repeat(99) + count })), 0)",
        "() => Array.from({ length: 400 }, () => ({}))",
      ]),
    );
    const before = await engine.measure();
    await engine.confine({ slots: 300, bytes: 4_000 });
    // Many times what there is room for.
    for (let i = 0; i < 500; i++) await engine.deliver(new Uint8Array([0]));
    expect((await engine.measure()).slots - before.slots).toBeLessThan(300);
    await expect(engine.deliver(new Uint8Array([1]))).rejects.toThrow(
      new EngineStopped("the XS engine ran out of memory"),
    );
    await expect(engine.measure()).rejects.toThrow(EngineStopped);
  });

  test("chunks that may not grow, likewise", async () => {
    await engine.evaluate(keeper(["() => new Uint8Array(1_000)", "() => (new Uint8Array(3_000), 0)"]));
    await engine.confine({ slots: 5_000, bytes: 5_000 });
    for (let i = 0; i < 50; i++) await engine.deliver(new Uint8Array([1]));
    for (let i = 0; i < 4; i++) await engine.deliver(new Uint8Array([0]));
    await expect(engine.deliver(new Uint8Array([0]))).rejects.toThrow("ran out of memory");
  });

  test("an exception is the guest's, and what the host's command throws is the host's", async () => {
    await expect(engine.evaluate("throw new RangeError('of mine')")).rejects.toThrow(
      new GuestFault("RangeError: of mine"),
    );
    await expect(engine.evaluateInPlace("no JavaScript")).rejects.toThrow(GuestFault);
    await engine.evaluate(
      "globalThis.handleCommand = (event) => { const answer = issueCommand(event); return { result: answer }; };",
    );
    engine.onCommand = () => {
      throw new RangeError("the host's");
    };
    await expect(engine.deliver(new Uint8Array([1]))).rejects.toThrow(new RangeError("the host's"));
    engine.onCommand = (command) => command.map((byte) => byte + 1);
    expect([...(await engine.deliver(new Uint8Array([1, 2])))]).toEqual([2, 3]);
  });
});

test("the least number for which something holds is found to its grain", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(5_000),
      fc.nat(6_000),
      fc.integer({ min: 1, max: 64 }),
      async (limit, start, grain) => {
        const found = await least(Math.min(start, limit), grain, async (value) => value >= limit);
        expect(found).toBeGreaterThanOrEqual(limit);
        expect(found - limit).toBeLessThanOrEqual(grain);
      },
    ),
  );
});
