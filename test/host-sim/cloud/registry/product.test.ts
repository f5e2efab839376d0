/** Products: the model as judge of every value, in both directions, and the script. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { Product, ProductError } from "../../../../host-sim/cloud/registry/product";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { enosModelOf } from "../../../../host-sim/model/enos-model";
import { pointFault, valueFault } from "../../../../host-sim/cloud/enos/value-check";
import type { ProductRecord } from "../../../../host-sim/cloud/registry/product";
import type { ScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import type { ModelType } from "../../../../host-sim/model/model";

const model: unknown = JSON.parse(readFileSync("firmware/product/model.json", "utf8"));
const script = readFileSync("firmware/product/parsing-script.js", "utf8");
const float = 3.4028234663852886e38;

let engine: ScriptEngine;
beforeAll(async () => {
  engine = await loadScriptEngine(() => 0);
});
const climate = (): Product => new Product({ productKey: "climate", model }, undefined);

describe("a value of type", () => {
  const struct: ModelType = {
    type: "struct",
    fields: [
      { identifier: "latitude", number: 1, type: "double", range: [-90, 90] },
      { identifier: "note", number: 2, type: "string", maxLength: 4, optional: true },
    ],
  };
  const array: ModelType = { type: "array", items: "int", maxItems: 3 };
  const mode: ModelType = { type: "enum", values: { "-1": "off", "0": "auto", "7": "on" } };
  test.each<[ModelType, unknown[], unknown[]]>([
    [
      { type: "int" },
      [0, -0, 2 ** 31 - 1, -(2 ** 31)],
      [2 ** 31, -(2 ** 31) - 1, 0.5, NaN, "1", true, null, [1]],
    ],
    [{ type: "int", range: [-5, 5] }, [-5, 5], [-6, 6]],
    [{ type: "int64" }, [2 ** 53 - 1, -(2 ** 53 - 1)], [2 ** 53, -(2 ** 53), 1.5, Infinity, 1n, "5"]],
    [{ type: "float" }, [0, -1.5, float, -float, 1e-300], [3.5e38, -Infinity, NaN, "1", null]],
    [{ type: "double" }, [Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324], [Infinity, NaN, "1", {}]],
    [{ type: "double", range: [0, 1.5] }, [0, 1.5], [-1e-9, 1.5000001]],
    [{ type: "bool" }, [true, false], [0, 1, "true", null]],
    [mode, [-1, 0, -0, 7], [1, 0.5, "7", "toString", NaN, null, true]],
    [{ type: "string" }, ["", "ä".repeat(512)], ["ä".repeat(513), 1, null, ["a"]]],
    [{ type: "array", items: "int" }, [new Array(128).fill(1)], [new Array(129).fill(1)]],
    [
      { type: "enum", enumType: "string", values: { "0": "E6", "1": "E12" } },
      ["E6", "E12"],
      [0, "0", "e6", "", null, "toString"],
    ],
    [
      { type: "date" },
      ["2026-11-29", "2024-02-29", "2000-02-29 23:59:59", "1969-12-31 00:00:00"],
      [
        ...["2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-1"],
        ...["2026-11-29 24:00:00", "2026-11-29 23:60:00", "2026-11-29T00:00:00", "2026-11-29 00:00", ""],
        ...[" 2026-11-29", "2026-11-29 ", 1_767_225_600_000, null],
      ],
    ],
    [{ type: "string", maxLength: 4 }, ["abcd", "äö", "😀"], ["abcde", "äöü", "😀x"]],
    [{ type: "timestamp" }, [0, 8.64e15, -8.64e15], [8.64e15 + 2, 0.5, "2024-01-01", null]],
    [array, [[], [1, 2, 3]], [[1, 2, 3, 4], [1, "2"], [1.5], { 0: 1 }, "123", null]],
    [{ type: "array", items: "string" }, [["a", ""]], [["a", 1], [null]]],
    [
      struct,
      [{ latitude: 90 }, { latitude: 0, note: "abcd" }],
      [{}, { latitude: 91 }, { note: "a" }, [], null, 1],
    ],
    [
      struct,
      [],
      [
        { latitude: 1, note: null },
        { latitude: 1, other: 1 },
        { latitude: 1, note: "abcde" },
      ],
    ],
  ])("%j", (type, good, bad) => {
    for (const value of good) expect(valueFault(value, type, "x")).toBeUndefined();
    for (const value of bad) expect(valueFault(value, type, "x")).toMatch(/^x/);
  });

  test.each<[unknown, ModelType, string]>([
    [{ latitude: 91 }, struct, "position.latitude: expected a number from -90 to 90, got 91"],
    [{}, struct, "position.latitude: is missing"],
    [{ latitude: 1, "\u001b": 1 }, struct, "position.\\u001b: is not in the model"],
    [[1, 2, "3"], array, 'position[2]: expected a whole number from -2147483648 to 2147483647, got "3"'],
    [[1, 2, 3, 4], array, "position: expected at most 3 items, got 4"],
    [5, mode, "position: expected one of 0 (auto), 7 (on), -1 (off), got 5"],
    ["äöü", { type: "string", maxLength: 4 }, "position: expected text of at most 4 bytes in UTF-8, got 6"],
    [
      200,
      { type: "double", range: [0, 100], unit: "%" },
      "position: expected a number from 0 to 100 %, got 200",
    ],
  ])("is refused with its place: %j", (value, type, fault) => {
    expect(valueFault(value, type, "position")).toBe(fault);
  });

  it("is judged without a throw, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.constantFrom(struct, array, mode, { type: "float" as const }),
        (value, type) => {
          const fault = valueFault(value, type, "x");
          expect(fault === undefined || /^x[^\n]*$/.test(fault)).toBe(true);
        },
      ),
    );
  });
});

describe("quality", () => {
  const plain = { identifier: "t", number: 1, type: "double" } as const;
  const rated = { ...plain, quality: true };
  test.each<[unknown, boolean]>([
    [{ value: 1, quality: 0 }, true],
    [{ value: 1, quality: 9 }, true],
    [1, true],
    [{ value: 1, quality: 10 }, false],
    [{ value: 1, quality: -1 }, false],
    [{ value: 1, quality: 1.5 }, false],
    [{ value: 1, quality: "1" }, false],
    [{ value: 1 }, false],
    [{ quality: 1 }, false],
    [{}, false],
    [{ value: "1", quality: 1 }, false],
    [{ value: 1, quality: 1, more: 1 }, false],
    [{ value: { value: 1, quality: 1 }, quality: 1 }, false],
  ])("is from 0 to 9 beside the value: %j", (value, fits) => {
    expect(pointFault(value, rated) === undefined).toBe(fits);
    expect(pointFault(value, plain) === undefined).toBe(value === 1);
  });

  it("is told from a struct that has fields of that name", () => {
    const fields = [
      { identifier: "value", number: 1, type: "double" },
      { identifier: "quality", number: 2, type: "double" },
    ] as const;
    const point = { identifier: "s", number: 1, type: "struct", fields, quality: true } as const;
    expect(pointFault({ value: 1, quality: 99 }, point)).toBeUndefined();
    expect(pointFault({ value: { value: 1, quality: 99 }, quality: 3 }, point)).toBeUndefined();
    expect(pointFault({ value: "x", quality: 99 }, point)).toMatch(/^s/);
  });
});

describe("the example model", () => {
  it("judges reports", () => {
    const product = climate();
    expect(product.checkPoint("temperature", 21.5)).toBeUndefined();
    expect(product.checkPoint("rssi", { value: -95, quality: 9 })).toBeUndefined();
    expect(product.checkPoint("temperature", 126)).toMatch(
      /^temperature: expected a number from -40 to 125 degC/,
    );
    for (const name of ["pressure", "constructor", "__proto__", ""]) {
      expect(product.checkPoint(name, 1)).toMatch(/not in the model/);
    }
    expect(product.checkEvent("overheat", { temperature: 90, since: 0 })).toBeUndefined();
    expect(product.checkEvent("overheat", {})).toBe("temperature: is missing");
    expect(product.checkEvent("overheat", [])).toMatch(/expected an object/);
    expect(product.checkEvent("valueOf", {})).toMatch(/not in the model/);
    expect(product.checkAttribute("floor", 3)).toBeUndefined();
    expect(product.checkAttribute("floor", 201)).toMatch(/^floor/);
    expect(product.checkAttribute("colour", 1)).toMatch(/not in the model/);
    expect([product.hasAttribute("label"), product.hasAttribute("toString")]).toEqual([true, false]);
    expect([product.hasPoint("relay"), product.hasPoint("toString")]).toEqual([true, false]);
  });

  it("judges commands", () => {
    const product = climate();
    expect(product.checkSet({ relay: 1 })).toBeUndefined();
    expect(product.checkSet({ relay: 2 })).toMatch(/^relay: expected one of 0 \(off\), 1 \(on\)/);
    expect(product.checkSet({ relay: { value: 1, quality: 1 } })).toMatch(/^relay/);
    expect(product.checkSet({ temperature: 20 })).toMatch(/cannot be set/);
    expect(product.checkSet({ other: 20 })).toMatch(/not in the model/);
    expect(product.checkSet({})).toMatch(/at least one/);
    expect(product.checkSet(null)).toMatch(/expected an object/);
    expect(product.checkService("reboot", { delay: 5 })).toBeUndefined();
    expect(product.checkService("reboot", { delay: -1 })).toMatch(
      /^delay: expected a whole number from 0 to 3600 s/,
    );
    expect(product.checkService("reboot", { delay: 5, more: 1 })).toBe("more: is not in the model");
    expect(product.checkService("reboot", undefined)).toMatch(/expected an object/);
    const reference = { temperature: 20, source: "x".repeat(33) };
    expect(product.checkService("calibrate", { reference })).toMatch(
      /^reference.source: .* at most 32 bytes/,
    );
    expect(product.checkService("explode", {})).toMatch(/not in the model/);
  });
});

describe("a model in other words", () => {
  const points = (...list: object[]): object => ({ product: "p", version: 1, measurepoints: list });
  const kept = (given: unknown): unknown =>
    new Product({ productKey: "p", model: given }, undefined).record.model;

  it("as EnOS has it is taken, and kept as ours", () => {
    const given = enosModelOf(climate().model!);
    const product = new Product({ productKey: "p", model: JSON.parse(JSON.stringify(given)) }, undefined);
    expect(product.checkPoint("temperature", 126)).toMatch(
      /^temperature: expected a number from -40 to 125 degC/,
    );
    expect(product.checkSet({ relay: 1 })).toBeUndefined();
    expect(kept(product.record.model)).toEqual(product.model);
    const file = { thingModelId: "m", thingMeasurepointMap: { f: { $class: "a.TSLFileMeasurepoint" } } };
    expect(() => new Product({ productKey: "p", model: file }, undefined)).toThrow(
      /^product p: model: \$\.thingMeasurepointMap\.f: is a FILE, .*; leave it out/,
    );
  });

  it("of before is taken, and kept in the words of now", () => {
    const old = points(
      { identifier: "t", number: 1, type: "date" },
      { identifier: "n", number: 2, type: "int32" },
    );
    expect(kept(old)).toMatchObject({ format: 2, measurepoints: [{ type: "timestamp" }, { type: "int" }] });
    const product = new Product({ productKey: "p", model: old }, undefined);
    expect(product.checkPoint("t", 1_767_225_600_000)).toBeUndefined();
    expect(product.checkPoint("t", "2026-01-01")).toMatch(/^t: expected a whole number/);
    // A quality that EnOS has not would be refused in a file of now.
    const rated = points({ identifier: "b", number: 1, type: "bool", quality: true });
    expect(kept(rated)).toEqual(rated);
    expect(kept(kept(rated))).toEqual(rated);
  });
});

it("without a model takes any JSON under names that can be identifiers", () => {
  const product = new Product({ productKey: "free" }, undefined);
  expect(product.checkPoint("anything", { deep: [1] })).toBeUndefined();
  expect(product.checkSet({ a: 1 })).toBeUndefined();
  expect(product.checkEvent("e", { a: null })).toBeUndefined();
  expect(product.checkService("s", {})).toBeUndefined();
  for (const name of ["__proto__", "", "9", "a b", "x".repeat(65)]) {
    expect(product.checkPoint(name, 1)).toMatch(/expected an identifier/);
    expect(product.checkAttribute(name, 1)).toMatch(/expected an identifier/);
    expect(product.checkEvent("e", Object.fromEntries([[name, 1]]))).toMatch(/expected an identifier/);
    expect(product.checkService(name, {})).toMatch(/expected an identifier/);
  }
});

describe("a product's script", () => {
  it("runs both ways", () => {
    const product = new Product({ productKey: "climate", payload: "raw", model, script }, engine);
    expect([product.payload, product.hasScript]).toEqual(["raw", true]);
    const message = {
      id: "7",
      version: "1.0",
      method: "thing.service.measurepoint.set",
      params: { relay: 1 },
    };
    expect(product.jsonToRaw(JSON.stringify(message))).toEqual(Uint8Array.of(2, 0, 0, 0, 7, 4, 0, 0, 0, 1));
    expect(product.rawToJson(Uint8Array.of(2, 0, 0, 0, 7, 200))).toBe('{"id":"7","code":200,"data":{}}');
    product.dispose();
  });

  it("may be missing", () => {
    const product = climate();
    expect([product.payload, product.hasScript, product.largestDatagram]).toEqual(["json", false, 512]);
    expect(product.rawToJson(Uint8Array.of())).toEqual({ fault: "the product has no parsing script" });
    expect(product.jsonToRaw("{}")).toEqual({ fault: "the product has no parsing script" });
  });
});

const circular: Record<string, unknown> = {};
circular["self"] = circular;
test.each<[unknown, RegExp]>([
  [null, /^product: expected an object/],
  [{ productKey: "" }, /^productKey: expected 1 to 64/],
  [{ productKey: "a/b" }, /^productKey/],
  [{ productKey: "." }, /^productKey: expected 1 to 64 .* other than \. and \.\.$/],
  [{ productKey: ".." }, /^productKey/],
  [{ productKey: "p", name: 5 }, /^product p: name: expected text/],
  [{ productKey: "p", payload: "xml" }, /^product p: payload: expected "raw" or "json"/],
  [{ productKey: "p", largestDatagram: 255 }, /^product p: largestDatagram: expected an integer from 256 to/],
  [{ productKey: "p", largestDatagram: 1153 }, /^product p: largestDatagram: .* to 1152$/],
  [{ productKey: "p", largestDatagram: "512" }, /^product p: largestDatagram/],
  [{ productKey: "p", script: 5 }, /^product p: script: expected text/],
  [{ productKey: "p", script: "function (" }, /^product p: script: SyntaxError.*\(line 1\)$/],
  [{ productKey: "p", model: {} }, /^product p: model: \$: lacks "product"; add .* \(and 2 more\)$/],
  [{ productKey: "p", model: "text" }, /^product p: model: /],
  [{ productKey: "p", model: null }, /^product p: model: /],
  [{ productKey: "p", model: circular }, /^product p: model: \$: no JSON/],
])("a record that cannot be used is refused in one line: %#", (record, words) => {
  const make = (): Product => new Product(record as ProductRecord, engine);
  expect(make).toThrow(ProductError);
  expect(make).toThrow(words);
});

it("with a script wants an engine", () => {
  expect(() => new Product({ productKey: "p", script }, undefined)).toThrow(/no script engine/);
});
