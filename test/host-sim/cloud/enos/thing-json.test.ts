/** EnOS's JSON messages as the cloud reads them: every rule, and hostile input everywhere. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Product } from "../../../../host-sim/cloud/registry/product";
import {
  checkEnvelope,
  encodeAnswer,
  readAttributes,
  readBatch,
  readEvent,
  readJsonObject,
  readMeasurePoints,
  readNames,
  readProgress,
  readReply,
  readScriptMessage,
  readScriptReply,
  readTags,
  readThingMessage,
  readVersion,
  scriptAnswer,
} from "../../../../host-sim/cloud/enos/thing-json";
import { runs } from "../../../density";
import type { Refusal, ThingMessage } from "../../../../host-sim/cloud/enos/thing-json";

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

describe("a body", () => {
  const deep = (levels: number): string => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  test.each<[string | Uint8Array, number]>([
    ["{}", 200],
    [Buffer.from('{"id":"ä"}'), 200],
    [new Uint8Array(), 1251],
    ["", 1251],
    ["[]", 1220],
    ["null", 1220],
    ['"{}"', 1220],
    ["{", 1220],
    ["{'a':1}", 1220],
    ['{"a":NaN}', 1220],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 1220],
    [Buffer.from("\ufeff{}"), 1220],
    [Buffer.from("{}\0"), 1220],
    [deep(16), 200],
    [deep(17), 1220],
    [deep(100_000), 1220],
  ])("%#: code %s", (body, code) => {
    expect(codeOf(readJsonObject(body))).toBe(code);
  });

  test.each<[unknown, unknown]>([
    ["1", "1"],
    ["x".repeat(320), "x".repeat(320)],
    [7, 7],
    [-1, -1],
    ["", ""],
    ["x".repeat(321), ""],
    [1.5, ""],
    [2 ** 53, 9007199254740992n],
    [1e300, ""],
    [undefined, undefined],
    [null, ""],
    [{}, ""],
  ])("has the id %j, read as %s", (id, read) => {
    expect(readThingMessage(JSON.stringify({ id }))).toMatchObject({ id: read });
  });

  test.each<[object, number]>([
    [{ id: "1", version: "1.0", method: "thing.a" }, 200],
    [{ id: "1", method: "thing.a" }, 1204],
    [{ id: "", version: "1.0", method: "thing.a" }, 1204],
    [{ id: null, version: "1.0", method: "thing.a" }, 1204],
    [{ id: 1, version: "1.0", method: "thing.a", sys: { ack: 1 } }, 200],
    [{ version: "1.0", method: "thing.a" }, 200],
    [{ id: "1", version: "2.0", method: "thing.a" }, 1204],
    [{ id: "1", version: 1, method: "thing.a" }, 1204],
    [{ id: "1", version: "1.0", method: "thing.b" }, 1260],
    [{ id: "1", version: "1.0" }, 1260],
  ])("has the envelope %j: code %s", (fields, code) => {
    const read = readThingMessage(JSON.stringify(fields)) as ThingMessage;
    expect(codeOf(checkEnvelope(read, "thing.a") ?? {})).toBe(code);
  });

  test.each<[object, number]>([
    [{ version: "1.0" }, 200],
    [{ version: "1.0", method: "thing.a" }, 200],
    [{ version: "1.0", method: "thing.b" }, 1260],
    [{ version: "1.0", method: null }, 1260],
    [{}, 1204],
  ])("of an event may have no method, %j: code %s", (fields, code) => {
    const read = readThingMessage(JSON.stringify(fields)) as ThingMessage;
    expect(codeOf(checkEnvelope(read, "thing.a", true) ?? {})).toBe(code);
  });
});

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

test.each([
  "12345678901234567890",
  "-12345678901234567890",
  "9007199254740993",
  "7",
  '"12345678901234567890"',
])("the id %s comes back with exactly these digits, in answers and in replies", (id) => {
  for (const body of [
    `{"id":${id},"code":200,"data":{"id":5}}`,
    `{"params":{"a":[{"id":1},"id"],"b":{}},"code":200,"id" :\t${id} }`,
    `{"id":1,"\\u0069d":${id},"code":200,"x":"\\"id\\":3"}`,
  ]) {
    const read = readThingMessage(body) as ThingMessage;
    expect(Buffer.from(encodeAnswer(read.id, 200)).toString()).toBe(`{"id":${id},"code":200,"data":{}}`);
    expect(readReply(body)).toMatchObject({ id: id.replaceAll('"', ""), code: 200 });
  }
});

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

describe("replies", () => {
  test.each<[string, object | undefined]>([
    ['{"id":"9","code":200,"data":{"accepted":true}}', { id: "9", code: 200, data: { accepted: true } }],
    ['{"id":9,"code":-5}', { id: "9", code: -5 }],
    ['{"id":"9","code":"200"}', undefined],
    ['{"id":"9","code":1.5}', undefined],
    ['{"id":"9"}', undefined],
    ['{"code":200}', undefined],
    ["", undefined],
    ["x", undefined],
  ])("in JSON: %s", (json, reply) => {
    expect(readReply(Buffer.from(json))).toEqual(reply);
  });

  test.each<[string, object]>([
    ['{"id":"9","code":200,"data":{}}', { id: "9", code: 200, data: {} }],
    ['{"id":"9","code":5}', { id: "9", code: 5 }],
    ['{"id":"9","code":"200","data":"","message":""}', { id: "9", code: 200, data: "", message: "" }],
    ['{"id":9,"code":"-5"}', { id: "9", code: -5 }],
    [
      '{"id":"9","code":"2e2"}',
      { enosCode: 1220, reason: "the parsing script returned JSON without a code" },
    ],
    ['{"id":"9","code":1220,"data":{}}', { id: "9", code: 1220, data: {} }],
    [
      '{"id":"9","code":1220,"message":"3 bytes\\u001b"}',
      { enosCode: 1220, reason: "the parsing script could not read it: 3 bytes\\u001b", isByScript: true },
    ],
    ["rubbish", { enosCode: 1220, reason: "the parsing script returned: not JSON" }],
    ["", { enosCode: 1251, reason: "the parsing script returned: empty payload" }],
    ['{"id":"9"}', { enosCode: 1220, reason: "the parsing script returned JSON without a code" }],
  ])("by a script: %s", (json, reply) => {
    expect(readScriptReply(json)).toEqual(reply);
  });
});

test.each<[string, object]>([
  [
    '{"id":"9","method":"thing.measurepoint.post","params":{}}',
    { id: "9", method: "thing.measurepoint.post" },
  ],
  [
    '{"id":"9","code":1220,"message":"no"}',
    { enosCode: 1220, reason: "the parsing script could not read it: no" },
  ],
  ['{"code":"x"}', { enosCode: 1220, reason: "the parsing script returned JSON without a method" }],
  ['{"code":"1204","message":"no"}', { enosCode: 1204 }],
  ['{"id":"9","code":"200","data":""}', { enosCode: 1220 }],
  ['{"method":5}', { enosCode: 1220 }],
  ["[1]", { enosCode: 1220, reason: "the parsing script returned: not a JSON object" }],
])("a script's message: %s", (json, read) => {
  expect(readScriptMessage(json)).toMatchObject(read);
});

it("asks a parsing script for an answer that has nothing to say with an empty text", () => {
  expect(scriptAnswer("20", 200)).toBe('{"id":"20","code":200,"data":""}');
  expect(scriptAnswer(2078724684846989312n, 1204)).toBe('{"id":2078724684846989312,"code":1204,"data":""}');
  expect(scriptAnswer(undefined, 200, { a: 1 })).toBe('{"code":200,"data":{"a":1}}');
});

it("answers in kind", () => {
  expect(Buffer.from(encodeAnswer("a", 200)).toString()).toBe('{"id":"a","code":200,"data":{}}');
  expect(Buffer.from(encodeAnswer(7, 200, { floor: 3 })).toString()).toBe(
    '{"id":7,"code":200,"data":{"floor":3}}',
  );
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

  it("takes bytes that are nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        refusalOrElse(readThingMessage(bytes));
        readReply(bytes);
        refusalOrElse(readScriptMessage(Buffer.from(bytes).toString("latin1")));
        refusalOrElse(readScriptReply(Buffer.from(bytes).toString("latin1")));
      }),
      { numRuns: runs(1000) },
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
