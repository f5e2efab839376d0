/** The content of EnOS's JSON messages as the cloud reads it: every rule, and hostile input everywhere. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Product } from "../../../../host-sim/cloud/registry/product";
import {
  readAttributes,
  readBatch,
  readEvent,
  readMeasurePoints,
  readNames,
  readProgress,
  readTags,
  readVersion,
} from "../../../../host-sim/cloud/enos/thing-json";
import { readThingMessage } from "../../../../host-sim/cloud/enos/thing-message";
import { runs } from "../../../density";
import type { Refusal, ThingMessage } from "../../../../host-sim/cloud/enos/thing-message";

const model: unknown = JSON.parse(readFileSync("firmware/product/model.json", "utf8"));
const climate = new Product({ productKey: "climate", model }, undefined);
const free = new Product({ productKey: "free" }, undefined);
const dk = "device-1";

/** A message as it comes: through text, which may have members that an object literal cannot. */
function message(params: unknown, json = JSON.stringify(params)): ThingMessage {
  const read = readThingMessage(`{"id":"1","params":${json ?? "null"}}`);
  if ("enosCode" in read) throw new Error(read.reason);
  return read;
}
const hostile = (json: string): ThingMessage => message(undefined, json);
const codeOf = (read: object): number => ("enosCode" in read ? (read as Refusal).enosCode : 200);

const times: [unknown, boolean][] = [
  [undefined, true],
  [0, true],
  [8.64e15, true],
  [8.64e15 + 2, false],
  [-1, false],
  [0.5, false],
  ["1700000000000", false],
  [null, false],
  [1e300, false],
];

describe("measure points", () => {
  it("are one report", () => {
    const measurepoints = { temperature: 21.5, rssi: { value: -95, quality: 9 } };
    const read = readMeasurePoints(message({ measurepoints, time: 5, more: true }), climate);
    expect(read).toEqual([{ points: measurepoints, time: 5 }]);
    expect(readMeasurePoints(message({ measurepoints }), climate)).toEqual([{ points: measurepoints }]);
  });

  test.each(times)("have the time %j: %s", (time, fits) => {
    expect(codeOf(readMeasurePoints(message({ measurepoints: { relay: 1 }, time }), climate))).toBe(
      fits ? 200 : 1204,
    );
    expect(codeOf(readEvent(message({ events: { temperature: 1 }, time }), climate, "overheat"))).toBe(
      fits ? 200 : 1204,
    );
  });

  test.each<[string, number]>([
    ["null", 1204],
    ["[]", 1204],
    ["{}", 1206],
    ['{"measurepoints":[]}', 1206],
    ['{"measurepoints":{}}', 1251],
    ['{"measurepoints":{"temperature":"21"}}', 1204],
    ['{"measurepoints":{"temperature":null}}', 1204],
    ['{"measurepoints":{"pressure":1}}', 1204],
    ['{"measurepoints":{"__proto__":{"temperature":1}}}', 1204],
    ['{"measurepoints":{"constructor":1}}', 1204],
    ['{"__proto__":{"measurepoints":{"temperature":1}}}', 1206],
    ['{"measurepoints":{"temperature":{"value":1,"quality":1}}}', 1204],
    ['{"measurepoints":{"temperature":1,"temperature":500}}', 1204],
    ['{"measurepoints":{"uptime":9007199254740993}}', 1204],
    ['{"measurepoints":{"temperature":1e999}}', 1204],
  ])("with params %s: code %s", (json, code) => {
    expect(codeOf(readMeasurePoints(hostile(json), climate))).toBe(code);
  });

  it("without a model still have names that can be identifiers", () => {
    expect(codeOf(readMeasurePoints(hostile('{"measurepoints":{"a":{"b":[null]}}}'), free))).toBe(200);
    expect(codeOf(readMeasurePoints(hostile('{"measurepoints":{"__proto__":1}}'), free))).toBe(1204);
  });
});

describe("a batch", () => {
  const entry = { measurepoints: { temperature: 1 }, time: 1 };
  it("is a report for each entry", () => {
    const named = { ...entry, productKey: "climate", deviceKey: dk, time: 2 };
    expect(readBatch(message([entry, named, { measurepoints: { relay: 0 } }]), climate, dk)).toEqual({
      reports: [
        { points: { temperature: 1 }, time: 1 },
        { points: { temperature: 1 }, time: 2 },
        { points: { relay: 0 } },
      ],
      skipped: [],
    });
    const full = readBatch(message(new Array(200).fill(entry)), climate, dk);
    expect("reports" in full && full.reports).toHaveLength(200);
  });

  test.each<[unknown, number, RegExp]>([
    [{}, 1212, /expected an array/],
    [[], 1251, /no entry/],
    [new Array(201).fill(entry), 1008, /201 entries, at most 200/],
    [[entry, null], 1212, /^params\[1\]: expected an object/],
    [[entry, [entry]], 1212, /^params\[1\]/],
    [[entry, {}], 1206, /^params\[1\].measurepoints/],
    [[entry, { measurepoints: {} }], 1251, /^params\[1\]/],
    [[entry, { ...entry, time: "1" }], 1204, /^params\[1\].time/],
    [[entry, { measurepoints: { temperature: "x" } }], 1204, /^temperature/],
    [[{ ...entry, deviceKey: "device-2" }], 1212, /^params\[0\].deviceKey: expected the sender's own/],
    [[{ ...entry, deviceKey: null }], 1212, /deviceKey/],
    [[{ ...entry, productKey: "other" }], 1212, /productKey/],
  ])("with one thing wrong is refused whole: %#", (params, code, reason) => {
    expect(readBatch(message(params), climate, dk)).toEqual({
      enosCode: code,
      reason: expect.stringMatching(reason),
    });
  });
});

describe("an event", () => {
  it("has outputs of its model", () => {
    const read = readEvent(message({ events: { temperature: 90 }, time: 7 }), climate, "overheat");
    expect(read).toEqual({ outputs: { temperature: 90 }, time: 7 });
    for (const [params, event] of [
      [{ events: {} }, "overheat"],
      [{ events: { temperature: 1, more: 1 } }, "overheat"],
      [{ events: [] }, "overheat"],
      [{}, "overheat"],
      [{ events: { temperature: 1 } }, "flood"],
      [{ events: { temperature: 1 } }, "constructor"],
    ] as const) {
      expect(codeOf(readEvent(message(params), climate, event))).toBe(1204);
    }
    expect(readEvent(message({ events: {} }), free, "any")).toEqual({ outputs: {} });
  });
});

describe("attributes, tags and names", () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`name${i}`, "x"]));
  const tagged = (tags: Record<string, string>): object[] =>
    Object.entries(tags).map(([tagKey, tagValue]) => ({ tagKey, tagValue }));
  test.each<[string, number]>([
    ['{"attributes":{"floor":3,"label":"ä","installed":0}}', 200],
    ['{"attributes":{"floor":201}}', 1204],
    ['{"attributes":{"colour":1}}', 1204],
    ['{"attributes":{"__proto__":1}}', 1204],
    ['{"attributes":{}}', 200],
    ["{}", 200],
    ['{"attribute":{"floor":3}}', 1207],
    ['{"attributes":["floor"]}', 1207],
    ["[]", 1204],
  ])("attributes in %s: code %s", (json, code) => {
    expect(codeOf(readAttributes(hostile(json), climate))).toBe(code);
  });

  it("are 200 at most", () => {
    for (const [count, code] of [
      [200, 200],
      [201, 1204],
    ] as const) {
      expect(codeOf(readAttributes(message({ attributes: many(count) }), free))).toBe(code);
      expect(codeOf(readTags(message(tagged(many(count)))))).toBe(code);
      expect(codeOf(readNames(message({ tags: Object.keys(many(count)) }), "tags"))).toBe(code);
    }
  });

  test.each<[string, number]>([
    ['[{"tagKey":"room","tagValue":"5"},{"tagKey":"","tagValue":"x"}]', 1204],
    ['[{"tagKey":"room","tagValue":"5"},{"tagKey":"_LOC_2","tagValue":""}]', 200],
    ['[{"tagKey":"löc","tagValue":"x"}]', 1204],
    ['[{"tagKey":"2nd","tagValue":"x"}]', 1204],
    ['[{"tagKey":"serial-no","tagValue":"x"}]', 1204],
    [`[{"tagKey":"${"k".repeat(100)}","tagValue":"é"}]`, 200],
    [`[{"tagKey":"${"k".repeat(101)}","tagValue":"é"}]`, 1204],
    ['[{"tagKey":"room","tagValue":5}]', 1204],
    ['[{"tagKey":"room"}]', 1204],
    ['[{"tagValue":"5"}]', 1204],
    ['[{"tagKey":"__proto__","tagValue":"x"}]', 1204],
    ['["room"]', 1204],
    ["[]", 200],
    ['{"tags":{"room":"5"}}', 1204],
    ["{}", 1204],
    [`[{"tagKey":"a","tagValue":"${"x".repeat(256)}"}]`, 200],
    [`[{"tagKey":"a","tagValue":"${"x".repeat(257)}"}]`, 1204],
    [`[{"tagKey":"${"x".repeat(257)}","tagValue":"a"}]`, 1204],
  ])("tags in %s: code %s", (json, code) => {
    expect(codeOf(readTags(hostile(json)))).toBe(code);
  });

  test.each<[unknown, string[] | undefined]>([
    [[], []],
    [
      ["b", "a", "b"],
      ["b", "a"],
    ],
    [["__proto__"], ["__proto__"]],
    [["x".repeat(65)], undefined],
    [[""], undefined],
    [[1], undefined],
    [[["a"]], undefined],
    ["a", undefined],
    [{ 0: "a", length: 1 }, undefined],
    [undefined, undefined],
    [null, undefined],
  ])("names %j", (names, read) => {
    const given = readNames(message({ attributes: names, tags: ["other"] }), "attributes");
    if (read === undefined) expect(codeOf(given)).toBe(1204);
    else expect(given).toEqual({ names: read });
  });

  it("are none where params are empty", () => {
    for (const member of ["attributes", "tags"] as const) {
      expect(readNames(message({}), member)).toEqual({ names: [] });
      expect(codeOf(readNames(message([]), member))).toBe(1204);
    }
  });
});

describe("firmware", () => {
  test.each<[unknown, object]>([
    [{ version: "1.2.3" }, { version: "1.2.3" }],
    [{ version: "" }, { enosCode: 1204 }],
    [{ version: 1 }, { enosCode: 1204 }],
    [{ version: "x".repeat(65) }, { enosCode: 1204 }],
    [{}, { enosCode: 1204 }],
  ])("version %j", (params, read) => {
    expect(readVersion(message(params))).toMatchObject(read);
  });

  test.each<[unknown, object]>([
    [{ step: 0 }, { step: 0 }],
    [
      { step: 100, desc: "done" },
      { step: 100, desc: "done" },
    ],
    [
      { step: "-3", desc: "" },
      { step: -3, desc: "" },
    ],
    [{ step: 101 }, { enosCode: 1204 }],
    [{ step: 0.5 }, { enosCode: 1204 }],
    [{ step: "1e1" }, { enosCode: 1204 }],
    [{ step: 1, desc: 5 }, { enosCode: 1204 }],
    [{ step: 1, desc: "x".repeat(257) }, { enosCode: 1204 }],
    [{}, { enosCode: 1204 }],
  ])("progress %j", (params, read) => {
    expect(readProgress(message(params))).toMatchObject(read);
  });
});

describe("every reader", () => {
  const words = [
    "measurepoints",
    "events",
    "attributes",
    "tags",
    "version",
    "step",
    "time",
    "__proto__",
    "temperature",
  ];
  const json = fc.json({ maxDepth: 6 });
  const shaped = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(null, 0, -1, 1e15, "", "x", true),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  const refusalOrElse = (read: object | undefined): void => {
    if (read === undefined || !("enosCode" in read)) return;
    const { reason } = read as Refusal;
    expect(reason).toMatch(/^[\x20-\x7e]+$|^[^\n\u001b]+$/);
    expect([1008, 1204, 1206, 1207, 1212, 1220, 1251]).toContain(codeOf(read));
  };

  it("takes whatever comes, and changes no prototype", () => {
    const params = fc.oneof(
      json,
      shaped.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(params, (text) => {
        const read = readThingMessage(`{"id":"1","params":${text}}`);
        if ("enosCode" in read) return refusalOrElse(read);
        for (const product of [climate, free]) {
          refusalOrElse(readMeasurePoints(read, product));
          refusalOrElse(readBatch(read, product, dk));
          refusalOrElse(readEvent(read, product, "overheat"));
          refusalOrElse(readAttributes(read, product));
        }
        for (const each of [readTags(read), readVersion(read), readProgress(read)]) refusalOrElse(each);
        for (const member of ["attributes", "tags"] as const) refusalOrElse(readNames(read, member));
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: runs(3000) },
    );
  });

  it("keeps a report that fits the model as it came", () => {
    const point = fc.record(
      {
        temperature: fc.double({ min: -40, max: 125, noNaN: true }),
        rssi: fc.oneof(
          fc.integer({ min: -128, max: 0 }),
          fc.record({ value: fc.integer({ min: -128, max: 0 }), quality: fc.integer({ min: 0, max: 9 }) }),
        ),
        relay: fc.constantFrom(0, 1),
        uptime: fc.maxSafeNat(),
        firmware: fc.string({ maxLength: 8 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        point,
        fc.option(fc.integer({ min: 0, max: 8.64e15 }), { nil: undefined }),
        (points, time) => {
          fc.pre(Object.keys(points).length > 0);
          const given = JSON.parse(JSON.stringify({ points, time })) as { points: object; time?: number };
          const read = readMeasurePoints(message({ measurepoints: points, time }), climate);
          expect(read).toEqual([given]);
        },
      ),
    );
  });
});
