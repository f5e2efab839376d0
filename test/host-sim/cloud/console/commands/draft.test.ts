/** What stands in a form's fields, between people who type and the JSON that is sent. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  draftsOf,
  faultsOf,
  timeOf,
  valuesOf,
} from "../../../../../host-sim/cloud/console/page/commands/draft";
import { fieldsFault } from "../../../../../host-sim/cloud/enos/value-check";
import type { ModelField } from "../../../../../host-sim/model/model";

const fields: readonly ModelField[] = [
  { identifier: "delay", type: "int", unit: "s", range: [0, 3600] },
  { identifier: "gain", type: "double", optional: true },
  { identifier: "mode", type: "enum", values: { "0": "off", "1": "on" } },
  {
    identifier: "word",
    type: "enum",
    enumType: "string",
    values: { "0": "slow", "1": "fast" },
    optional: true,
  },
  { identifier: "force", type: "bool", optional: true },
  { identifier: "label", type: "string", maxLength: 4, optional: true },
  { identifier: "when", type: "timestamp", optional: true },
  { identifier: "list", type: "array", items: "int", maxItems: 3, optional: true },
  {
    identifier: "place",
    type: "struct",
    optional: true,
    fields: [
      { identifier: "x", type: "double", range: [-1, 1] },
      { identifier: "note", type: "string", optional: true },
    ],
  },
];
const sound = { delay: "5", mode: "1" };

describe("a draft", () => {
  it("gives the values of its types, and leaves out what is empty", () => {
    const drafts = {
      ...sound,
      ...{ gain: " -2.5e1 ", word: "fast", force: "true", label: "", when: "1700000000000" },
      ...{ list: ["1", "-2"], place: { x: ".5", note: "" } },
    };
    expect(valuesOf(fields, drafts)).toEqual({
      ...{ delay: 5, mode: 1, gain: -25, word: "fast", force: true, when: 1_700_000_000_000 },
      ...{ list: [1, -2], place: { x: 0.5 } },
    });
    expect([...faultsOf(fields, drafts)]).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, [string, string][]]>([
    ["empty where it is needed", { delay: "" }, [["delay", "is needed"]]],
    ["no number", { delay: "soon" }, [["delay", 'expected a whole number from 0 to 3600 s, got "soon"']]],
    [
      "beyond its range",
      { delay: "3601" },
      [["delay", "expected a whole number from 0 to 3600 s, got 3601"]],
    ],
    ["none of the choices", { mode: "7" }, [["mode", "expected one of 0 (off), 1 (on), got 7"]]],
    ["too long in bytes", { label: "äöü" }, [["label", "expected text of at most 4 bytes in UTF-8, got 6"]]],
    ["wrong within", { place: { x: "2" } }, [["place.x", "expected a number from -1 to 1, got 2"]]],
    ["left out within", { place: {} }, [["place.x", "is needed"]]],
    [
      "wrong in an item",
      { list: ["1", "x"] },
      [["list[1]", 'expected a whole number from -2147483648 to 2147483647, got "x"']],
    ],
    ["too many", { list: ["1", "2", "3", "4"] }, [["list", "expected at most 3 items, got 4"]]],
  ])("that is %s has its fault at its field", (_what, change, faults) => {
    const drafts = { ...sound, ...change } as Parameters<typeof faultsOf>[1];
    expect([...faultsOf(fields, drafts)]).toEqual(faults);
  });

  it("has no fault exactly where the server finds none", () => {
    const text = fc.oneof(
      fc.integer({ min: -5, max: 4_000 }).map(String),
      fc.double().map(String),
      fc.constantFrom("", "x", "true", "off", "1", "0x10", "1e3", " 7 "),
    );
    const drafts = fc.record({
      ...{ delay: text, gain: text, mode: text, word: text, force: text, label: text, when: text },
      list: fc.array(text, { maxLength: 5 }),
      place: fc.option(fc.record({ x: text, note: text }), { nil: undefined }),
    });
    fc.assert(
      fc.property(drafts, (given) => {
        const isSound = faultsOf(fields, given).size === 0;
        const isTaken = fieldsFault(valuesOf(fields, given), fields, "") === undefined;
        expect(isSound).toBe(isTaken);
      }),
    );
  });

  it("comes back from the values that it gives", () => {
    const values = { delay: 5, mode: 0, word: "slow", label: "a\nb", list: [1, 2], place: { x: -0.25 } };
    expect(valuesOf(fields, draftsOf(fields, values))).toEqual(values);
  });

  it("takes what an address says that fits no type as text, and finds it wrong", () => {
    const drafts = draftsOf(fields, { delay: { no: 1 }, mode: 1, list: "x", place: 3 });
    expect([...faultsOf(fields, drafts).keys()]).toEqual(["delay", "list", "place"]);
  });
});

describe("fields without a model", () => {
  const free = [
    { identifier: "points", type: "json" },
    { identifier: "payload", type: "hex" },
  ] as const;

  it("take JSON, and bytes with whatever stands between them", () => {
    const drafts = { points: ' {"relay": 1} ', payload: "0x02 00:00,00 07" };
    expect(valuesOf(free, drafts)).toEqual({ points: { relay: 1 }, payload: "0200000007" });
    expect(faultsOf(free, drafts).size).toBe(0);
  });

  it("say what is wrong with them", () => {
    expect([...faultsOf(free, { points: "{", payload: "123" })]).toEqual([
      ["points", "is not JSON"],
      ["payload", "expected pairs of hexadecimal digits, such as 02 00 00 00 07"],
    ]);
  });
});

test("a time is epoch ms, or a date in the reader's zone", () => {
  expect(timeOf("1700000000000")).toBe(1_700_000_000_000);
  expect(timeOf("2026-11-30 14:03")).toBe(new Date(2026, 10, 30, 14, 3).getTime());
  expect(timeOf("2026-11-30")).toBe(new Date(2026, 10, 30).getTime());
  expect(timeOf("2026-13-30")).toBeUndefined();
  expect(timeOf("noon")).toBeUndefined();
});
