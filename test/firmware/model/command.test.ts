import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defineThing } from "../../../firmware/model/thing";
import { fieldsFault, setFault } from "../../../firmware/model/check";
import { decodeCommand, encodeReply } from "../../../firmware/model/command";
import { answerService, answerSet, readCommand, thing as product } from "../../../firmware/product/thing";
import { runs } from "../../density";
import type { Thing } from "../../../firmware/model/thing";

const thing: Thing = defineThing({
  product: "p",
  version: 1,
  fingerprint: "0",
  points: [
    { identifier: "int", number: 1, type: "int", writable: true, range: [0, 100] },
    { identifier: "text", number: 2, type: "string", writable: true, maxLength: 4 },
    { identifier: "fixed", number: 3, type: "bool" },
    { identifier: "long", number: 4, type: "int64", writable: true },
    { identifier: "list", number: 5, type: "array", items: { type: "string" }, writable: true, maxItems: 3 },
    {
      identifier: "struct",
      number: 6,
      type: "struct",
      writable: true,
      fields: [
        { identifier: "x", number: 1, type: "float" },
        { identifier: "y", number: 2, type: "bool", optional: true },
      ],
    },
    { identifier: "mode", number: 7, type: "enum", values: [0, 1], writable: true, quality: true },
    { identifier: "float", number: 8, type: "float", writable: true },
    { identifier: "floats", number: 9, type: "array", items: { type: "float" }, writable: true },
    { identifier: "series", number: 10, type: "enum", values: [3, 9], texts: ["E6", "E12"], writable: true },
    { identifier: "date", number: 11, type: "date", writable: true },
  ],
  attributes: [],
  events: [],
  services: [
    {
      identifier: "go",
      number: 17,
      inputs: [
        { identifier: "far", type: "int" },
        { identifier: "name", type: "string", optional: true },
      ],
      outputs: [
        { identifier: "done", type: "bool" },
        { identifier: "note", type: "string", optional: true },
      ],
    },
    { identifier: "stop", number: 255, inputs: [], outputs: [] },
  ],
} as Thing);

const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));

describe("commands", () => {
  const rows: [bytes: string, command: object][] = [
    ["02 00000014", { kind: "set", requestId: 20, values: {} }],
    ["02 ffffffff 01 00000064", { kind: "set", requestId: 2 ** 32 - 1, values: { int: 100 } }],
    ["02 00000001 02 0002 c3a9 01 00000000", { kind: "set", requestId: 1, values: { text: "é", int: 0 } }],
    ["02 00000001 02 0000", { kind: "set", requestId: 1, values: { text: "" } }],
    ["02 00000001 05 0007 0001 61 0000 0000", { kind: "set", requestId: 1, values: { list: ["a", "", ""] } }],
    [
      "02 00000001 06 000b 02 0001 01 01 0004 3f000000",
      { kind: "set", requestId: 1, values: { struct: { x: 0.5, y: true } } },
    ],
    ["02 00000001 07 00000001", { kind: "set", requestId: 1, values: { mode: 1 } }],
    ["11 00000001 00000005 00", { kind: "service", requestId: 1, service: "go", inputs: { far: 5 } }],
    [
      "11 00000001 fffffffb 01 0001 61",
      { kind: "service", requestId: 1, service: "go", inputs: { far: -5, name: "a" } },
    ],
    ["ff 00000001", { kind: "service", requestId: 1, service: "stop", inputs: {} }],
    ["02 00000001 0a 00000009", { kind: "set", requestId: 1, values: { series: "E12" } }],
    [
      "02 00000001 0b 000a 323032342d30322d3239",
      { kind: "set", requestId: 1, values: { date: "2024-02-29" } },
    ],
    // A float is the shortest decimal that says it, on its own, in an array and in a struct.
    ["02 00000001 08 4369199a", { kind: "set", requestId: 1, values: { float: 233.1 } }],
    ["02 00000001 08 00000001", { kind: "set", requestId: 1, values: { float: 1.4013e-45 } }],
    ["02 00000001 08 7f7fffff", { kind: "set", requestId: 1, values: { float: 3.4028235e38 } }],
    ["02 00000001 08 4b7fffff", { kind: "set", requestId: 1, values: { float: 16777215 } }],
    [
      "02 00000001 09 0008 4369199a bdcccccd",
      { kind: "set", requestId: 1, values: { floats: [233.1, -0.1] } },
    ],
    ["02 00000001 06 0007 01 0004 4369199a", { kind: "set", requestId: 1, values: { struct: { x: 233.1 } } }],
    // Ids beyond 32 bits, as EnOS gives them.
    ["06 0000000100000000 02", { kind: "set", requestId: "4294967296", values: {} }],
    [
      "06 1cd91d165a240000 02 01 00000064",
      { kind: "set", requestId: "2078724684846989312", values: { int: 100 } },
    ],
    [
      "06 ffffffffffffffff 11 00000005 00",
      { kind: "service", requestId: "18446744073709551615", service: "go", inputs: { far: 5 } },
    ],
    ["06 0000000000000000 ff", { kind: "service", requestId: "0", service: "stop", inputs: {} }],
  ];
  test.each(rows)("%s", (bytes, command) => expect(decodeCommand(thing, unhex(bytes))).toEqual(command));

  const bad: [bytes: string, fault: string, id: string, code: number][] = [
    ["02 00000001 0c 00", "unknown", "12", 404],
    ["02 00000001 0a 00000001", "wrong-type", "series", 400],
    ["02 00000001 0b 000a 323032362d30322d3239", "wrong-type", "date", 400],
    ["12 00000001", "unknown-command", "18", 404],
    ["01 00000001", "unknown-command", "1", 404],
    ["02 00000001 03 01", "not-writable", "fixed", 400],
    ["02 00000001 01 00000065", "out-of-range", "int", 400],
    ["02 00000001 01 000000", "truncated", "int", 400],
    ["02 00000001 02 00", "truncated", "text", 400],
    ["02 00000001 02 0002 61", "truncated", "text", 400],
    ["02 00000001 02 0001 ff", "bad-text", "text", 400],
    ["02 00000001 02 0005 6161616161", "too-long", "text", 400],
    ["02 00000001 04 0020000000000000", "out-of-range", "long", 400],
    ["02 00000001 05 0003 0002 61", "truncated", "list", 400],
    ["02 00000001 05 0008 0000 0000 0000 0000", "too-long", "list", 400],
    ["02 00000001 06 0000", "missing", "struct.x", 400],
    ["02 00000001 06 0007 09 0004 00000000", "unknown-field", "struct", 400],
    ["02 00000001 06 0008 01 0005 0000000000", "bad-value", "struct", 400],
    ["02 00000001 06 0007 01 0004 7f800000", "not-finite", "struct.x", 400],
    ["02 00000001 06 0004 02 0001 02", "bad-value", "struct", 400],
    ["02 00000001 07 00000002", "out-of-range", "mode", 400],
    ["11 00000001", "truncated", "far", 400],
    ["11 00000001 00000005", "truncated", "name", 400],
    ["11 00000001 00000005 02", "bad-value", "name", 400],
    ["11 00000001 00000005 00 00", "left-over", "", 400],
    ["ff 00000001 00", "left-over", "", 400],
  ];
  test.each(bad)("%s is %s of %j, %i", (bytes, fault, id, code) => {
    const payload = unhex(bytes);
    const answer = decodeCommand(thing, payload);
    expect(answer).toMatchObject({ fault, id, code, first: payload[0], requestId: 1 });
    expect((answer as { detail: string }).detail).not.toBe("");
  });

  test.each(["", "02", "02 000000", "06 00000001", "06 1cd91d165a240000"])(
    "%j has nothing to answer to",
    (bytes) => {
      expect(decodeCommand(thing, unhex(bytes))).toMatchObject({
        fault: "truncated",
        first: undefined,
        requestId: undefined,
      });
    },
  );
});

describe("hostile bytes", () => {
  /** Starts as a command does, mostly, so that the depths are reached. */
  const noise = fc
    .tuple(
      fc.constantFrom(2, 2, 2, 17, 17, 18, 255, 0, 6),
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.nat(8), { maxLength: 30 }),
    )
    .map(([first, bytes, small]) => Uint8Array.from([first, 0, 0, 0, 1, ...small, ...bytes]));
  const sound = rowsOf(
    "02 00000001 02 0002 c3a9 01 00000000 05 0007 0001 61 0000 0000 06 000b 02 0001 01 01 0004 3f000000 07 00000001",
    "11 00000001 fffffffb 01 0001 61",
  );
  const mutated = fc
    .tuple(
      fc.constantFrom(...sound),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      fc.nat(),
    )
    .map(([bytes, changes, cut]) => {
      const copy = bytes.slice();
      for (const [at, byte] of changes) copy[5 + (at % (copy.length - 5))] = byte;
      return cut % 3 === 0 ? copy.subarray(0, cut % copy.length) : copy;
    });

  function rowsOf(...rows: string[]): Uint8Array[] {
    return rows.map(unhex);
  }

  function check(own: Thing, payload: Uint8Array): string {
    const answer = decodeCommand(own, payload);
    if ("fault" in answer) {
      expect([400, 404]).toContain(answer.code);
      const head = payload[0] === 6 ? 10 : 5;
      expect(answer.first).toBe(payload.length < head ? undefined : payload[payload[0] === 6 ? 9 : 0]);
      expect(answer.detail).not.toContain("\n");
      return answer.fault;
    }
    // What is obeyed is what the model allows.
    if (answer.kind === "set") expect(setFault(own, answer.values)).toBeUndefined();
    else {
      const { inputs } = own.services.find((each) => each.identifier === answer.service)!;
      expect(fieldsFault(inputs, answer.inputs)).toBeUndefined();
    }
    return answer.kind;
  }

  test("are a command that the model allows, or a fault; nothing throws", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.oneof(noise, mutated, fc.uint8Array({ maxLength: 40 })), (payload) => {
        for (const own of [thing, product]) {
          const what = check(own, payload);
          seen.set(what, (seen.get(what) ?? 0) + 1);
        }
      }),
      { numRuns: runs(5_000) },
    );
    for (const what of [
      "set",
      "service",
      "unknown",
      "unknown-command",
      "truncated",
      "bad-text",
      "bad-value",
      "left-over",
    ]) {
      expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
    }
  });

  test("are read as far as they go and no further", () => {
    fc.assert(
      fc.property(
        fc.oneof(noise, mutated),
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        (payload, behind) => {
          const whole = new Uint8Array(3 + payload.length + behind.length);
          whole.set(payload, 3);
          whole.set(behind, 3 + payload.length);
          const part = whole.subarray(3, 3 + payload.length);
          expect(decodeCommand(thing, part)).toEqual(decodeCommand(thing, payload.slice()));
        },
      ),
      { numRuns: runs(1_000) },
    );
  });
});

describe("answers", () => {
  const out = new Uint8Array(40);
  const hex = (length: number | object): string => {
    if (typeof length !== "number") throw new Error(JSON.stringify(length));
    return Buffer.from(out.subarray(0, length)).toString("hex");
  };

  const codes: [code: number, byte: string][] = [
    [0, "00"],
    [200, "c8"],
    [249, "f9"],
    [250, "ff"],
    [400, "fa"],
    [404, "fb"],
    [500, "fc"],
    [1204, "ff"],
    [-1, "ff"],
    [NaN, "ff"],
    [200.5, "ff"],
  ];
  test.each(codes)("code %d is the byte %s", (code, byte) => {
    expect(hex(encodeReply(thing, 2, 20, code, undefined, out))).toBe(`0200000014${byte}`);
  });

  test("an id beyond 32 bits goes back as it came", () => {
    expect(hex(encodeReply(thing, 2, "2078724684846989312", 200, undefined, out))).toBe(
      "061cd91d165a24000002c8",
    );
    expect(hex(encodeReply(thing, 17, "18446744073709551615", 200, { done: true }, out))).toBe(
      "06ffffffffffffffff11c80100",
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (id) => {
        const bytes = new Uint8Array(10);
        new DataView(bytes.buffer).setBigUint64(1, id);
        bytes[0] = 6;
        bytes[9] = 255;
        expect(decodeCommand(thing, bytes)).toMatchObject({ kind: "service", requestId: String(id) });
        expect(encodeReply(thing, 255, String(id), 200, undefined, out)).toBe(11);
        expect(out.subarray(0, 10)).toEqual(bytes);
      }),
      { numRuns: runs(500) },
    );
    for (let size = 0; size < 11; size++) {
      const none = encodeReply(thing, 2, "4294967296", 200, undefined, new Uint8Array(size));
      expect(none).toMatchObject({ fault: "no-room" });
    }
  });

  test("outputs follow a success, and nothing else", () => {
    expect(hex(encodeReply(thing, 17, 1, 200, { done: true }, out))).toBe("1100000001c80100");
    expect(hex(encodeReply(thing, 17, 1, 200, { done: false, note: "é" }, out))).toBe(
      "1100000001c800010002c3a9",
    );
    expect(hex(encodeReply(thing, 17, 1, 500, { done: true }, out))).toBe("1100000001fc");
    expect(hex(encodeReply(thing, 255, 1, 200, undefined, out))).toBe("ff00000001c8");
    expect(hex(encodeReply(thing, 2, 1, 200, { done: true }, out))).toBe("0200000001c8");
    // One that the model does not know can be refused.
    expect(hex(encodeReply(thing, 99, 1, 404, undefined, out))).toBe("6300000001fb");
  });

  test("outputs that are not as the model says are told", () => {
    expect(encodeReply(thing, 17, 1, 200, undefined, out)).toMatchObject({ fault: "missing", id: "done" });
    expect(encodeReply(thing, 17, 1, 200, { done: 1 }, out)).toMatchObject({
      fault: "wrong-type",
      id: "done",
    });
    expect(encodeReply(thing, 17, 1, 200, { done: true, more: 1 }, out)).toMatchObject({
      fault: "unknown",
      id: "more",
    });
  });

  test("too little room is told at every length", () => {
    for (let size = 0; size < 13; size++) {
      const answer = encodeReply(thing, 17, 1, 200, { done: true, note: "abc" }, new Uint8Array(size));
      expect(answer).toMatchObject({ fault: "no-room" });
    }
    expect(encodeReply(thing, 17, 1, 200, { done: true, note: "abc" }, new Uint8Array(13))).toBe(13);
  });

  test("the product's own, typed", () => {
    const command = readCommand(unhex("11 00000001 0000000a"));
    expect(command).toEqual({ kind: "service", requestId: 1, service: "reboot", inputs: { delay: 10 } });
    expect(hex(answerService("reboot", 1, { code: 200, data: { accepted: true } }, out))).toBe(
      "1100000001c801",
    );
    expect(hex(answerService("calibrate", 1, { code: 409, message: "busy" }, out))).toBe("1200000001ff");
    expect(hex(answerSet(1, 200, out))).toBe("0200000001c8");
  });
});
