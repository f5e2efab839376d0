/**
 * The thing model as the firmware knows it: one frozen table, written by `npm run model` from the
 * product's model.json, that says what every value is and which bytes it takes.
 */

/** Types of items of an array. */
type ItemType = "int" | "int64" | "float" | "double" | "string";

/**
 * Types of a value: `int` has 32 bits, `int64` stays within the safe integers, `timestamp` is epoch ms, and `date` is a
 * text, "yyyy-MM-dd" or "yyyy-MM-dd HH:mm:ss".
 */
type TypeName = ItemType | "bool" | "enum" | "date" | "timestamp" | "array" | "struct";

/** What a value is. */
export interface ValueType {
  readonly type: TypeName;
  /** Smallest and largest value. */
  readonly range?: readonly [number, number];
  /** `enum`: the numbers that it has. */
  readonly values?: readonly number[];
  /** `enum`: its values, where they are texts: that of each number. */
  readonly texts?: readonly string[];
  /** `enum`: a number needs more than a byte, so that the compact layout gives it four. */
  readonly wide?: boolean;
  /** `string`: bytes of UTF-8, 1,024 when left out. */
  readonly maxLength?: number;
  /** `array`: what it is made of. */
  readonly items?: { readonly type: ItemType };
  /** 128 when left out. */
  readonly maxItems?: number;
  /** `struct`: what it is made of. */
  readonly fields?: readonly Field[];
}

/** A field of a struct, an input or output of a service, an output of an event, an attribute. */
export interface Field extends ValueType {
  readonly identifier: string;
  /** In a struct: 1 to 255. */
  readonly number?: number;
  /** It may be left out. */
  readonly optional?: boolean;
}

/** How the compact layout states a number: round((value - offset) / scale). */
export interface Compact {
  readonly as: "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32";
  readonly scale: number;
  readonly offset: number;
}

/** A measure point. */
export interface MeasurePoint extends ValueType {
  readonly identifier: string;
  /** 1 to 255, never given to another point. */
  readonly number: number;
  /** Its values come as `{ value, quality }`, quality 0 to 9. */
  readonly quality?: boolean;
  /** The cloud may set it. */
  readonly writable?: boolean;
  readonly compact?: Compact;
}

/** An event; what it tells is JSON only. */
interface ThingEvent {
  readonly identifier: string;
  readonly outputs: readonly Field[];
}

/** A service: what the cloud may ask the device to do. */
export interface Service {
  readonly identifier: string;
  /** 17 to 255: the first byte of its commands and replies. */
  readonly number: number;
  readonly inputs: readonly Field[];
  readonly outputs: readonly Field[];
}

/** A product's thing model. */
export interface Thing {
  readonly product: string;
  readonly version: number;
  /** Of the wire layout: the parsing script that belongs to it bears the same. */
  readonly fingerprint: string;
  /** By ascending number. */
  readonly points: readonly MeasurePoint[];
  readonly attributes: readonly Field[];
  readonly events: readonly ThingEvent[];
  readonly services: readonly Service[];
}

/** The model, frozen to its depth: it is the same for ever and can live in flash. */
export function defineThing(thing: Thing): Thing {
  return freeze(thing) as Thing;
}

function freeze(value: object): object {
  const record = value as Record<string, unknown>;
  for (const key in record) {
    const part = record[key];
    if (typeof part === "object" && part !== null) freeze(part);
  }
  return Object.freeze(value);
}

/** What a struct holds. */
export type StructValue = { readonly [field: string]: number | boolean | string | undefined };

/** A value on the device. */
export type ThingValue = number | boolean | string | readonly (number | string)[] | StructValue;

/** A value of a point "with quality". */
export interface WithQuality<T extends ThingValue = ThingValue> {
  readonly value: T;
  /** 0 to 9. */
  readonly quality: number;
}

/** Values by identifier; one that is undefined is left out. */
export type ThingValues = { readonly [identifier: string]: ThingValue | WithQuality | undefined };

/** Why a value cannot be what the model says. */
export type FaultName =
  /** No such measure point, field, attribute or event. */
  | "unknown"
  /** A field that has to be there is not. */
  | "missing"
  /** A text where a number belongs, and the like. */
  | "wrong-type"
  /** NaN or an infinity. */
  | "not-finite"
  /** Outside the model's range, the type's, or what the compact layout can state. */
  | "out-of-range"
  /** A text or an array beyond its length. */
  | "too-long"
  /** The cloud may not set it. */
  | "not-writable"
  /** The buffer is too small, or the value is longer than its length field can state. */
  | "no-room";

/** A value that was refused: which one, such as `position.latitude` or `history[3]`, and why. */
export interface ThingFault {
  readonly fault: FaultName;
  readonly id: string;
  /** What was expected and what came. */
  readonly detail: string;
}
