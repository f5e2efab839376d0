/** Events, and attributes, in the words of the thing model. */
import { expect, test } from "vitest";
import { attributeRows } from "../../../../../host-sim/cloud/console/page/attributes/rows";
import { countByLevel, isShown, shownEvent } from "../../../../../host-sim/cloud/console/page/events/events";
import { modelFormat } from "../../../../../host-sim/model/model";
import type { Model } from "../../../../../host-sim/model/model";

const model: Model = {
  ...{ format: modelFormat, product: "P", version: 1, measurepoints: [], services: [] },
  attributes: [
    { identifier: "floor", name: "Floor", type: "int", range: [-20, 200] },
    { identifier: "mounting", type: "enum", values: { "1": "mast" } },
  ],
  events: [
    {
      identifier: "hot",
      name: "Too hot",
      level: "error",
      outputs: [
        { identifier: "temperature", name: "Temperature", type: "double", unit: "degC" },
        { identifier: "since", type: "timestamp", optional: true },
      ],
    },
    { identifier: "hello", outputs: [] },
  ],
};
const event = (name: string, values: Record<string, unknown> = {}) =>
  shownEvent({ id: "1", event: name, values, at: 1 }, model);

test("an event has its name, its level, and its outputs with names and units", () => {
  const hot = event("hot", { more: 1, temperature: 91.5 });
  expect([hot.name, hot.level]).toEqual(["Too hot", "error"]);
  expect(hot.outputs).toEqual([
    ["Temperature", "91.5\u00a0°C"],
    ["more", "1"],
  ]);
  expect([event("hello").level, event("else").level, event("else").name]).toEqual([
    "info",
    "unknown",
    "else",
  ]);
});

test("events are counted and chosen by level and by name", () => {
  const all = [event("hot"), event("hot"), event("hello"), event("else")];
  expect(countByLevel(all)).toEqual([
    ["error", 2],
    ["info", 1],
    ["unknown", 1],
  ]);
  const shown = (level: string | null, name: string | null): number =>
    all.filter((each) => isShown(each, { level, event: name })).length;
  expect([shown(null, null), shown("error", null), shown(null, "hello"), shown("error", "hello")]).toEqual([
    4, 2, 1, 0,
  ]);
});

test("attributes are those of the model, set or not, and then what else the device has", () => {
  const rows = attributeRows(model, { zone: "a", mounting: 1 }, { zone: { by: "device", at: 5 } });
  expect(
    rows.map(({ identifier, name, text, type, origin }) => [identifier, name, text, type, origin?.by]),
  ).toEqual([
    ["floor", "Floor", "", "int, -20 to 200", undefined],
    ["mounting", "mounting", "mast", "enum, mast", undefined],
    ["zone", "zone", "a", "not in the thing model", "device"],
  ]);
});
