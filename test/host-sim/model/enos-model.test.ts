/**
 * Models as EnOS has them: written from ours, read back, and read as EnOS's console, its API and others have them.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { enosModelOf, enosTemplateOf } from "../../../host-sim/model/enos-model";
import { emptyLock } from "../../../host-sim/model/lock";
import { faultLine } from "../../../host-sim/model/model";
import { isEnosModel, modelOfEnos } from "../../../host-sim/model/read-enos-model";
import { models } from "./random-model";
import { example, generated, manual, sound } from "./script";
import { runs } from "../../density";
import type { Lock } from "../../../host-sim/model/lock";
import type { Model, ModelField, ModelType } from "../../../host-sim/model/model";

type Json = Record<string, unknown>;

function read(value: unknown, lock?: Lock, version?: number): Model {
  const model = modelOfEnos(value, lock, version);
  if ("product" in model) return model;
  throw new Error(model.map(faultLine).join("\n"));
}

function faults(value: unknown): string[] {
  const model = modelOfEnos(value);
  return "product" in model ? [] : model.map(faultLine);
}

/** As it is in JSON, without what is undefined. */
const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** Without what says nothing: names like identifiers, full ranges, flags that are off, ordinary enums. */
function bare(model: Model): unknown {
  return JSON.parse(
    JSON.stringify(model, function (this: { type?: string }, key, value: unknown) {
      // Of an int64 such a range says something.
      const isFull = key === "range" && `${String(value)}` === "-2147483648,2147483647";
      if (isFull && this.type === "int") return undefined;
      if (["quality", "writable", "optional"].includes(key) && value === false) return undefined;
      return key === "$schema" || (key === "enumType" && value === "int") ? undefined : value;
    }),
  );
}

/** A point of EnOS's console. */
const element = (kind: string, more: Json): Json => ({
  ...{
    hasQuality: false,
    required: false,
    accessMode: false,
    identifier: "a",
    desc: "",
    tags: { tagMap: {} },
  },
  name: { defaultValue: "a", i18nValue: {} },
  $class: `com.envisioniot.enos.model_service.share.data.tsl.measurepoint.TSL${kind}Measurepoint`,
  ...more,
});
const file = (points: Json, more: Json = {}): Json => ({
  ...{ thingModelId: "m", thingModelName: { defaultValue: "Pump" }, thingMeasurepointMap: points },
  ...more,
});

describe("a model of ours", () => {
  test("is what a device gets that asks for its template", () => {
    expect(asJson(enosTemplateOf(example))).toMatchObject({
      tslModelId: "Climate_node",
      tslModelName: "Climate node",
      tslAttributeMap: {
        floor: { minimum: -20, maximum: 200, hasQuality: false, accessMode: true, identifier: "floor" },
        label: { maxLength: 64, name: "Label" },
      },
      tslMeasurepointMap: {
        rssi: {
          ...{ minimum: -128, maximum: 0, exclusiveMinimum: false, hasQuality: true, accessMode: false },
          ...{ unit: { unitId: "dBm", multiplier: "ONE" }, signalType: "AI", name: "Signal strength" },
        },
        relay: { valueType: true, accessMode: true, signalType: "DI" },
      },
      tslServiceMap: { reboot: { callType: "ASYNC", inputData: [{ identifier: "delay", required: true }] } },
      tslEventMap: {
        overheat: { eventType: "WARN", outputData: [{}, { identifier: "since", required: false }] },
      },
      inheritedServiceIds: [],
    });
    // Only the console's file names classes.
    expect(JSON.stringify(enosTemplateOf(example))).not.toContain("$class");
  });

  test("is a file for EnOS's console", () => {
    const made = asJson(enosModelOf(manual)) as { thingMeasurepointMap: Record<string, Json> };
    expect(made).toMatchObject({
      thingModelName: { defaultValue: "Sample of the EnOS manual", i18nValue: {} },
    });
    expect(made.thingMeasurepointMap.mp_int).toEqual({
      ...{ minimum: -2147483648, maximum: 2147483647, exclusiveMinimum: false, exclusiveMaximum: false },
      ...{ hasQuality: false, required: false, signalType: "AI", accessMode: true, identifier: "mp_int" },
      ...{ name: { defaultValue: "mp_int", i18nValue: {} }, desc: "", tags: { tagMap: {} } },
      $class: "com.envisioniot.enos.model_service.share.data.tsl.measurepoint.TSLIntMeasurepoint",
    });
  });

  test("comes back from EnOS as it was, with its numbers and compact forms from the lock", () => {
    fc.assert(
      fc.property(models, (model) => {
        const { lock } = generated(model);
        const back = read(asJson(enosModelOf(model)), lock, model.version);
        expect(bare(back)).toEqual(bare(model));
        // The same files are written from it.
        expect(generated(back, lock)).toEqual(generated(sound(bare(model)), lock));
      }),
      { numRuns: runs(200) },
    );
    expect(bare(read(asJson(enosModelOf(manual)), generated(manual).lock))).toEqual(bare(manual));
  });

  test("loses without the lock only what EnOS has no place for", () => {
    const whole = <T extends ModelType>({ type, ...rest }: T): unknown => ({
      ...rest,
      type: type === "int64" ? "double" : type,
    });
    const { measurepoints, attributes, ...rest } = asJson(example) as unknown as Model;
    expect(bare(read(asJson(enosModelOf(example)), emptyLock))).toEqual(
      bare({
        ...rest,
        measurepoints: measurepoints.map((point) => whole({ ...point, compact: undefined })),
        attributes: attributes.map(whole),
      } as unknown as Model),
    );
  });
});

describe("a model of EnOS's", () => {
  test("is told from one of ours", () => {
    for (const yes of [
      enosModelOf(example),
      enosTemplateOf(example),
      { data: enosTemplateOf(manual) },
      file({}),
    ]) {
      expect(isEnosModel(yes)).toBe(true);
    }
    expect(isEnosModel({ modelId: "m", measurepoints: {}, attributes: {} })).toBe(true);
    for (const no of [
      example,
      { product: "p", measurepoints: {} },
      {},
      [],
      null,
      "thingModelId",
      { data: [] },
    ]) {
      expect(isEnosModel(no)).toBe(false);
    }
  });

  test("is read as the console's file has it", () => {
    const specs = {
      "0": '{"defaultValue":"off","i18nValue":{"zh_CN":"x"}}',
      "1": "on",
      "-3": '{"i18nValue":{}}',
    };
    const model = read(
      file(
        {
          a: element("Double", { minimum: -1.7976931348623157e308, maximum: 1.7976931348623157e308 }),
          b: element("Float", {
            identifier: "b",
            minimum: -3.4028235e38,
            maximum: 3.4028235e38,
            hasQuality: true,
          }),
          c: element("Int", { identifier: "c", minimum: 0, exclusiveMinimum: true, maximum: 2147483647 }),
          d: element("Enum", { identifier: "d", specsMap: specs, valueType: true, accessMode: true }),
          e: element("Enum", { identifier: "e", specsMap: { E6: "x", E12: "" }, valueType: false }),
          f: element("String", { identifier: "f", unit: { unitId: "W", multiplier: "KILO" } }),
          g: element("Date", { identifier: "g", name: { defaultValue: "Made\n on" } }),
          h: element("Timestamp", { identifier: "h" }),
          i: element("Array", { identifier: "i", itemType: "INT" }),
          j: element("Struct", {
            identifier: "j",
            items: [
              { identifier: "x", $class: "x.TSLBool", required: true },
              { identifier: "y", dataType: "string", required: false },
            ],
          }),
        },
        {
          thingServiceMap: {
            go: { identifier: "go", inputData: [{ identifier: "x", $class: "TSLInt", required: false }] },
          },
          thingEventMap: {
            hot: { eventType: "ERROR", outputData: [{ identifier: "y", $class: "a.TSLFloat" }] },
          },
        },
      ),
    );
    expect(bare(model)).toEqual({
      ...{ format: 2, product: "Pump", version: 1, attributes: [] },
      measurepoints: [
        { identifier: "a", number: 1, type: "double" },
        { identifier: "b", name: "a", number: 2, type: "float", quality: true },
        { identifier: "c", name: "a", number: 3, type: "int", range: [1, 2147483647] },
        {
          ...{ identifier: "d", name: "a", number: 4, type: "enum", writable: true },
          values: { "0": "off", "1": "on", "-3": "-3" },
        },
        {
          ...{ identifier: "e", name: "a", number: 5 },
          type: "enum",
          enumType: "string",
          values: { "0": "E6", "1": "E12" },
        },
        { identifier: "f", name: "a", number: 6, type: "string", unit: "KILO W" },
        { identifier: "g", name: "Made  on", number: 7, type: "date" },
        { identifier: "h", name: "a", number: 8, type: "timestamp" },
        { identifier: "i", name: "a", number: 9, type: "array", items: "int" },
        {
          ...{ identifier: "j", name: "a", number: 10, type: "struct" },
          fields: [
            { identifier: "x", number: 1, type: "bool" },
            { identifier: "y", number: 2, type: "string", optional: true },
          ],
        },
      ],
      events: [{ identifier: "hot", level: "error", outputs: [{ identifier: "y", type: "float" }] }],
      services: [
        {
          identifier: "go",
          number: 17,
          inputs: [{ identifier: "x", type: "int", optional: true }],
          outputs: [],
        },
      ],
    });
  });

  test("is read as the model service's API has it", () => {
    const enumDesc = {
      E6: { defaultValue: "E6", i18nValue: {} },
      E12: { defaultValue: "E12", i18nValue: {} },
    };
    const model = read({
      ...{ modelId: "m", name: { defaultValue: "Meter", i18nValue: {} } },
      attributes: {
        a: { dataType: "string", dataDefinition: { maxLength: 35 }, unit: null },
        b: { dataType: "enum", dataDefinition: { enumDesc, enumType: "STRING" } },
        c: { dataType: "array", dataDefinition: { itemType: "string" } },
        d: {
          dataType: "struct",
          dataDefinition: { items: [{ identifier: "x", dataType: "enum", dataDefinition: { enumDesc } }] },
        },
      },
      measurepoints: { p: { dataType: "double", accessMode: "rw", unit: "°" } },
    });
    expect(bare(model)).toMatchObject({
      product: "Meter",
      attributes: [
        { identifier: "a", type: "string", maxLength: 35 },
        { identifier: "b", type: "enum", enumType: "string", values: { "0": "E6", "1": "E12" } },
        { identifier: "c", type: "array", items: "string" },
        {
          identifier: "d",
          fields: [{ identifier: "x", number: 1, enumType: "string" }] as unknown as ModelField[],
        },
      ],
      measurepoints: [{ identifier: "p", number: 1, type: "double", writable: true, unit: "°" }],
    });
  });

  test("keeps the lock's numbers in whatever order, and gives new ones that were never given", () => {
    const before = sound({
      ...{
        format: 2,
        product: "Pump",
        version: 4,
        services: [{ identifier: "go", number: 20, inputs: [], outputs: [] }],
      },
      measurepoints: [
        { identifier: "a", number: 7, type: "int" },
        { identifier: "b", number: 3, type: "double", range: [0, 100], compact: { as: "uint8", scale: 0.5 } },
        { identifier: "c", number: 1, type: "enum", enumType: "string", values: { "4": "lo", "2": "hi" } },
        { identifier: "gone", number: 2, type: "bool" },
      ],
    });
    const model = read(
      file(
        {
          n: element("Bool", { identifier: "n" }),
          c: element("Enum", { identifier: "c", valueType: false, specsMap: { mid: "", hi: "", lo: "" } }),
          b: element("Double", { identifier: "b", minimum: 0, maximum: 90 }),
          a: element("Double", { identifier: "a" }),
        },
        { thingServiceMap: { stop: { identifier: "stop" }, go: { identifier: "go" } } },
      ),
      generated(before).lock,
    );
    expect(model.measurepoints).toMatchObject([
      { identifier: "n", number: 4 },
      { identifier: "c", number: 1, values: { "0": "mid", "2": "hi", "4": "lo" } },
      { identifier: "b", number: 3, range: [0, 90], compact: { as: "uint8", scale: 0.5, offset: 0 } },
      // A double is no int: its number would mean something else.
      { identifier: "a", number: 5, type: "double" },
    ]);
    expect(model.services).toMatchObject([
      { identifier: "stop", number: 17 },
      { identifier: "go", number: 20 },
    ]);
  });

  test("whose compact form no longer fits gets a number without it", () => {
    const before = sound({
      ...{ format: 2, product: "Pump", version: 4 },
      measurepoints: [
        { identifier: "b", number: 3, type: "double", range: [0, 100], compact: { as: "uint8" } },
      ],
    });
    const model = read(
      file({ b: element("Double", { identifier: "b", minimum: 0, maximum: 900 }) }),
      generated(before).lock,
    );
    expect(bare(model)).toMatchObject({ measurepoints: [{ identifier: "b", number: 1, range: [0, 900] }] });
    expect(model.measurepoints[0].compact).toBeUndefined();
  });

  const rows: [what: string, value: unknown, ...faults: RegExp[]][] = [
    ["nothing", null, /^\$: is no thing model of EnOS; give the JSON file that EnOS's console exports$/],
    [
      "a file",
      file({ a: element("File", {}) }),
      /^\$\.thingMeasurepointMap\.a: is a FILE, whose content EnOS takes over HTTP or MQTT and not over CoAP; leave it out/,
    ],
    [
      "an unknown type",
      file({ a: element("Map", {}) }),
      /^\$\.thingMeasurepointMap\.a: is of the type "map", which is none of EnOS's; it can be INT, /,
    ],
    [
      "a class of another kind",
      file({ a: { $class: "java.lang.Object" } }),
      /is of the type "java\.lang\.Object", which is none/,
    ],
    [
      "no type",
      { tslMeasurepointMap: { "a b": {} } },
      /^\$\.tslMeasurepointMap\["a b"\]: says no type, neither by \$class nor by dataType; export the model/,
    ],
    ["a map that is none", file({}, { thingServiceMap: [] }), /^\$\.thingServiceMap: is no object/],
    ["an element that is none", file({ a: 5 }), /^\$\.thingMeasurepointMap\.a: is no object/],
    [
      "a name that is none of ours",
      file({ "1a": element("Int", { identifier: "1a" }) }),
      /^\$\.thingMeasurepointMap\["1a"\]\.identifier: is "1a"/,
    ],
    [
      "quality of a text",
      file({ a: element("String", { hasQuality: true }) }),
      /^\$\.thingMeasurepointMap\.a\.quality: goes with int, float and double/,
    ],
    [
      "a text that is too long",
      file({ a: element("String", { maxLength: 4000 }) }),
      /^\$\.thingMeasurepointMap\.a\.maxLength: is 4000/,
    ],
    [
      "an array of structs",
      file({ a: element("Array", { itemType: "struct" }) }),
      /^\$\.thingMeasurepointMap\.a\.items: is "struct"; write one of/,
    ],
    [
      "an array of nothing",
      file({ a: element("Array", {}) }),
      /^\$\.thingMeasurepointMap\.a: is an array of nothing; write int, float/,
    ],
    [
      "an enum of nothing",
      file({ a: element("Enum", {}) }),
      /^\$\.thingMeasurepointMap\.a: is an enum without values/,
    ],
    [
      "a level that is none",
      file({}, { thingEventMap: { e: { eventType: "w" } } }),
      /^\$\.thingEventMap\.e\.eventType: is "w"; write INFO, WARN or ERROR$/,
    ],
    [
      "an array in a struct of a service's input",
      file(
        {},
        {
          thingServiceMap: {
            s: {
              inputData: [
                {
                  identifier: "x",
                  dataType: "struct",
                  items: [{ identifier: "y", dataType: "array", itemType: "int" }],
                },
              ],
            },
          },
        },
      ),
      /^\$\.thingServiceMap\.s\.inputData\[0\]\.items\[0\]: is an array in a struct; keep structs flat/,
    ],
    [
      "a service named like an answer",
      file({}, { thingServiceMap: { x_reply: {} } }),
      /^\$\.thingServiceMap\.x_reply\.identifier: is "x_reply", whose topic is that of an answer/,
    ],
    [
      "JSON nested deeper than any stack",
      JSON.parse(`{"thingModelId":${"[".repeat(5000)}${"]".repeat(5000)}}`),
      /^\$: nested more than 32 deep/,
    ],
  ];
  test.each(rows)("%s is refused", (_what, value, ...expected) => {
    expect(faults(value)).toEqual(expected.map((each) => expect.stringMatching(each) as string));
    for (const fault of faults(value)) expect(fault).not.toContain("\n");
  });

  test("more points than numbers is refused", () => {
    const many = Object.fromEntries(
      Array.from({ length: 256 }, (_, i) => [`p${i}`, element("Bool", { identifier: `p${i}` })]),
    );
    expect(faults(file(many)).length).toBeGreaterThan(0);
  });

  test("nothing throws, whatever is given", () => {
    const member = fc.constantFrom(
      ...["thingMeasurepointMap", "thingServiceMap", "thingEventMap", "thingAttributeMap", "thingModelName"],
    );
    fc.assert(
      fc.property(member, fc.jsonValue({ maxDepth: 4 }), (name, value) => {
        const model = modelOfEnos({ ...asJson(enosModelOf(example)), [name]: value });
        expect("product" in model || model.length > 0).toBe(true);
      }),
      { numRuns: runs(300) },
    );
    const keys = fc.constantFrom(
      ...["$class", "dataType", "specsMap", "items", "unit", "name", "identifier", "minimum"],
    );
    fc.assert(
      fc.property(
        fc.dictionary(keys, fc.jsonValue({ maxDepth: 2 })),
        fc.constantFrom("Int", "Enum", "Struct", "Array"),
        (wrong, kind) => {
          const model = modelOfEnos(file({ a: element(kind, wrong) }));
          expect("product" in model || model.length > 0).toBe(true);
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
