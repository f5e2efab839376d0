import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyLock, lockText, readLock, updateLock } from "../../../host-sim/model/lock";
import { faultLine } from "../../../host-sim/model/model";
import { models } from "./random-model";
import { generated, load, sound, unhex } from "./script";
import { runs } from "../../density";
import type { Lock } from "../../../host-sim/model/lock";
import type { Model } from "../../../host-sim/model/model";

type Json = Record<string, unknown>;

/** In the words of before: int32 is int. */
const base = {
  product: "p",
  version: 1,
  measurepoints: [
    { identifier: "plain", number: 1, type: "int32" },
    {
      identifier: "small",
      number: 2,
      type: "double",
      range: [-40, 85],
      compact: { as: "int16", scale: 0.01 },
    },
    { identifier: "mode", number: 3, type: "enum", values: { "0": "off", "1": "on" } },
    {
      identifier: "place",
      number: 4,
      type: "struct",
      fields: [
        { identifier: "x", number: 1, type: "int32" },
        { identifier: "y", number: 2, type: "int32", optional: true },
      ],
    },
    { identifier: "list", number: 5, type: "array", items: "int32", maxItems: 3 },
  ],
  services: [
    {
      identifier: "go",
      number: 17,
      inputs: [{ identifier: "far", type: "int32" }],
      outputs: [{ identifier: "done", type: "bool" }],
    },
  ],
};

/** The model with one point or service changed. */
function changed(identifier: string, change: Json): Model {
  const apply = (list: Json[]): Json[] =>
    list.map((each) => (each.identifier === identifier ? { ...each, ...change } : each));
  return sound({ ...base, measurepoints: apply(base.measurepoints), services: apply(base.services) });
}

function without(identifier: string): Model {
  const keep = ({ identifier: each }: { identifier: string }): boolean => each !== identifier;
  return sound({
    ...base,
    measurepoints: base.measurepoints.filter(keep),
    services: base.services.filter(keep),
  });
}

const locked = update(emptyLock, sound(base));

function update(lock: Lock, model: Model): Lock {
  const result = updateLock(lock, model);
  if ("points" in result) return result;
  throw new Error(result.map(faultLine).join("\n"));
}

function refusals(lock: Lock, model: Model): string[] {
  const result = updateLock(lock, model);
  return "points" in result ? [] : result.map(faultLine);
}

describe("a change of what bytes mean is refused", () => {
  const field = (change: Json): Json => ({
    fields: [{ ...base.measurepoints[3].fields![0], ...change }, base.measurepoints[3].fields![1]],
  });
  const rows: [what: string, identifier: string, change: Json, fault: RegExp][] = [
    [
      "another type",
      "plain",
      { type: "int64" },
      /^\$\.measurepoints\[0\]: "plain" has number 1, which is type "int" in the field; give it a new number, next free is 6$/,
    ],
    [
      "another identifier",
      "plain",
      { identifier: "other" },
      /"other" has number 1, which is identifier "plain" in the field/,
    ],
    ["with quality", "plain", { quality: true }, /is without quality in the field/],
    ["compact where it was not", "plain", { compact: { as: "int32" } }, /is without compact/],
    ["compact no more", "small", { compact: undefined }, /is compact \{"as":"int16"/],
    ["another scale", "small", { compact: { as: "int16", scale: 0.1 } }, /is compact\.scale 0\.01/],
    ["another form", "small", { compact: { as: "int32", scale: 0.01 } }, /is compact\.as "int16"/],
    ["an enum's number renamed", "mode", { values: { "0": "on", "1": "on" } }, /is values\.0 "off"/],
    ["an enum's number gone", "mode", { values: { "0": "off" } }, /is values\.1 "on"/],
    [
      "an enum that outgrows its byte",
      "mode",
      { values: { "0": "off", "1": "on", "256": "more" } },
      /is an enum of one byte in the compact layout/,
    ],
    ["items of another type", "list", { items: "int64" }, /is items "int"/],
    ["a field of another type", "place", field({ type: "int64" }), /is fields\.1\.type "int"/],
    ["a field's number for another", "place", field({ identifier: "z" }), /is fields\.1\.identifier "x"/],
    [
      "a service's input more",
      "go",
      {
        inputs: [
          { identifier: "far", type: "int32" },
          { identifier: "fast", type: "bool" },
        ],
      },
      /^\$\.services\[0\]: "go" has number 17, which has 1 inputs in the field; give it a new number, next free is 18$/,
    ],
    [
      "a service's input optional",
      "go",
      { inputs: [{ identifier: "far", type: "int32", optional: true }] },
      /is without inputs\[0\]\.optional/,
    ],
    [
      "a service's output of another type",
      "go",
      { outputs: [{ identifier: "done", type: "int32" }] },
      /is outputs\[0\]\.type "bool"/,
    ],
  ];
  test.each(rows)("%s", (_what, identifier, change, fault) => {
    const faults = refusals(locked, changed(identifier, change));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  test("an enum of numbers made one of texts", () => {
    const mode = (more: Json): Json => ({ ...base.measurepoints[2], ...more });
    const enums = (more: Json): Model =>
      sound({ format: 2, product: "p", version: 1, measurepoints: [mode(more)] });
    const numbers = update(emptyLock, enums({ enumType: "int" }));
    expect(refusals(numbers, enums({ enumType: "string" }))[0]).toMatch(/is without enumType in the field/);
    expect(refusals(update(emptyLock, enums({ enumType: "string" })), enums({}))[0]).toMatch(
      /is enumType "string" in the field/,
    );
  });

  test("a number that is gone is never another's", () => {
    const gone = update(locked, without("plain"));
    expect(gone).toEqual(locked);
    const reused = sound({
      ...base,
      measurepoints: [{ identifier: "new", number: 1, type: "int32" }, ...base.measurepoints.slice(1)],
    });
    expect(refusals(gone, reused)[0]).toMatch(/"new" has number 1, which is identifier "plain" in the field/);
    // The very same again is no other meaning.
    expect(update(gone, sound(base))).toEqual(locked);
  });

  test("all of them are told", () => {
    const model = changed("plain", { type: "int64" });
    const both = { ...model, services: changed("go", { inputs: [] }).services };
    expect(refusals(locked, both)).toHaveLength(2);
  });
});

describe("what changes no byte is taken", () => {
  const rows: [what: string, identifier: string, change: Json][] = [
    ["name, unit and range", "plain", { name: "Plain", unit: "m", range: [0, 5] }],
    ["writable", "plain", { writable: true }],
    ["an enum that grows", "mode", { values: { "0": "off", "1": "on", "2": "auto" } }],
    ["an array's length", "list", { maxItems: 9 }],
    [
      "a struct that grows",
      "place",
      { fields: [...base.measurepoints[3].fields!, { identifier: "z", number: 3, type: "bool" }] },
    ],
    ["a struct that shrinks", "place", { fields: base.measurepoints[3].fields!.slice(0, 1) }],
  ];
  test.each(rows)("%s", (_what, identifier, change) => {
    expect(refusals(locked, changed(identifier, change))).toEqual([]);
  });

  test("what a struct had stays its number's", () => {
    const shrunk = update(locked, changed("place", { fields: base.measurepoints[3].fields!.slice(0, 1) }));
    const fields = [base.measurepoints[3].fields![0], { identifier: "w", number: 2, type: "bool" }];
    expect(refusals(shrunk, changed("place", { fields }))[0]).toMatch(/is fields\.2\.(identifier|type)/);
  });

  test("any model goes with its own lock, as often as it is read again", () => {
    fc.assert(
      fc.property(models, (model) => {
        const lock = update(emptyLock, model);
        const again = readLock(lockText(lock));
        if ("problem" in again) throw new Error(again.problem);
        expect(lockText(update(again, model))).toBe(lockText(lock));
        expect(generated(model, lock)).toEqual(generated(model));
      }),
      { numRuns: runs(100) },
    );
  });
});

test.each([
  "",
  "{",
  "[]",
  "null",
  '{"points":{}}',
  '{"points":{"1":null},"services":{}}',
  '{"points":{},"services":{"17":{"identifier":"a"}}}',
])("%j is no lock", (text) =>
  expect(readLock(text)).toMatchObject({ problem: "is no lock of a thing model" }),
);

test("a lock of before has the words of before, and its numbers keep their meaning", () => {
  const type = (word: string): Json => ({ identifier: word, type: word });
  const text = JSON.stringify({
    note: "",
    points: {
      "1": type("int32"),
      "2": type("date"),
      "3": { ...type("array"), items: "int32" },
      "4": { ...type("struct"), fields: { "1": type("date"), "2": type("int64") } },
      "5": { ...type("double"), compact: { as: "int32", scale: 1, offset: 0 } },
    },
    services: {
      "17": { identifier: "go", inputs: [type("date")], outputs: [{ ...type("int32"), optional: true }] },
    },
  });
  const lock = readLock(text);
  if ("problem" in lock) throw new Error(lock.problem);
  expect(lock.points).toEqual({
    "1": { identifier: "int32", type: "int" },
    "2": { identifier: "date", type: "timestamp" },
    "3": { identifier: "array", type: "array", items: "int" },
    "4": {
      identifier: "struct",
      type: "struct",
      fields: { "1": { identifier: "date", type: "timestamp" }, "2": { identifier: "int64", type: "int64" } },
    },
    "5": { identifier: "double", type: "double", compact: { as: "int32", scale: 1, offset: 0 } },
  });
  expect(lock.services["17"]).toEqual({
    identifier: "go",
    inputs: [{ identifier: "date", type: "timestamp" }],
    outputs: [{ identifier: "int32", type: "int", optional: true }],
  });
  expect(readLock(lockText(lock))).toEqual(lock);
  // What date says in a file of format 2 is another type, and needs another number.
  const dated = sound({
    format: 2,
    product: "p",
    version: 1,
    measurepoints: [{ identifier: "date", number: 2, type: "date" }],
  });
  expect(refusals(lock, dated)[0]).toMatch(/"date" has number 2, which is type "timestamp" in the field/);
  expect(readLock(lockText(lock).replace('"format": 2', '"format": 3'))).toHaveProperty("problem");
});

describe("firmware of before", () => {
  const read = (lock: Lock, model: Model, digits: string): unknown => {
    const json = load(generated(model, lock).files["parsing-script.js"]).rawDataToJsonStr(
      unhex(digits),
    ) as string;
    return (JSON.parse(json) as { params?: { measurepoints: unknown } }).params?.measurepoints ?? json;
  };

  test("is still read when its point is gone: the value is passed over", () => {
    const model = without("plain");
    expect(read(locked, model, "01 00000001 01 0004 00000007 03 0004 00000001")).toEqual({ mode: 1 });
    expect(read(locked, model, "03 00000001 01 05 00000007 01")).toEqual({ mode: 1 });
  });

  test("is still read when its point has moved to a larger type under a new number", () => {
    const points = [{ identifier: "plain", number: 9, type: "double" }, ...base.measurepoints.slice(1)];
    const model = sound({ ...base, measurepoints: points });
    expect(read(locked, model, "01 00000001 01 0004 00000007")).toEqual({ plain: 7 });
    // A text could not take its place.
    const text = sound({
      ...base,
      measurepoints: [{ ...points[0], type: "string", writable: true }, ...points.slice(1)],
    });
    expect(read(locked, text, "01 00000001 01 0004 00000007")).toEqual({});
    const { script } = { script: load(generated(text, locked).files["parsing-script.js"]) };
    const set = '{"id":"1","method":"thing.service.measurepoint.set","params":{"plain":"a"}}';
    expect([...script.jsonStrToRawData(set)]).toEqual([2, 0, 0, 0, 1, 9, 0, 1, 0x61]);
  });

  test("is still read in the compact layout when the model has grown beyond its bitmap", () => {
    const grown = sound({
      ...base,
      measurepoints: [...base.measurepoints, { identifier: "far", number: 200, type: "bool" }],
    });
    expect(read(locked, grown, "03 00000001 01 01 00000007")).toEqual({ plain: 7 });
  });

  test("a struct's field that is gone is passed over", () => {
    const model = changed("place", { fields: base.measurepoints[3].fields!.slice(0, 1) });
    expect(read(locked, model, "01 00000001 04 000e 01 0004 00000007 02 0004 00000008")).toEqual({
      place: { x: 7 },
    });
  });
});
