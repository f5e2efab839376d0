import { describe, expect, test } from "vitest";
import { defineThing } from "../../../firmware/model/thing";
import {
  attributesFault,
  eventFault,
  fieldsFault,
  reportFault,
  setFault,
} from "../../../firmware/model/check";
import { encodeReport, readSamplePoints } from "../../../firmware/model/report";
import type { Thing } from "../../../firmware/model/thing";

const thing: Thing = defineThing({
  product: "p",
  version: 1,
  fingerprint: "0",
  points: [
    { identifier: "int", number: 1, type: "int", writable: true },
    { identifier: "long", number: 2, type: "int64" },
    { identifier: "float", number: 3, type: "float", range: [0, 0.1] },
    {
      identifier: "double",
      number: 4,
      type: "double",
      range: [-40, 125],
      compact: { as: "int16", scale: 0.01, offset: 0 },
    },
    { identifier: "bool", number: 5, type: "bool" },
    { identifier: "enum", number: 6, type: "enum", values: [0, 1, 7] },
    { identifier: "string", number: 7, type: "string", maxLength: 5 },
    { identifier: "time", number: 8, type: "timestamp" },
    { identifier: "array", number: 9, type: "array", items: { type: "int" }, maxItems: 2 },
    {
      identifier: "struct",
      number: 10,
      type: "struct",
      fields: [
        { identifier: "x", number: 1, type: "int" },
        { identifier: "y", number: 200, type: "string", optional: true },
      ],
    },
    { identifier: "quality", number: 11, type: "bool", quality: true },
    { identifier: "wide", number: 12, type: "enum", values: [-1, 300], wide: true },
    { identifier: "open", number: 13, type: "double", compact: { as: "uint8", scale: 2, offset: -100 } },
    { identifier: "date", number: 14, type: "date" },
    { identifier: "series", number: 15, type: "enum", values: [3, 9], texts: ["E6", "E12"] },
    { identifier: "note", number: 16, type: "string" },
    { identifier: "many", number: 17, type: "array", items: { type: "float" } },
  ],
  attributes: [{ identifier: "label", type: "string" }],
  events: [{ identifier: "hot", outputs: [{ identifier: "t", type: "double" }] }],
  services: [],
} as Thing);

const out = new Uint8Array(70_000);
const digits = (text: string): string => text.replaceAll(" ", "");
function encoded(values: object, layout: "sample" | "compact"): string {
  const length = encodeReport(thing, values as never, 1, out, layout);
  if (typeof length !== "number") throw new Error(JSON.stringify(length));
  return Buffer.from(out.subarray(5, length)).toString("hex");
}

describe("bytes behind kind and request id", () => {
  const rows: [values: object, sample: string, compact: string][] = [
    [{}, "", "00"],
    [{ int: -(2 ** 31) }, "01 0004 80000000", "01 01 80000000"],
    [{ long: 2 ** 53 - 1 }, "02 0008 001fffffffffffff", "01 02 001fffffffffffff"],
    [{ long: 1 - 2 ** 53 }, "02 0008 ffe0000000000001", "01 02 ffe0000000000001"],
    [{ long: -1 }, "02 0008 ffffffffffffffff", "01 02 ffffffffffffffff"],
    [{ float: 0.1 }, "03 0004 3dcccccd", "01 04 3dcccccd"],
    [{ double: -0.01 }, "04 0008 bf847ae147ae147b", "01 08 ffff"],
    [{ double: 125 }, "04 0008 405f400000000000", "01 08 30d4"],
    [{ bool: true }, "05 0001 01", "01 10 01"],
    [{ enum: 7 }, "06 0004 00000007", "01 20 07"],
    [{ string: "éa" }, "07 0003 c3a961", "01 40 0003 c3a961"],
    [{ string: "" }, "07 0000", "01 40 0000"],
    [{ time: 1 }, "08 0008 0000000000000001", "01 80 0000000000000001"],
    [{ array: [] }, "09 0000", "02 0001 0000"],
    [{ array: [1, -1] }, "09 0008 00000001 ffffffff", "02 0001 0008 00000001 ffffffff"],
    [{ struct: { x: 1 } }, "0a 0007 01 0004 00000001", "02 0002 0007 01 0004 00000001"],
    [
      { struct: { y: "a", x: 1 } },
      "0a 000b 01 0004 00000001 c8 0001 61",
      "02 0002 000b 01 0004 00000001 c8 0001 61",
    ],
    [{ quality: { value: false, quality: 9 } }, "0b 0002 00 09", "02 0004 00 09"],
    [{ wide: -1 }, "0c 0004 ffffffff", "02 0008 ffffffff"],
    [{ open: 410 }, "0d 0008 4079a00000000000", "02 0010 ff"],
    [{ date: "2026-11-29" }, "0e 000a 323032362d31312d3239", "02 0020 000a 323032362d31312d3239"],
    [{ series: "E12" }, "0f 0004 00000009", "02 0040 09"],
    [{ bool: false, int: 1 }, "01 0004 00000001 05 0001 00", "01 11 00000001 00"],
    [{ bool: undefined, int: 1 }, "01 0004 00000001", "01 01 00000001"],
  ];
  test.each(rows)("%j", (values, sample, compact) => {
    expect(encoded(values, "sample")).toBe(digits(sample));
    expect(encoded(values, "compact")).toBe(digits(compact));
  });
});

test("what waited as bytes is read as it was given, a float in the fewest digits that say it", () => {
  const values = {
    many: [233.1, -0.1, 21.6, 16777216],
    float: 0.1,
    series: "E12",
    date: "2026-11-29 08:00:00",
  };
  const length = encodeReport(thing, values, 1, out, "sample") as number;
  expect(readSamplePoints(thing, out.slice(0, length), 5)).toEqual(values);
});

describe("a value that is not as the model says", () => {
  const rows: [values: object, fault: string, id: string, detail: RegExp][] = [
    [{ other: 1 }, "unknown", "other", /is no measure point of the model/],
    [{ int: "1" }, "wrong-type", "int", /takes a number, got a text/],
    [{ int: null }, "wrong-type", "int", /got null/],
    [{ int: 1.5 }, "wrong-type", "int", /takes a whole number, got 1.5/],
    [{ int: 2 ** 31 }, "out-of-range", "int", /takes -2147483648 to 2147483647, got 2147483648/],
    [{ int: NaN }, "not-finite", "int", /takes a finite number, got NaN/],
    [{ long: 2 ** 53 }, "out-of-range", "long", /got 9007199254740992/],
    [{ float: Infinity }, "not-finite", "float", /got Infinity/],
    [{ float: 0.11 }, "out-of-range", "float", /takes 0 to 0.1, got 0.11/],
    [{ float: true }, "wrong-type", "float", /got true/],
    [{ double: NaN }, "not-finite", "double", /got NaN/],
    [{ double: -40.001 }, "out-of-range", "double", /takes -40 to 125/],
    [{ bool: 1 }, "wrong-type", "bool", /takes true or false, got 1/],
    [{ enum: 2 }, "out-of-range", "enum", /takes 0, 1, 7, got 2/],
    [{ enum: "0" }, "wrong-type", "enum", /takes a number/],
    [{ string: "ééé" }, "too-long", "string", /takes 5 bytes of UTF-8, got 6/],
    [{ string: 1 }, "wrong-type", "string", /takes a text, got 1/],
    [{ time: 8.64e15 + 2 }, "out-of-range", "time", /takes/],
    [{ time: "2026-11-29" }, "wrong-type", "time", /takes a number, got a text/],
    [{ date: 1_767_225_600_000 }, "wrong-type", "date", /takes yyyy-MM-dd or yyyy-MM-dd HH:mm:ss, got 1767/],
    [{ series: "E24" }, "out-of-range", "series", /takes E6, E12, got a text/],
    [{ series: 0 }, "wrong-type", "series", /takes a text, got 0/],
    [{ note: "é".repeat(513) }, "too-long", "note", /takes 1024 bytes of UTF-8, got 1026/],
    [{ many: new Array(129).fill(1) }, "too-long", "many", /takes 128 items, got 129/],
    [{ array: [1, 2, 3] }, "too-long", "array", /takes 2 items, got 3/],
    [{ array: [1, "2"] }, "wrong-type", "array[1]", /takes a number, got a text/],
    [{ array: {} }, "wrong-type", "array", /takes an array, got an object/],
    [{ struct: {} }, "missing", "struct.x", /has to be there/],
    [{ struct: { x: NaN } }, "not-finite", "struct.x", /got NaN/],
    [{ struct: { x: 1, z: 1 } }, "unknown", "struct.z", /is no field of the model/],
    [{ struct: [] }, "wrong-type", "struct", /takes an object, got an array/],
    [{ quality: true }, "wrong-type", "quality", /takes \{ value, quality \}, got true/],
    [{ quality: { value: true, quality: 10 } }, "out-of-range", "quality.quality", /takes 0 to 9, got 10/],
    [{ quality: { value: true } }, "out-of-range", "quality.quality", /got nothing/],
    [{ quality: { quality: 1 } }, "wrong-type", "quality", /got nothing/],
    [{ wide: 0 }, "out-of-range", "wide", /takes -1, 300/],
  ];
  test.each(rows)("%j", (values, fault, id, detail) => {
    const wanted = { fault, id, detail: expect.stringMatching(detail) as string };
    expect(reportFault(thing, values as never)).toEqual(wanted);
    for (const layout of ["sample", "compact"] as const) {
      expect(encodeReport(thing, values as never, 1, out, layout)).toEqual(wanted);
    }
  });

  test.each([
    [0.1, true],
    [0.10000000149011612, true],
    [0.1000000052, true],
    [0.1000000053, false],
    [-1e-46, true],
    [-1e-45, false],
  ])("a float of %d goes by what 32 bits make of it: %s", (float, sound) => {
    expect(reportFault(thing, { float }) === undefined).toBe(sound);
  });

  test.each([
    ["2026-11-29", true],
    ["2024-02-29", true],
    ["2000-02-29 23:59:59", true],
    ["0000-02-29", true],
    ["1969-12-31 00:00:00", true],
    ["2026-08-31", true],
    ["1900-02-29", false],
    ["2026-02-29", false],
    ["2026-04-31", false],
    ["2026-09-31", false],
    ["2026-07-32", false],
    ["2026-13-01", false],
    ["2026-00-10", false],
    ["2026-01-00", false],
    ["2026-1-1", false],
    ["2026/11/29", false],
    ["2026-11-29 24:00:00", false],
    ["2026-11-29 23:60:00", false],
    ["2026-11-29 23:59:60", false],
    ["2026-11-29T23:59:00", false],
    ["2026-11-29 23-59:00", false],
    ["2026-11-29 23:59.00", false],
    ["2026-11-29 23:59:0x", false],
    ["2026-11-29 23:59", false],
    ["x026-11-29", false],
    ["20x6-11-29", false],
    ["", false],
  ])("%j is a date: %s", (date, sound) => {
    expect(reportFault(thing, { date }) === undefined).toBe(sound);
  });

  test("beyond what the compact layout states, where no range forbids it", () => {
    const values = { open: 412 };
    expect(typeof encodeReport(thing, values, 1, out, "sample")).toBe("number");
    const detail = "takes -100 to 410 in this layout, got 412";
    expect(encodeReport(thing, values, 1, out, "compact")).toEqual({
      fault: "out-of-range",
      id: "open",
      detail,
    });
  });

  test("of an attribute, an event, a setting", () => {
    expect(attributesFault(thing, { label: "a" })).toBeUndefined();
    expect(attributesFault(thing, { label: 1 })).toMatchObject({ fault: "wrong-type", id: "label" });
    expect(attributesFault(thing, { int: 1 })).toMatchObject({ fault: "unknown", id: "int" });
    expect(eventFault(thing, "hot", { t: 1 })).toBeUndefined();
    expect(eventFault(thing, "hot", {})).toMatchObject({ fault: "missing", id: "t" });
    expect(eventFault(thing, "cold", {})).toMatchObject({ fault: "unknown", id: "cold" });
    expect(eventFault(thing, "hot", undefined)).toMatchObject({ fault: "wrong-type" });
    expect(setFault(thing, { int: 1 })).toBeUndefined();
    expect(setFault(thing, { long: 1 })).toMatchObject({ fault: "not-writable", id: "long" });
    expect(setFault(thing, { other: 1 })).toMatchObject({ fault: "unknown", id: "other" });
    expect(fieldsFault([], { extra: 1 })).toMatchObject({ fault: "unknown", id: "extra" });
    expect(fieldsFault([], "text")).toMatchObject({ fault: "wrong-type", id: "" });
  });
});

test("too little room is told at every length, and nothing is written beyond it", () => {
  const values = {
    int: 1,
    double: 1,
    string: "abc",
    array: [1],
    struct: { x: 1 },
    quality: { value: true, quality: 1 },
  };
  for (const layout of ["sample", "compact"] as const) {
    const needed = encodeReport(thing, values, 1, out, layout) as number;
    for (let size = 0; size <= needed; size++) {
      const whole = new Uint8Array(needed + 8).fill(0xee);
      const length = encodeReport(thing, values, 1, whole.subarray(0, size), layout);
      if (size === needed) expect(length).toBe(needed);
      else expect(length).toMatchObject({ fault: "no-room" });
      expect(whole.subarray(size).every((byte) => byte === 0xee)).toBe(true);
    }
  }
});

test("a table is frozen to its depth", () => {
  expect(Object.isFrozen(thing)).toBe(true);
  expect(Object.isFrozen(thing.points[9].fields![0])).toBe(true);
  expect(Object.isFrozen(thing.points[3].compact)).toBe(true);
});
