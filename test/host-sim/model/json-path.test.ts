/** A path of a fault is found in the text, however that is laid out. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { lineOf, placeOfPath } from "../../../host-sim/model/json-path";
import { pathStep, readModel } from "../../../host-sim/model/read-model";
import type { ModelFault } from "../../../host-sim/model/model";

const at = (text: string, path: string): string => {
  const { from, to } = placeOfPath(text, path);
  return text.slice(from, to);
};

describe("a path names its place", () => {
  const text = `\ufeff{ "a": [ 1, { "b\\u0063": "x" }, [ 2 , "}" ] ],\n  "odd name": { "0": true, "t]": null }, "a\\"": -1e3 }`;
  test.each([
    ["$", "{"],
    ["$.a", '"a"'],
    ["$.a[0]", "1"],
    ["$.a[1]", "{"],
    ["$.a[1].bc", '"b\\u0063"'],
    ["$.a[2][1]", '"}"'],
    ['$["odd name"]', '"odd name"'],
    ['$["odd name"][0]', '"0"'],
    ['$["odd name"]["t]"]', '"t]"'],
    ['$["a\\""]', '"a\\""'],
    // What is not there is told at the last that is.
    ["$.a[1].missing", "{"],
    ["$.a[9]", '"a"'],
    ["$.other", "{"],
  ])("%s", (path, found) => {
    expect(at(text, path)).toBe(found);
  });

  test("also of a text that goes on badly", () => {
    expect(() => placeOfPath("", "$.a[0].b")).not.toThrow();
    expect(() => placeOfPath('{"a":', "$.a[0].b")).not.toThrow();
    expect(at('{"a":1,"a":2}', "$.a")).toBe('"a"');
    expect(placeOfPath('{"a":1,"a":2}', "$.a").from).toBe(7);
  });
});

test("each fault of a model is marked where it stands", () => {
  const text = JSON.stringify(
    {
      ...{ format: 2, product: "p", version: 1 },
      measurepoints: [
        { identifier: "a", number: 1, type: "int", range: [5, 1] },
        { identifier: "b", number: 1, type: "flot" },
      ],
    },
    null,
    2,
  );
  const faults = readModel(text) as readonly ModelFault[];
  const marked = faults.map(({ path }) => [
    path,
    at(text, path),
    lineOf(text, placeOfPath(text, path).from).line,
  ]);
  expect(marked).toContainEqual(["$.measurepoints[1].type", '"type"', 18]);
  expect(marked).toContainEqual(["$.measurepoints[0].range", '"range"', 10]);
});

test("whatever JSON it is, every member and item is found", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const walk = (each: unknown, path: string): void => {
        if (typeof each !== "object" || each === null) return;
        for (const [name, inner] of Object.entries(each)) {
          const step = Array.isArray(each) ? `[${name}]` : pathStep(name);
          const { from, to } = placeOfPath(text, path + step);
          const mark = text.slice(from, to);
          if (!Array.isArray(each)) expect(JSON.parse(mark)).toBe(name);
          else if (typeof inner !== "object" || inner === null) expect(JSON.parse(mark)).toEqual(inner);
          walk(inner, path + step);
        }
      };
      walk(value, "$");
    }),
    { numRuns: 200 },
  );
});
