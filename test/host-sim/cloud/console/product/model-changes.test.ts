/** What a model says otherwise, in words, and what of it devices in the field feel. */
import { describe, expect, test } from "vitest";
import { modelChanges } from "../../../../../host-sim/cloud/console/page/product/model-changes";
import type { Model } from "../../../../../host-sim/model/model";

const point = { identifier: "t", name: "T", number: 1, type: "int", range: [0, 10], unit: "s" } as const;
const model = (change: object = {}, more: object = {}): Model => ({
  ...({ format: 2, product: "p", version: 1 } as const),
  ...{ measurepoints: [{ ...point, ...change }], attributes: [], events: [], services: [] },
  ...more,
});

describe("a change", () => {
  test.each<[string, object, string, boolean]>([
    ["of a name", { name: "Time" }, "name T becomes Time", false],
    ["of a unit", { unit: undefined }, "unit s is gone", false],
    ["to a wider range", { range: [-1, 10] }, "range 0 to 10 becomes -1 to 10", false],
    ["to a narrower range", { range: [0, 9] }, "range 0 to 10 becomes 0 to 9", true],
    ["that takes the range away", { range: undefined }, "range 0 to 10 is gone", false],
    ["of the number", { number: 2 }, "number 1 becomes 2", true],
    ["of the type", { type: "float" }, "type int becomes float", true],
    ["that lets it be set", { writable: true }, "writable true is new", false],
    ["that gives it a quality", { quality: true }, "quality true is new", true],
  ])("%s", (_what, change, how, isFelt) => {
    expect(modelChanges(model(), model(change))).toEqual([{ what: "measure point t", how, isFelt }]);
  });

  test("that adds or takes away an element", () => {
    const added = modelChanges(model(), model({}, { measurepoints: [point, { ...point, identifier: "u" }] }));
    expect(added).toEqual([{ what: "measure point u", how: "is new", isFelt: false }]);
    const gone = modelChanges(model(), model({}, { measurepoints: [], version: 2 }));
    expect(gone).toEqual([
      { what: "version", how: "1 becomes 2", isFelt: false },
      { what: "measure point t", how: "is gone", isFelt: true },
    ]);
  });

  test("of nothing is none, whatever the order of members", () => {
    const turned = Object.fromEntries(Object.entries(point).reverse());
    expect(modelChanges(model(), model({}, { measurepoints: [turned] }))).toEqual([]);
    expect(modelChanges(undefined, model())).toEqual([]);
  });
});
