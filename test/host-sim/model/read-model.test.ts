import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { faultLine } from "../../../host-sim/model/model";
import { readModel } from "../../../host-sim/model/read-model";
import { models } from "./random-model";
import { example, exampleFile } from "./script";
import { runs } from "../../density";

type Json = Record<string, unknown>;

const point = { identifier: "a", number: 1, type: "int" };
const model = (changes: Json): Json => ({
  format: 2,
  product: "p",
  version: 1,
  measurepoints: [point],
  ...changes,
});
const points = (...list: Json[]): Json =>
  model({ measurepoints: list.map((each) => ({ ...point, ...each })) });

function faultsOf(value: unknown): string[] {
  const read = readModel(typeof value === "string" ? value : JSON.stringify(value));
  return "product" in read ? [] : read.map(faultLine);
}

test("the example is sound, and what may be left out is there empty", () => {
  expect(example.measurepoints.map((each) => each.number)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(readModel(JSON.stringify(model({})))).toEqual(model({ attributes: [], events: [], services: [] }));
  expect(faultsOf(`\ufeff${readFileSync(exampleFile, "utf8")}`)).toEqual([]);
});

describe("a file of before, which states no format", () => {
  const before = {
    product: "p",
    version: 1,
    measurepoints: [
      { identifier: "a", number: 1, type: "int32" },
      { identifier: "b", number: 2, type: "date", range: [0, 5] },
      { identifier: "c", number: 3, type: "int64" },
      { identifier: "d", number: 4, type: "array", items: "int32", maxItems: 300 },
      { identifier: "e", number: 5, type: "string", maxLength: 5000 },
      { identifier: "f", number: 6, type: "enum", values: { "0": "off" }, quality: true },
      { identifier: "g", number: 7, type: "struct", fields: [{ identifier: "x", number: 1, type: "date" }] },
    ],
    attributes: [{ identifier: "a", type: "date" }],
    events: [{ identifier: "e", level: "alert", outputs: [{ identifier: "x", type: "int32" }] }],
    services: [
      {
        identifier: "s",
        number: 17,
        inputs: [{ identifier: "x", type: "date" }],
        outputs: [{ identifier: "y", type: "int32" }],
      },
    ],
  };

  test("is read with EnOS's words, and says once what they stand for", () => {
    const notes: string[] = [];
    expect(readModel(JSON.stringify(before), (line) => notes.push(line))).toEqual({
      format: 2,
      product: "p",
      version: 1,
      measurepoints: [
        { identifier: "a", number: 1, type: "int" },
        { identifier: "b", number: 2, type: "timestamp", range: [0, 5] },
        { identifier: "c", number: 3, type: "int64" },
        { identifier: "d", number: 4, type: "array", items: "int", maxItems: 128 },
        { identifier: "e", number: 5, type: "string", maxLength: 1024 },
        { identifier: "f", number: 6, type: "enum", values: { "0": "off" }, quality: true },
        {
          identifier: "g",
          number: 7,
          type: "struct",
          fields: [{ identifier: "x", number: 1, type: "timestamp" }],
        },
      ],
      attributes: [{ identifier: "a", type: "timestamp" }],
      events: [{ identifier: "e", level: "warning", outputs: [{ identifier: "x", type: "int" }] }],
      services: [
        {
          identifier: "s",
          number: 17,
          inputs: [{ identifier: "x", type: "timestamp" }],
          outputs: [{ identifier: "y", type: "int" }],
        },
      ],
    });
    expect(notes).toEqual([
      "int32 is int",
      "date is timestamp (epoch ms; date is a text now)",
      "int64 stays: EnOS has no such type, give its product a DOUBLE there",
      "maxItems above 128 is 128, EnOS's own limit",
      "maxLength above 1024 is 1024, EnOS's own limit",
      "quality of enum: EnOS has it of INT, FLOAT and DOUBLE only",
      "alert is warning",
    ]);
  });

  test("says nothing where it has no word of before", () => {
    const notes: string[] = [];
    const bare = { product: "p", version: 1, measurepoints: [{ identifier: "a", number: 1, type: "bool" }] };
    expect(readModel(JSON.stringify(bare), (line) => notes.push(line))).toMatchObject({ format: 2 });
    expect(notes).toEqual([]);
  });

  test("cannot have words of format 2 as well: what date means is never a guess", () => {
    const mixed = {
      ...before,
      measurepoints: [
        { identifier: "a", number: 1, type: "int" },
        { identifier: "b", number: 2, type: "date" },
      ],
      events: [{ identifier: "e", level: "warning", outputs: [{ identifier: "x", type: "timestamp" }] }],
    };
    expect(faultsOf(mixed)).toEqual([
      expect.stringMatching(
        /^\$\.measurepoints\[0\]\.type: is "int", a word of format 2, .*; add "format": 2 at its/,
      ),
      expect.stringMatching(/^\$\.events\[0\]\.outputs\[0\]\.type: is "timestamp", a word of format 2/),
      expect.stringMatching(/^\$\.events\[0\]\.level: is "warning", a word of format 2/),
    ]);
  });
});

describe("a fault names its JSON path, what is wrong and how to mend it", () => {
  const struct = (fields: Json[]): Json => points({ type: "struct", fields });
  const compact = (type: string, form: Json, range?: number[]): Json =>
    points({ type, compact: form, range });
  const rows: [what: string, value: unknown, ...faults: RegExp[]][] = [
    [
      "JSON nested deeper than any stack",
      `{"product":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      /^\$: nested more than 32 deep; flatten it: no part of a model is so deep$/,
    ],
    [
      "no JSON",
      "{",
      /^\$: no JSON, line 1 column 2: expected a name in double quotes or }, got the end; correct it there$/,
    ],
    ["no object", "[]", /^\$: is an array of 0, but must be object; write an object/],
    [
      "nothing in it",
      {},
      /^\$: lacks "product"; add "product": the product's name/,
      /^\$: lacks "version"/,
      /^\$: lacks "measurepoints"/,
    ],
    [
      "a name for nothing",
      model({ points: [] }),
      /^\$: has "points", which is nothing here; remove it or correct its name \(format, product, /,
    ],
    ["a fraction as version", model({ version: 1.5 }), /^\$\.version: is 1\.5; write a whole number/],
    ["a product of two lines", model({ product: "a\nb" }), /^\$\.product: is "a\\nb"/],
    ["a product that ends a comment", model({ product: "a*/b" }), /^\$\.product: /],
    [
      "a type that is none",
      points({ type: "integer" }),
      /^\$\.measurepoints\[0\]\.type: is "integer"; write one of int, float, double, bool, enum, string, date, /,
    ],
    [
      "no number",
      model({ measurepoints: [{ identifier: "a", type: "int" }] }),
      /^\$\.measurepoints\[0\]: lacks "number"; add "number": a whole number from 1 to 255/,
    ],
    [
      "the number 0",
      points({ number: 0 }),
      /^\$\.measurepoints\[0\]\.number: is 0; write a whole number from 1 to 255/,
    ],
    ["the number 256", points({ number: 256 }), /^\$\.measurepoints\[0\]\.number: is 256/],
    [
      "the number as text",
      points({ number: "1" }),
      /^\$\.measurepoints\[0\]\.number: is "1"; write a whole number from 1 to 255/,
    ],
    [
      "an identifier with a space",
      points({ identifier: "a b" }),
      /^\$\.measurepoints\[0\]\.identifier: is "a b"; write a letter, then/,
    ],
    [
      "an identifier of every object",
      points({ identifier: "toString" }),
      /^\$\.measurepoints\[0\]\.identifier: is "toString", which every JavaScript object has; choose another/,
    ],
    [
      "a number twice",
      points({}, { identifier: "b" }),
      /^\$\.measurepoints\[1\]\.number: is 1, as that of the measure point at \$\.measurepoints\[0\]; give it a number of its own$/,
    ],
    [
      "an identifier twice",
      points({}, { number: 2 }),
      /^\$\.measurepoints\[1\]\.identifier: is "a", as that of the measure point at/,
    ],
    [
      "an enum without values",
      points({ type: "enum" }),
      /^\$\.measurepoints\[0\]: lacks "values"; add "values": the names of its numbers, such as/,
    ],
    [
      "values of no enum",
      points({ values: { 0: "a" } }),
      /^\$\.measurepoints\[0\]\.values: goes with another type \(enum\); remove it or change the type$/,
    ],
    [
      "an enum's number that is none",
      points({ type: "enum", values: { a: "a" } }),
      /^\$\.measurepoints\[0\]\.values: has the number "a"; write whole numbers/,
    ],
    [
      "an enum's number with a zero in front",
      points({ type: "enum", values: { "01": "a" } }),
      /has the number "01"/,
    ],
    [
      "an enum's number beyond 32 bits",
      points({ type: "enum", values: { "2147483648": "a" } }),
      /^\$\.measurepoints\[0\]\.values\["2147483648"\]: is beyond 32 bits/,
    ],
    [
      "an array of nothing",
      points({ type: "array" }),
      /lacks "items"; add "items": int, float, double, string/,
    ],
    [
      "a file",
      points({ type: "file" }),
      /^\$\.measurepoints\[0\]\.type: is a file, whose content EnOS takes over HTTP or MQTT and not over CoAP; leave it out/,
    ],
    ["a type of before", points({ type: "int32" }), /\.type: is "int32"; write int$/],
    [
      "a level of before",
      model({ events: [{ identifier: "e", level: "alert", outputs: [] }] }),
      /^\$\.events\[0\]\.level: is "alert"; write warning$/,
    ],
    ["a format to come", model({ format: 3 }), /^\$\.format: is 3; write 2, /],
    [
      "quality of a text",
      points({ type: "string", quality: true }),
      /^\$\.measurepoints\[0\]\.quality: goes with int, float and double, and this is string; remove it/,
    ],
    ["the range of a date", points({ type: "date", range: [0, 1] }), /\.range: goes with another type/],
    ["texts of an int", points({ enumType: "string" }), /\.enumType: goes with another type \(enum\)/],
    [
      "an enum with a text twice",
      points({ type: "enum", enumType: "string", values: { "0": "on", "1": "off", "2": "on" } }),
      /\.values\["2"\]: is that of 0, and its name is the value; give it a name of its own/,
    ],
    [
      "an enum with an empty text",
      points({ type: "enum", enumType: "string", values: { "0": "" } }),
      /\.values\["0"\]: is empty, and its name is the value/,
    ],
    ["an array of arrays", points({ type: "array", items: "array" }), /\.items: is "array"; write one of/],
    [
      "an array longer than EnOS's",
      points({ type: "array", items: "double", maxItems: 129 }),
      /\.maxItems: is 129; write a number of items, EnOS takes 128 at most/,
    ],
    [
      "a text longer than EnOS's",
      points({ type: "string", maxLength: 1025 }),
      /\.maxLength: is 1025; write bytes of UTF-8, EnOS takes 1024 at most/,
    ],
    ["a struct without fields", points({ type: "struct" }), /lacks "fields"/],
    [
      "a struct in a struct",
      struct([{ ...point, type: "struct" }]),
      /^\$\.measurepoints\[0\]\.fields\[0\]\.type: is "struct"; write one of/,
    ],
    [
      "a struct's number twice",
      struct([point, { ...point, identifier: "b" }]),
      /^\$\.measurepoints\[0\]\.fields\[1\]\.number: is 1, as that of the field at \$\.measurepoints\[0\]\.fields\[0\]/,
    ],
    [
      "a range backwards",
      points({ range: [2, 1] }),
      /^\$\.measurepoints\[0\]\.range: starts at 2, above its end 1; write \[smallest, largest\]$/,
    ],
    ["a range of one", points({ range: [2] }), /^\$\.measurepoints\[0\]\.range: is an array of 1/],
    [
      "a range beyond its type",
      points({ range: [0, 2 ** 31] }),
      /\.range: goes beyond int; stay within -2147483648 and 2147483647/,
    ],
    ["a range with a fraction", points({ range: [0, 1.5] }), /\.range: has a fraction, and int has none/],
    ["a range of a text", points({ type: "string", range: [0, 1] }), /\.range: goes with another type/],
    [
      "compact for a text",
      compact("string", { as: "int8" }),
      /\.compact: goes with another type \(a number\)/,
    ],
    ["compact for a bool", compact("bool", { as: "int8" }), /\.compact: goes with another type/],
    [
      "a compact form that is none",
      compact("double", { as: "int24" }, [0, 1]),
      /\.compact\.as: is "int24"; write one of int8, uint8/,
    ],
    [
      "a scale of 0",
      compact("double", { as: "int8", scale: 0 }, [0, 1]),
      /\.compact\.scale: is 0; write what one step stands for, above 0, such as 0\.01/,
    ],
    [
      "a range that the form cannot state",
      compact("double", { as: "int16", scale: 0.01 }, [0, 328]),
      /\.compact: states -327\.68 to 327\.67, but the range is 0 to 328; narrow the range, or/,
    ],
    [
      "a range below the offset",
      compact("double", { as: "uint8", offset: 5 }, [4, 100]),
      /states 5 to 260, but the range is 4 to 100/,
    ],
    [
      "compact without a range",
      compact("double", { as: "int16" }),
      /\.compact: states -32768 to 32767, and without a range the point may have any double; add a range/,
    ],
    [
      "a fraction of an int",
      compact("int", { as: "int8", scale: 0.5 }, [0, 1]),
      /\.compact: has a fraction, and int has none/,
    ],
    [
      "a service below 17",
      model({ services: [{ identifier: "s", number: 16, inputs: [], outputs: [] }] }),
      /^\$\.services\[0\]\.number: is 16; write a whole number from 17 to 255/,
    ],
    [
      "a service of EnOS's own",
      model({ services: [{ identifier: "measurepoint.set", number: 17, inputs: [], outputs: [] }] }),
      /^\$\.services\[0\]\.identifier: is "measurepoint\.set", which is EnOS's own/,
    ],
    [
      "a service named like an answer",
      model({ services: [{ identifier: "x_reply", number: 17, inputs: [], outputs: [] }] }),
      /^\$\.services\[0\]\.identifier: is "x_reply", whose topic is that of an answer, .*does not end in _reply/,
    ],
    [
      "an input twice",
      model({
        services: [
          {
            identifier: "s",
            number: 17,
            inputs: [
              { identifier: "x", type: "bool" },
              { identifier: "x", type: "bool" },
            ],
            outputs: [],
          },
        ],
      }),
      /^\$\.services\[0\]\.inputs\[1\]\.identifier: is "x", as that of the input/,
    ],
    [
      "an event without outputs",
      model({ events: [{ identifier: "e" }] }),
      /^\$\.events\[0\]: lacks "outputs"/,
    ],
    [
      "a level that is none",
      model({ events: [{ identifier: "e", level: "bad", outputs: [] }] }),
      /^\$\.events\[0\]\.level: is "bad"; write one of info, warning, error/,
    ],
    [
      "an attribute with a number",
      model({ attributes: [{ identifier: "e", type: "bool", number: 1 }] }),
      /^\$\.attributes\[0\]: has "number", which is nothing here/,
    ],
    [
      "faults of form and of sense at once",
      points({ type: "nothing" }, { number: 2, range: [3, 2] }),
      /^\$\.measurepoints\[0\]\.type: /,
      /^\$\.measurepoints\[1\]\.range: starts at 3/,
    ],
  ];
  test.each(rows)("%s", (_what, value, ...expected) => {
    const faults = faultsOf(value);
    expect(faults).toHaveLength(expected.length);
    expected.forEach((each, i) => expect(faults[i]).toMatch(each));
    for (const fault of faults) expect(fault).not.toContain("\n");
  });

  test("full ranges need no range of their own", () => {
    expect(faultsOf(compact("int", { as: "int32" }))).toEqual([]);
    expect(faultsOf(compact("int", { as: "uint32" }))).toHaveLength(1);
  });
});

test("a list without end is one fault, and is not looked through", () => {
  const zeros = JSON.stringify(Array(120_000).fill(0));
  const text = JSON.stringify(model({ measurepoints: [] })).replace(
    '"measurepoints":[]',
    `"measurepoints":${zeros}`,
  );
  expect(faultsOf(text)).toEqual([expect.stringMatching(/measurepoints.*array of 120000/)]);
  // As many as are looked through, each with a fault, and each beside it sound: within a test's time.
  const many = Array.from({ length: 1_000 }, (_, i) => ({ ...point, identifier: `a${i}`, number: 0 }));
  expect(faultsOf(points(...many)).length).toBeGreaterThan(999);
});

test("any JSON is read or refused, and nothing throws", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(Array.isArray(readModel(text))).toBe(true);
    }),
  );
  const value = fc.jsonValue({ maxDepth: 2 });
  fc.assert(
    fc.property(
      models,
      fc.nat(),
      fc.constantFrom("type", "number", "values", "fields", "range", "compact", "identifier"),
      value,
      (sound, at, key, wrong) => {
        const list = structuredClone(sound.measurepoints) as unknown as Json[];
        list[at % list.length][key] = wrong;
        const read = readModel(JSON.stringify({ ...sound, measurepoints: list }));
        expect("product" in read || read.length > 0).toBe(true);
      },
    ),
    { numRuns: runs(300) },
  );
});
