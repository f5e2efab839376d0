import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { fits } from "../../firmware/model/point";
import { decodeAnswer, decodeSet, encodeMeasurepoints, encodeReply } from "../../firmware/model/raw";
import type { PointDefinition, Value } from "../../firmware/model/point";

/** Numbers, names and types of the sample product in EnOS's manual. */
const points: readonly PointDefinition[] = [
  { id: "mp_int", number: 1, type: "int", writable: true },
  { id: "mp_string", number: 2, type: "string", writable: true },
  { id: "mp_double", number: 3, type: "double", writable: true },
  { id: "last", number: 255, type: "int" },
];

const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const out = new Uint8Array(600);
function encoded(values: Record<string, Value>, requestId: number): string {
  const length = encodeMeasurepoints(points, values, requestId, out);
  if (typeof length !== "number") throw new Error(`${length.fault} ${length.id}`);
  return Buffer.from(out.subarray(0, length)).toString("hex");
}

describe("measure points on their way up", () => {
  const vectors: [name: string, values: Record<string, Value>, id: number, bytes: string][] = [
    [
      "the manual's sample, as far as its types are ours",
      { mp_int: 9717, mp_string: "abcdefghij", mp_double: 1.14 },
      20,
      "01 00000014 01 0004 000025f5 02 000a 6162636465666768696a 03 0008 3ff23d70a3d70a3d",
    ],
    ["no points", {}, 0, "01 00000000"],
    ["the largest id", {}, 0xffff_ffff, "01 ffffffff"],
    ["the smallest int", { mp_int: -0x8000_0000 }, 1, "01 00000001 01 0004 80000000"],
    ["the largest int", { mp_int: 0x7fff_ffff }, 1, "01 00000001 01 0004 7fffffff"],
    ["minus one", { mp_int: -1 }, 1, "01 00000001 01 0004 ffffffff"],
    ["an empty string", { mp_string: "" }, 1, "01 00000001 02 0000"],
    ["text beyond ASCII, counted in bytes", { mp_string: "é😀" }, 1, "01 00000001 02 0006 c3a9 f09f9880"],
    ["minus zero", { mp_double: -0 }, 1, "01 00000001 03 0008 8000000000000000"],
    [
      "in the order given, numbers up to 255",
      { last: 2, mp_int: 1 },
      1,
      "01 00000001 ff 0004 00000002 01 0004 00000001",
    ],
  ];
  test.each(vectors)("%s", (_name, values, id, bytes) => {
    expect(encoded(values, id)).toBe(bytes.replaceAll(" ", ""));
  });

  const faults: [name: string, values: Record<string, unknown>, fault: object][] = [
    ["a point that the product has not", { mp_int: 1, other: 1 }, { fault: "unknown-point", id: "other" }],
    ["a fraction in an int", { mp_int: 1.5 }, { fault: "wrong-value", id: "mp_int" }],
    ["an int too large", { mp_int: 0x8000_0000 }, { fault: "wrong-value", id: "mp_int" }],
    ["text in an int", { mp_int: "1" }, { fault: "wrong-value", id: "mp_int" }],
    ["not a number", { mp_double: NaN }, { fault: "wrong-value", id: "mp_double" }],
    ["infinity", { mp_double: -Infinity }, { fault: "wrong-value", id: "mp_double" }],
    ["a number in a string", { mp_string: 7 }, { fault: "wrong-value", id: "mp_string" }],
    ["nothing at all", { mp_string: undefined }, { fault: "wrong-value", id: "mp_string" }],
    ["text of 70000 bytes", { mp_string: "x".repeat(70_000) }, { fault: "no-room", id: "mp_string" }],
  ];
  test.each(faults)("%s: a fault that names it", (_name, values, fault) => {
    expect(encodeMeasurepoints(points, values as Record<string, Value>, 1, new Uint8Array(80_000))).toEqual(
      fault,
    );
  });

  it("fit exactly or not at all, and never reach past the buffer", () => {
    const buffer = new Uint8Array(30).fill(0xee);
    const values = { mp_int: 1, mp_string: "abc" };
    expect(encodeMeasurepoints(points, values, 1, buffer.subarray(4, 4 + 18))).toBe(18);
    expect([...buffer.subarray(0, 4), ...buffer.subarray(22)]).toEqual(Array(12).fill(0xee));
    expect(encodeMeasurepoints(points, values, 1, buffer.subarray(0, 17))).toEqual({
      fault: "no-room",
      id: "mp_string",
    });
    expect(encodeMeasurepoints(points, values, 1, buffer.subarray(0, 4))).toEqual({
      fault: "no-room",
      id: "",
    });
  });

  it("state every value so that an independent reader gets it back", () => {
    fc.assert(
      fc.property(
        fc.record({
          mp_int: fc.integer(),
          mp_double: fc.double({ noNaN: true, noDefaultInfinity: true }),
          mp_string: fc.string({ unit: "binary", maxLength: 40 }),
        }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (values, id) => {
          const bytes = Buffer.from(encoded(values, id), "hex");
          expect([bytes[0], bytes.readUInt32BE(1)]).toEqual([1, id]);
          const read: Record<string, Value> = {};
          let at = 5;
          while (at < bytes.length) {
            const [number, length] = [bytes[at], bytes.readUInt16BE(at + 1)];
            const value = bytes.subarray(at + 3, at + 3 + length);
            if (number === 1) read.mp_int = value.readInt32BE();
            else if (number === 3) read.mp_double = value.readDoubleBE();
            else read.mp_string = value.toString("utf8");
            at += 3 + length;
          }
          expect(read).toEqual(values);
        },
      ),
      { seed: 9717, numRuns: 300 },
    );
  });
});

describe("set commands on their way down", () => {
  const vectors: [name: string, bytes: string, expected: object][] = [
    ["an int", "02 00000014 01 000025f5", { requestId: 20, values: { mp_int: 9717 } }],
    [
      "a negative int and a double",
      "02 ffffffff 01 fffffffe 03 3ff23d70a3d70a3d",
      { requestId: 0xffff_ffff, values: { mp_int: -2, mp_double: 1.14 } },
    ],
    [
      "a string takes the rest",
      "02 00000001 01 00000001 02 c3a9 0103",
      { requestId: 1, values: { mp_int: 1, mp_string: "é\x01\x03" } },
    ],
    ["an empty string", "02 00000001 02", { requestId: 1, values: { mp_string: "" } }],
    ["nothing to set", "02 00000001", { requestId: 1, values: {} }],
    [
      "the last of two values counts",
      "02 00000001 01 00000001 01 00000002",
      { requestId: 1, values: { mp_int: 2 } },
    ],
    ["no bytes", "", { fault: "short" }],
    ["four bytes", "02 000000", { fault: "short" }],
    ["another command", "11 00000001 00", { fault: "unknown-command", kind: 0x11, requestId: 1 }],
    [
      "a point that the product has not",
      "02 00000001 04 00000001",
      { fault: "unknown-point", kind: 2, requestId: 1 },
    ],
    ["an int cut short", "02 00000001 01 000000", { fault: "truncated", kind: 2, requestId: 1 }],
    ["a double cut short", "02 00000001 03 3ff23d70a3d70a", { fault: "truncated", kind: 2, requestId: 1 }],
    ["text that is no UTF-8", "02 00000001 02 c3", { fault: "bad-text", kind: 2, requestId: 1 }],
  ];
  test.each(vectors)("%s", (_name, bytes, expected) => {
    expect(decodeSet(points, unhex(bytes))).toEqual(expected);
  });

  it("any bytes: values of the points' types, or a fault, out of the middle of a buffer as well", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 30 }),
          fc
            .uint8Array({ maxLength: 20 })
            .map((rest) => new Uint8Array([2, 0, 0, 0, 1, 1 + (rest.length % 3), ...rest])),
        ),
        (bytes) => {
          const buffer = new Uint8Array(bytes.length + 9).fill(2);
          buffer.set(bytes, 3);
          const set = decodeSet(points, buffer.subarray(3, 3 + bytes.length));
          expect(set).toEqual(decodeSet(points, bytes));
          if ("fault" in set) return;
          for (const [id, value] of Object.entries(set.values)) {
            const point = points.find((candidate) => candidate.id === id)!;
            if (!Number.isNaN(value) && Math.abs(value as number) !== Infinity)
              expect(fits(point, value)).toBe(true);
          }
        },
      ),
      { seed: 2, numRuns: 1000 },
    );
  });
});

describe("answers", () => {
  it("of the cloud's script are a request id and a code, and nothing else is", () => {
    expect(decodeAnswer(unhex("00000014 00c8"))).toEqual({ requestId: 20, code: 200 });
    expect(decodeAnswer(unhex("ffffffff 04b4"))).toEqual({ requestId: 0xffff_ffff, code: 1204 });
    for (const bytes of ["", "00000014 00", "00000014 00c8 00"])
      expect(decodeAnswer(unhex(bytes))).toBeUndefined();
  });

  test.each([
    [2, 20, 200, "02 00000014 c8"],
    [0x11, 1, 0, "11 00000001 00"],
    [2, 0xffff_ffff, 404, "02 ffffffff ff"],
  ])("to command %i, request %i, code %i", (kind, id, code, bytes) =>
    expect(encodeReply(kind, id, code)).toEqual(unhex(bytes)),
  );
});

describe("a value fits", () => {
  const [int, text, double] = points;
  test.each([
    [int, 0, true],
    [int, -0x8000_0000, true],
    [int, 0x7fff_ffff, true],
    [int, -0x8000_0001, false],
    [int, 0x8000_0000, false],
    [int, 0.5, false],
    [int, "0", false],
    [int, true, false],
    [int, undefined, false],
    [int, NaN, false],
    [double, 0.1, true],
    [double, Infinity, false],
    [double, NaN, false],
    [double, "1", false],
    [double, null, false],
    [text, "", true],
    [text, 1, false],
    [text, ["a"], false],
  ])("%j holds %j: %s", (point, value, expected) => expect(fits(point, value)).toBe(expected));
});
