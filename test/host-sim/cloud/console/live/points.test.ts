/** Measure points in words. */
import { describe, expect, test } from "vitest";
import {
  numberOf,
  pointsOf,
  qualityText,
  typeText,
  valueParts,
  valueText,
} from "../../../../../host-sim/cloud/console/page/live/points";
import { modelFormat } from "../../../../../host-sim/model/model";
import type { Model, ModelPoint, ModelType } from "../../../../../host-sim/model/model";
import type { StoredPoint } from "../../../../../host-sim/cloud/registry/history";

const point = (identifier: string, type: Omit<ModelPoint, "identifier" | "number">): ModelPoint => ({
  identifier,
  number: 1,
  ...type,
});
const model = (...measurepoints: ModelPoint[]): Model => ({
  ...{ format: modelFormat, product: "P", version: 1, measurepoints },
  ...{ attributes: [], events: [], services: [] },
});
const stored = (value: unknown): StoredPoint => ({ value, at: 1 });
const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test("those of the model come first, in its order, then what else was reported; names like a prototype's are no values", () => {
  const points = pointsOf(model(point("b", { type: "int", name: "B" }), point("toString", { type: "int" })), {
    z: stored(1),
    b: stored(2),
    a: stored("x"),
  });
  expect(points.map(({ identifier, name, kind, latest }) => [identifier, name, kind, latest?.value])).toEqual(
    [
      ["b", "B", "number", 2],
      ["toString", "toString", "number", undefined],
      ["a", "a", "text", "x"],
      ["z", "z", "number", 1],
    ],
  );
});

test.each<[string, ModelType | undefined, unknown, string]>([
  ["a number with its unit", { type: "double", unit: "degC" }, 20.5, "20.5 °C"],
  ["an enum's name", { type: "enum", values: { "0": "off", "1": "on" } }, 1, "on"],
  ["a number that the enum does not know", { type: "enum", values: { "0": "off" } }, 7, "7"],
  ["an enum of texts", { type: "enum", enumType: "string", values: { "0": "off" } }, "off", "off"],
  ["a bool", { type: "bool" }, false, "false"],
  ["a text", { type: "string" }, "north", "north"],
  ["a short struct in a line", { type: "struct" }, { lat: 1 }, '{"lat": 1}'],
  ["an array in a line", { type: "array", items: "int" }, [1, 2], "[1, 2]"],
  ["a number without a model", undefined, Math.fround(0.1), "0.1"],
  ["nothing", { type: "int" }, null, "nothing"],
])("%s", (_, type, value, text) => expect(plain(valueText(type, value))).toBe(text));

test("a long structure has its lines", () => {
  const text = valueText(undefined, { name: "x".repeat(80) });
  expect(text.split("\n")).toHaveLength(3);
});

describe("on a chart", () => {
  test.each<[ModelPoint, unknown, number | null]>([
    [point("p", { type: "bool" }), true, 1],
    [point("p", { type: "enum", values: { "3": "on" } }), 3, 3],
    [point("p", { type: "enum", enumType: "string", values: { "3": "on" } }), "on", 3],
    [point("p", { type: "enum", enumType: "string", values: { "3": "on" } }), "else", null],
    [point("p", { type: "double" }), 1.5, 1.5],
    [point("p", { type: "string" }), "x", null],
  ])("%j: %j is at %j", (its, value, number) => {
    const [shown] = pointsOf(model(its), { p: stored(value) });
    expect(numberOf(shown, value)).toBe(number);
  });
});

test("seconds by the thousand are told as a length of time, too", () => {
  const [uptime] = pointsOf(model(point("u", { type: "int64", unit: "s" })), { u: stored(90_000) });
  expect(valueParts(uptime, 90_000)).toEqual({ main: "90,000", more: "s · 25 h" });
  expect(valueParts(uptime, 30)).toEqual({ main: "30", more: "s" });
});

test.each<[ModelType, string]>([
  [{ type: "double", unit: "degC", range: [-40, 125] }, "double, -40 to 125 °C"],
  [{ type: "int64", unit: "s", range: [0, Number.MAX_SAFE_INTEGER] }, "int64, 0 s or more"],
  [{ type: "enum", values: { "0": "off", "1": "on" } }, "enum, off / on"],
  [{ type: "array", items: "double", maxItems: 8 }, "array of double, at most 8"],
  [{ type: "string", maxLength: 32 }, "string, at most 32 bytes"],
  [{ type: "float", unit: "V" }, "float, in V"],
])("the type %j in words", (type, text) => expect(plain(typeText(type))).toBe(text));

test("quality 0 is good", () => {
  expect([undefined, 0, 3].map(qualityText)).toEqual([undefined, "good", "not good (quality 3)"]);
});
