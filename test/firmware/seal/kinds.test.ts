/** The bytes inside an envelope that only a sealed product's script reads. */
import { describe, expect, it, test } from "vitest";
import fc from "fast-check";
import { Topic, eventTopic } from "../../../firmware/enos/topic";
import { encodeReport } from "../../../firmware/model/report";
import { defineThing } from "../../../firmware/model/thing";
import { sealedKinds } from "../../../firmware/seal/kinds";

const thing = defineThing({
  product: "test",
  version: 1,
  fingerprint: "0",
  points: [
    { identifier: "n", number: 1, type: "int" },
    { identifier: "t", number: 2, type: "double", compact: { as: "int16", scale: 0.1, offset: 0 } },
    { identifier: "name", number: 9, type: "string", maxLength: 8 },
  ],
  attributes: [],
  events: [],
  services: [],
});
const out = new Uint8Array(64);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const y2020 = Date.UTC(2020, 0, 1);
const latest = y2020 + 2 ** 40 - 1;

describe("one reading with its time", () => {
  test.each([
    [
      "sample",
      { n: 5, name: "ab" },
      y2020,
      "07" + "01020304" + "0000000000" + "0100040000000509" + "00026162",
    ],
    [
      "compact",
      { n: 5, t: -1.2 },
      y2020 + 1,
      "0c" + "01020304" + "0000000001" + "0103" + "00000005" + "fff4",
    ],
    ["compact", { name: "ab" }, latest, "0c" + "01020304" + "ffffffffff" + "020001" + "00026162"],
    ["sample", { n: -1 }, Date.UTC(2026, 6, 1), "07" + "01020304" + "2fbc92cc00" + "010004ffffffff"],
  ] as const)("%s %j at %d", (layout, values, time, bytes) => {
    const length = sealedKinds.encodeTimedReport(thing, values, 0x01020304, time, out, layout);
    expect(typeof length === "number" ? hex(out.subarray(0, length)) : length).toBe(bytes);
  });

  it.each([0, y2020 - 1, latest + 1, NaN, Infinity])("cannot state %d, and says so", (time) => {
    expect(sealedKinds.encodeTimedReport(thing, { n: 1 }, 1, time, out, "sample")).toBeUndefined();
  });

  it("is a report of the same layout with five bytes of time behind the request id, whatever the values", () => {
    const values = fc.record(
      {
        n: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        t: fc.double({ min: -3276, max: 3276, noNaN: true }),
        name: fc.string({ maxLength: 8 }),
      },
      { requiredKeys: [] },
    );
    const layouts = fc.constantFrom("sample" as const, "compact" as const);
    const times = fc.integer({ min: y2020, max: latest });
    fc.assert(
      fc.property(values, layouts, times, fc.nat(2 ** 32 - 1), (given, layout, time, id) => {
        const plain = new Uint8Array(64);
        const length = encodeReport(thing, given, id, plain, layout);
        const timed = sealedKinds.encodeTimedReport(thing, given, id, time, out, layout);
        if (typeof length !== "number") return void expect(timed).toMatchObject({ fault: length.fault });
        const stated = Buffer.from(out).readUIntBE(5, 5) + y2020;
        expect([timed, stated]).toEqual([length + 5, time]);
        expect(hex(out.subarray(1, 5))).toBe(hex(plain.subarray(1, 5)));
        expect(hex(out.subarray(10, length + 5))).toBe(hex(plain.subarray(5, length)));
      }),
    );
  });

  test.each([0, 9, 10, 16])("has no room in %d bytes, and says so", (room) => {
    const small = new Uint8Array(room);
    expect(sealedKinds.encodeTimedReport(thing, { n: 1 }, 1, y2020, small, "sample")).toMatchObject({
      fault: "no-room",
    });
  });

  it("names the value that the model does not take", () => {
    expect(sealedKinds.encodeTimedReport(thing, { n: NaN }, 1, y2020, out, "sample")).toMatchObject({
      fault: "not-finite",
      id: "n",
    });
    expect(sealedKinds.encodeTimedReport(thing, { other: 1 }, 1, y2020, out, "compact")).toMatchObject({
      fault: "unknown",
    });
  });
});

describe("a message", () => {
  test.each([
    [eventTopic("overheat"), { events: { t: 61 }, time: 7 }, "event.overheat.post"],
    [Topic.attributeUpdate, { attributes: { label: "Tür 😀" } }, "attribute.update"],
    [Topic.attributeDelete, { attributes: ["label"] }, "attribute.delete"],
    [Topic.tagUpdate, [{ tagKey: "a", tagValue: "b" }], "tag.update"],
    [Topic.tagDelete, { tags: ["a"] }, "tag.delete"],
  ])("to %s", (topic, params, method) => {
    const bytes = Buffer.from(sealedKinds.encodeMessage(0xfffffffe, topic, params));
    expect(hex(bytes.subarray(0, 6))).toBe(`0dfffffffe${method.length.toString(16).padStart(2, "0")}`);
    expect(bytes.subarray(6, 6 + method.length).toString()).toBe(method);
    expect(bytes.subarray(6 + method.length).toString()).toBe(JSON.stringify(params));
    expect(sealedKinds.carries(topic)).toBe(true);
  });

  it.each([Topic.attributeQuery, Topic.tagQuery, Topic.firmwareInform, Topic.measurepointPost, Topic.raw])(
    "to %s is none",
    (topic) => expect(sealedKinds.carries(topic)).toBe(false),
  );
});
