import { describe, expect, test } from "vitest";
import { beginBatch } from "../../../firmware/model/batch";
import { encodeReport } from "../../../firmware/model/report";
import { defineThing } from "../../../firmware/model/thing";
import { batch } from "../../../firmware/product/thing";
import type { BatchWriter } from "../../../firmware/model/batch";
import type { Thing } from "../../../firmware/model/thing";

const thing: Thing = defineThing({
  product: "p",
  version: 1,
  fingerprint: "0",
  points: [
    { identifier: "a", number: 1, type: "int" },
    { identifier: "b", number: 9, type: "bool", quality: true },
    { identifier: "text", number: 10, type: "string" },
  ],
  attributes: [],
  events: [],
  services: [],
});
const noon = 1_767_268_800_000; // 0x019b796dd600

const hex = (batch: BatchWriter, out: Uint8Array): string =>
  Buffer.from(out.subarray(0, batch.length)).toString("hex");
const digits = (text: string): string => text.replaceAll(" ", "");

describe("bytes", () => {
  test("sample layout", () => {
    const out = new Uint8Array(100).fill(0xee);
    const batch = beginBatch(thing, "sample", 20, noon, false, out);
    expect([batch.length, batch.count]).toEqual([0, 0]);
    expect(batch.add({ a: -2 }, noon)).toBe("added");
    expect(batch.add({ b: { value: true, quality: 9 }, a: 1 }, noon + 300)).toBe("added");
    expect(batch.add({ text: "é" }, noon + 300)).toBe("added");
    expect(batch.count).toBe(3);
    expect(hex(batch, out)).toBe(
      digits(
        "04 00000014 00 019b796dd600" +
          "00 01 01 0004 fffffffe" +
          "ac02 02 01 0004 00000001 09 0002 01 09" +
          "00 01 0a 0002 c3a9",
      ),
    );
  });

  test("compact layout, late", () => {
    const out = new Uint8Array(100).fill(0xee);
    const batch = beginBatch(thing, "compact", 0xffff_ffff, 0, true, out);
    expect(batch.add({ a: 1 }, 0)).toBe("added");
    expect(batch.add({ b: { value: false, quality: 0 } }, 127)).toBe("added");
    expect(batch.add({ text: "" }, 127 + 128)).toBe("added");
    expect(hex(batch, out)).toBe(
      digits("05 ffffffff 01 000000000000" + "00 01 01 00000001" + "7f 02 0001 00 00" + "8001 02 0002 0000"),
    );
  });

  test.each<[number, string]>([
    [0, "00"],
    [0x7f, "7f"],
    [0x80, "8001"],
    [2 ** 32, "8080808010"],
    [2 ** 42 - 1, "ffffffffff7f"],
  ])("%d ms later is %s", (later, varint) => {
    const out = new Uint8Array(100);
    const batch = beginBatch(thing, "compact", 1, noon, false, out);
    batch.add({ a: 1 }, noon);
    const before = batch.length;
    expect(batch.add({ a: 1 }, noon + later)).toBe("added");
    expect(Buffer.from(out.subarray(before, batch.length - 6)).toString("hex")).toBe(varint);
  });

  test("the product's own, typed", () => {
    const out = new Uint8Array(100);
    const own = batch(7, noon, true, out, "compact");
    expect(own.add({ temperature: 21.57, relay: 1 }, noon)).toBe("added");
    expect(Buffer.from(out.subarray(0, own.length)).toString("hex")).toBe(
      digits("05 00000007 01 019b796dd600 00 01 09 086d 01"),
    );
    // @ts-expect-error the product has no such point
    expect(own.add({ pressure: 1 }, noon)).toMatchObject({ fault: "unknown", id: "pressure" });
    // @ts-expect-error a text is no temperature
    expect(own.add({ temperature: "warm" }, noon)).toMatchObject({ fault: "wrong-type", id: "temperature" });
  });
});

describe("what is not added leaves the batch as it was", () => {
  const rows: [what: string, values: object, time: number, outcome: unknown][] = [
    ["an earlier time", { a: 1 }, noon - 1, "earlier"],
    ["an unknown point", { c: 1 }, noon, { fault: "unknown", id: "c" }],
    ["a wrong value behind a right one", { a: 1, text: 5 }, noon, { fault: "wrong-type", id: "text" }],
    ["no number", { a: NaN }, noon, { fault: "not-finite", id: "a" }],
    ["no point", {}, noon, { fault: "missing", id: "" }],
    ["points that are undefined", { a: undefined }, noon, { fault: "missing", id: "" }],
    ["a fraction of a ms", { a: 1 }, noon + 0.5, { fault: "out-of-range", id: "time" }],
    ["no time", { a: 1 }, NaN, { fault: "out-of-range", id: "time" }],
    ["a time beyond 48 bits", { a: 1 }, 2 ** 48, { fault: "out-of-range", id: "time" }],
    ["a wait of more than 6 bytes", { a: 1 }, noon + 2 ** 42, "full"],
    ["a text without room", { text: "x".repeat(80) }, noon, "full"],
    ["room for all but the last byte", { text: "x".repeat(57) }, noon, "full"],
  ];
  describe.each(["sample", "compact"] as const)("%s", (layout) => {
    test.each(rows)("%s", (_what, values, time, outcome) => {
      const out = new Uint8Array(layout === "sample" ? 82 : 81);
      const batch = beginBatch(thing, layout, 20, noon, false, out);
      expect(batch.add({ a: 5 }, noon)).toBe("added");
      const before = [batch.length, batch.count, hex(batch, out)];
      const answer = batch.add(values as never, time);
      if (typeof outcome === "string") expect(answer).toBe(outcome);
      else expect(answer).toMatchObject(outcome as object);
      expect([batch.length, batch.count, hex(batch, out)]).toEqual(before);
      // The next sound reading counts from the one before, and one that just fits does.
      expect(batch.add({ a: 6 }, noon + 1)).toBe("added");
      expect(out[before[0] as number]).toBe(1);
    });
  });

  test("the last byte is used", () => {
    for (const [layout, size] of [
      ["sample", 82],
      ["compact", 81],
    ] as const) {
      const out = new Uint8Array(size);
      const batch = beginBatch(thing, layout, 20, noon, false, out);
      batch.add({ a: 5 }, noon);
      const room = size - batch.length - (layout === "sample" ? 5 : 6);
      expect(batch.add({ text: "x".repeat(room) }, noon)).toBe("added");
      expect(batch.length).toBe(size);
    }
  });

  test("room of any size, down to none", () => {
    for (const layout of ["sample", "compact"] as const) {
      const needed = 12 + (layout === "sample" ? 9 : 7);
      for (let size = 0; size < 40; size++) {
        const whole = new Uint8Array(size + 10).fill(0xee);
        const batch = beginBatch(thing, layout, 20, noon, false, whole.subarray(0, size));
        expect(batch.add({ a: 5 }, noon)).toBe(size < needed ? "full" : "added");
        expect(batch.length).toBe(size < needed ? 0 : needed);
        expect([...whole.subarray(size)]).toEqual(new Array(10).fill(0xee));
      }
    }
  });

  test.each([NaN, -1, 0.5, 2 ** 48, Infinity])("a batch of time %d takes no reading", (time) => {
    const batch = beginBatch(thing, "sample", 20, time, false, new Uint8Array(100));
    expect(batch.add({ a: 1 }, noon)).toMatchObject({ fault: "out-of-range", id: "time" });
    expect(batch.length).toBe(0);
  });

  test("255 readings and no more", () => {
    const out = new Uint8Array(10_000);
    const batch = beginBatch(thing, "compact", 20, noon, false, out);
    for (let i = 0; i < 255; i++) expect(batch.add({ a: i }, noon + i)).toBe("added");
    expect(batch.add({ a: 1 }, noon + 300)).toBe("full");
    expect(batch.count).toBe(255);
  });
});

test("a reading has the bytes of a report of its own", () => {
  const values = { a: 1, b: { value: true, quality: 3 }, text: "x" };
  for (const layout of ["sample", "compact"] as const) {
    const out = new Uint8Array(100);
    const batch = beginBatch(thing, layout, 1, noon, false, out);
    batch.add(values, noon);
    const report = new Uint8Array(100);
    const length = encodeReport(thing, values, 1, report, layout) as number;
    const skip = layout === "sample" ? 14 : 13;
    expect([...out.subarray(skip, batch.length)]).toEqual([...report.subarray(5, length)]);
  }
});
