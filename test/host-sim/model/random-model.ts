/**
 * Models drawn at random, and values that they allow.
 */
import fc from "fast-check";
import { compactBounds, decimalsOf } from "../../../host-sim/model/wire";
import { sound } from "./script";
import type { CompactForm, Model, ModelField, ModelPoint, ModelType } from "../../../host-sim/model/model";

type Value = unknown;
export type Values = Record<string, Value>;

/** A model with the values of a report, of a set command, and of services' inputs and outputs. */
export interface Case {
  readonly model: Model;
  readonly requestId: number;
  /** Of the commands: a text where it is above 32 bits. */
  readonly commandId: number | string;
  readonly report: Values;
  /** Of a batch: none is without a point, and later is ms since the one before. */
  readonly readings: readonly { readonly values: Values; readonly later: number }[];
  readonly time: number;
  readonly late: boolean;
  readonly settings: Values;
  readonly services: readonly { readonly inputs: Values; readonly outputs: Values }[];
}

const scalar = fc.constantFrom(
  ...["int", "int64", "float", "double", "bool", "enum", "string", "date", "timestamp"],
);
const enumValues = fc
  .uniqueArray(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer()), { minLength: 1, maxLength: 4 })
  .map((numbers) => Object.fromEntries(numbers.map((number) => [String(number), `name of ${number}`])));

function withValues(type: fc.Arbitrary<string>): fc.Arbitrary<Record<string, unknown>> {
  return type.chain((name) =>
    name === "enum"
      ? fc.record(
          { type: fc.constant(name), values: enumValues, enumType: fc.constantFrom("int", "string") },
          { requiredKeys: ["type", "values"] },
        )
      : fc.constant({ type: name }),
  );
}

const identifiers = ["a", "b.c", "d-e", "f_G", "h1", "default", "value", "id"];

function listOf<T extends object>(
  element: fc.Arbitrary<T>,
  least: number,
  most: number,
): fc.Arbitrary<(T & { identifier: string })[]> {
  return fc
    .tuple(
      fc.array(element, { minLength: least, maxLength: most }),
      fc.shuffledSubarray(identifiers, { minLength: most, maxLength: most }),
    )
    .map(([list, names]) => list.map((each, i) => ({ ...each, identifier: names[i] })));
}

function numbered<T extends object>(
  list: fc.Arbitrary<T[]>,
  first: number,
): fc.Arbitrary<(T & { number: number })[]> {
  return fc
    .tuple(list, fc.uniqueArray(fc.integer({ min: first, max: 255 }), { minLength: 8, maxLength: 8 }))
    .map(([each, numbers]) => each.map((one, i) => ({ ...one, number: numbers[i] })));
}

const struct = numbered(
  listOf(
    fc.tuple(withValues(scalar), fc.boolean()).map(([type, optional]) => ({ ...type, optional })),
    1,
    4,
  ),
  1,
).map((fields) => ({ type: "struct", fields }));
const array = fc
  .constantFrom("int", "int64", "float", "double", "string")
  .map((items) => ({ type: "array", items }));
const anyType: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 3, arbitrary: withValues(scalar) },
  { weight: 1, arbitrary: array },
  { weight: 1, arbitrary: struct },
);

/** Numbers in a compact form, with the range that it can state. */
const compactType = fc
  .tuple(
    fc.constantFrom("int", "int64", "float", "double"),
    fc.constantFrom<CompactForm>("int8", "uint8", "int16", "uint16", "int32", "uint32"),
    fc.constantFrom(1, 0.01, 0.1, 0.5, 2, 0.001, 0.25, 60, 1e-7),
    fc.constantFrom(0, -40, 100.5, 0.3, 1000),
  )
  .map(([type, as, scale, offset]) => {
    const whole = type.startsWith("int");
    const compact = {
      as,
      scale: whole ? Math.ceil(scale) : scale,
      offset: whole ? Math.ceil(offset) : offset,
    };
    const range = compactBounds[as].map((raw) => onGrid(compact, raw));
    if (type === "int") {
      range[0] = Math.max(range[0], -0x8000_0000);
      range[1] = Math.min(range[1], 0x7fff_ffff);
    }
    return { type, compact, range };
  });

function onGrid(compact: { as: CompactForm; scale?: number; offset?: number }, raw: number): number {
  return Number((raw * (compact.scale ?? 1) + (compact.offset ?? 0)).toFixed(decimalsOf(compact)));
}

const flags = fc.record({ quality: fc.boolean(), writable: fc.boolean() });
const point = fc
  .tuple(fc.oneof({ weight: 3, arbitrary: anyType }, { weight: 1, arbitrary: compactType }), flags)
  .map(([type, flag]) => ({ ...type, ...flag, quality: flag.quality && isNumber(type.type as string) }));

/** EnOS has quality of numbers only. */
function isNumber(type: string): boolean {
  return ["int", "int64", "float", "double"].includes(type);
}

const field = fc.tuple(anyType, fc.boolean()).map(([type, optional]) => ({ ...type, optional }));
const service = fc.record({ inputs: listOf(field, 0, 4), outputs: listOf(field, 0, 4) });

/** A sound model of all that a model can hold. */
export const models: fc.Arbitrary<Model> = fc
  .record({
    format: fc.constant(2),
    product: fc.constant("random"),
    version: fc.nat(),
    measurepoints: numbered(listOf(point, 1, 8), 1),
    services: numbered(listOf(service, 0, 3), 17),
  })
  .map(sound);

function number(type: ModelType): fc.Arbitrary<number> {
  switch (type.type) {
    case "int":
      return fc.oneof(fc.integer(), fc.constantFrom(0, -1, -0x8000_0000, 0x7fff_ffff));
    case "int64":
      return fc.oneof(
        fc.maxSafeInteger(),
        fc.constantFrom(0, -1, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 32, -(2 ** 32), 2 ** 31, -(2 ** 31) - 1),
      );
    case "timestamp":
      return fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constantFrom(0, -1, 1_767_225_600_000));
    case "float":
      return fc.oneof(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(-0, 1.4e-45, 3.4028234e38, 21.6),
      );
    default:
      return fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(-0, 5e-324, -Number.MAX_VALUE, 2.2250738585072014e-308, 2.225073858507201e-308, 1.14),
      );
  }
}

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", 'é😀\u0000"\\', "\ufeff\u2028", "x".repeat(256), "😀".repeat(100)),
);

const dates = fc
  .tuple(
    fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
    fc.boolean(),
  )
  .map(([date, whole]) => {
    const text = date.toISOString().replace("T", " ");
    return whole ? text.slice(0, 19) : text.slice(0, 10);
  });

/** A value that the type allows. */
function valueOf(type: ModelType & { compact?: ModelPoint["compact"] }): fc.Arbitrary<Value> {
  switch (type.type) {
    case "bool":
      return fc.boolean();
    case "enum":
      return type.enumType === "string"
        ? fc.constantFrom(...Object.values(type.values!))
        : fc.constantFrom(...Object.keys(type.values!).map(Number));
    case "date":
      return dates;
    case "string":
      return texts;
    case "array":
      return fc.array(valueOf({ type: type.items! }), { maxLength: 6 });
    case "struct":
      return valuesOf(type.fields!);
    default: {
      const { compact, range } = type;
      if (compact === undefined || range === undefined) return number(type);
      const [least, most] = compactBounds[compact.as];
      return fc
        .oneof(fc.integer({ min: least, max: most }), fc.constantFrom(least, most, 0))
        .map((raw) => Math.min(range[1], Math.max(range[0], onGrid(compact, raw))))
        .map((value) =>
          type.type === "int"
            ? Math.trunc(onGrid(compact, Math.trunc((value - compact.offset!) / compact.scale!)))
            : value,
        );
    }
  }
}

function valuesOf(fields: readonly ModelField[]): fc.Arbitrary<Values> {
  const required = fields.filter((each) => !each.optional).map((each) => each.identifier);
  const entries = fields.map((each) => [each.identifier, valueOf(each)] as const);
  return fc.record(Object.fromEntries(entries), { requiredKeys: required, noNullPrototype: true });
}

function some(entries: readonly (readonly [string, fc.Arbitrary<Value>])[]): fc.Arbitrary<Values> {
  return fc.record(Object.fromEntries(entries), { requiredKeys: [], noNullPrototype: true });
}

function reportOf(model: Model): fc.Arbitrary<Values> {
  return some(
    model.measurepoints.map((each) => {
      const value = valueOf(each);
      return [
        each.identifier,
        each.quality ? fc.record({ value, quality: fc.integer({ min: 0, max: 9 }) }) : value,
      ];
    }),
  );
}

const later = fc.oneof(fc.nat(300_000), fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 32, 2 ** 42 - 1));

export const cases: fc.Arbitrary<Case> = models.chain((model) =>
  fc.record({
    model: fc.constant(model),
    requestId: fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 0xffff_ffff)),
    commandId: fc
      .oneof(
        fc.bigInt({ min: 0n, max: 2n ** 62n }),
        fc.bigInt({ min: 0n, max: 2n ** 33n }),
        fc.constantFrom(2n ** 32n - 1n, 2n ** 32n, 2n ** 64n - 1n, 2_078_724_684_846_989_312n),
      )
      .map((id) => (id < 2n ** 32n ? Number(id) : String(id))),
    report: reportOf(model),
    readings: fc.array(
      fc.record({
        values: reportOf(model).filter((values) => Object.keys(values).length > 0),
        later,
      }),
      { minLength: 1, maxLength: 5 },
    ),
    time: fc.oneof(fc.integer({ min: 0, max: 2 ** 41 }), fc.constantFrom(0, 1_767_225_600_000)),
    late: fc.boolean(),
    settings: some(
      model.measurepoints.filter((each) => each.writable).map((each) => [each.identifier, valueOf(each)]),
    ),
    services: fc.tuple(
      ...model.services.map(({ inputs, outputs }) =>
        fc.record({ inputs: valuesOf(inputs), outputs: valuesOf(outputs) }),
      ),
    ) as fc.Arbitrary<Case["services"]>,
  }),
);

/** The value as it is on both sides of the wire: floats to 32 bits, no minus zero, by its type. */
function settled(type: ModelType, value: Value): Value {
  switch (type.type) {
    case "float":
      return Math.fround(value as number) + 0;
    case "array":
      return (value as Value[]).map((each) => settled({ type: type.items! }, each));
    case "struct":
      return settledFields(type.fields!, value as Values);
    default:
      return typeof value === "number" ? value + 0 : value;
  }
}

export function settledFields(
  fields: readonly (ModelType & { identifier: string })[],
  values: Values,
): Values {
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => {
      const one = fields.find((each) => each.identifier === id)!;
      const withQuality = one as ModelPoint;
      if (!withQuality.quality || typeof value !== "object") return [id, settled(one, value)];
      const { value: bare, quality } = value as { value: Value; quality: number };
      return [id, { value: settled(one, bare), quality }];
    }),
  );
}

/**
 * The case with no number of more than 15 digits, for XS: it reads the 16th and 17th of a text now and then by one
 * off (-18328141575487490 as ...492), and job and commands are JSON.
 */
export function short<T>(value: T): T {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    const rounded = Number(value.toPrecision(15));
    return (Number.isFinite(rounded) ? rounded : value) as T;
  }
  if (Array.isArray(value)) return value.map(short) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, short(each as unknown)])) as T;
}
