/**
 * Whether values are what the model says. Nothing is thrown: a fault says which value and why.
 */
import { isObject } from "../text/json";
import { utf8Length } from "../text/utf8";
import { single } from "./bytes";
import type { Field, MeasurePoint, StructValue, Thing, ThingFault, ThingValues, ValueType } from "./thing";
import type { FaultName } from "./thing";

/** Bytes of UTF-8 of EnOS's longest text. */
const longestText = 1024;
/** Items of EnOS's longest array. */
const mostItems = 128;

/** First fault of a reading's values, or undefined. */
export function reportFault(thing: Thing, values: ThingValues): ThingFault | undefined {
  const points = thing.points;
  for (let i = 0; i < points.length; i++) {
    const value: unknown = values[points[i].identifier];
    const fault = value === undefined ? undefined : pointFault(points[i], value);
    if (fault !== undefined) return fault;
  }
  return unknownPoint(thing, values);
}

/** A fault for the first value that belongs to no measure point, or undefined. */
export function unknownPoint(thing: Thing, values: ThingValues): ThingFault | undefined {
  return unknownFault(thing.points, values, "measure point");
}

/** Why the cloud may not set these values, or undefined. */
export function setFault(thing: Thing, values: ThingValues): ThingFault | undefined {
  const points = thing.points;
  for (let i = 0; i < points.length; i++) {
    const value: unknown = values[points[i].identifier];
    const fault = value === undefined ? undefined : settingFault(points[i], value);
    if (fault !== undefined) return fault;
  }
  return unknownPoint(thing, values);
}

/** Why the cloud may not set the point to this value, or undefined. */
export function settingFault(point: MeasurePoint, value: unknown): ThingFault | undefined {
  if (point.writable !== true) return refuse("not-writable", point.identifier, "cannot be set");
  return valueFault(point, value, point.identifier);
}

/**
 * First fault of the values of fields (inputs, outputs, an event's outputs), or undefined.
 *
 * @param prefix goes in front of the identifier in a fault
 */
export function fieldsFault(fields: readonly Field[], values: unknown, prefix = ""): ThingFault | undefined {
  if (!isObject(values)) return wrongType(prefix.slice(0, -1), "an object", values);
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    const value = values[field.identifier];
    if (value === undefined) {
      if (field.optional === true) continue;
      return refuse("missing", prefix + field.identifier, "has to be there");
    }
    const fault = valueFault(field, value, field.identifier);
    if (fault !== undefined) return prefix === "" ? fault : { ...fault, id: prefix + fault.id };
  }
  return unknownFault(fields, values, "field", prefix);
}

/** First fault of attributes, of which any may be left out, or undefined. */
export function attributesFault(thing: Thing, values: ThingValues): ThingFault | undefined {
  const attributes = thing.attributes;
  for (let i = 0; i < attributes.length; i++) {
    const { identifier } = attributes[i];
    const value: unknown = values[identifier];
    const fault = value === undefined ? undefined : valueFault(attributes[i], value, identifier);
    if (fault !== undefined) return fault;
  }
  return unknownFault(attributes, values, "attribute");
}

/** Why this is not what the event tells, or undefined. */
export function eventFault(thing: Thing, identifier: string, outputs: unknown): ThingFault | undefined {
  for (let i = 0; i < thing.events.length; i++) {
    if (thing.events[i].identifier === identifier) return fieldsFault(thing.events[i].outputs, outputs);
  }
  return refuse("unknown", identifier, "is no event of this product");
}

/** Why the point cannot have this value, with its quality where the model says so, or undefined. */
export function pointFault(point: MeasurePoint, value: unknown): ThingFault | undefined {
  if (point.quality !== true) return valueFault(point, value, point.identifier);
  if (!isObject(value)) return wrongType(point.identifier, "{ value, quality }", value);
  const quality = value.quality;
  if (typeof quality !== "number" || !(quality >= 0 && quality <= 9) || quality % 1 !== 0) {
    return refuse("out-of-range", `${point.identifier}.quality`, `takes 0 to 9, got ${say(quality)}`);
  }
  return valueFault(point, value.value, point.identifier);
}

/** Why the value is not of this type, or undefined. */
export function valueFault(type: ValueType, value: unknown, id: string): ThingFault | undefined {
  switch (type.type) {
    case "double":
      return numberFault(type, value, id, false, -Infinity, Infinity);
    case "int":
      return numberFault(type, value, id, true, -0x8000_0000, 0x7fff_ffff);
    case "int64":
      return numberFault(type, value, id, true, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    case "timestamp":
      // The time values that ECMAScript's Date has.
      return numberFault(type, value, id, true, -8.64e15, 8.64e15);
    case "float":
      return floatFault(type, value, id);
    case "bool":
      return typeof value === "boolean" ? undefined : wrongType(id, "true or false", value);
    case "date":
      if (typeof value === "string" && isDate(value)) return undefined;
      return wrongType(id, "yyyy-MM-dd or yyyy-MM-dd HH:mm:ss", value);
    case "enum": {
      const all: readonly unknown[] = type.texts ?? type.values!;
      if (all.indexOf(value) >= 0) return undefined;
      if (typeof value !== typeof all[0]) return wrongType(id, type.texts ? "a text" : "a number", value);
      return refuse("out-of-range", id, `takes ${all.join(", ")}, got ${say(value)}`);
    }
    case "string":
      return textFault(value, id, type.maxLength);
    case "array":
      return arrayFault(type, value, id);
    case "struct":
      if (!isObject(value)) return wrongType(id, "an object", value);
      return fieldsFault(type.fields!, value as StructValue, `${id}.`);
  }
}

function numberFault(
  type: ValueType,
  value: unknown,
  id: string,
  whole: boolean,
  least: number,
  most: number,
): ThingFault | undefined {
  if (typeof value !== "number") return wrongType(id, "a number", value);
  const range = type.range;
  const from = range === undefined ? least : range[0];
  const to = range === undefined ? most : range[1];
  // Written so that NaN fails as well.
  if (value >= from && value <= to && (whole ? value % 1 === 0 : value - value === 0)) return undefined;
  if (!Number.isFinite(value)) return refuse("not-finite", id, `takes a finite number, got ${say(value)}`);
  if (value >= from && value <= to) return wrongType(id, "a whole number", value);
  return refuse("out-of-range", id, `takes ${from} to ${to}, got ${say(value)}`);
}

/** Largest finite float. */
const floatMost = 3.4028234663852886e38;

/** Compares value and range as 32-bit floats: a range up to 0.1 has to allow the float that is nearest to 0.1. */
function floatFault(type: ValueType, value: unknown, id: string): ThingFault | undefined {
  if (typeof value !== "number" || value - value !== 0) return numberFault(type, value, id, false, 0, 0);
  const from = type.range === undefined ? -floatMost : type.range[0];
  const to = type.range === undefined ? floatMost : type.range[1];
  if (value >= from && value <= to) return undefined;
  const rounded = single(value);
  if (rounded >= single(from) && rounded <= single(to)) return undefined;
  return refuse("out-of-range", id, `takes ${from} to ${to}, got ${say(value)}`);
}

function textFault(value: unknown, id: string, maxLength = longestText): ThingFault | undefined {
  if (typeof value !== "string") return wrongType(id, "a text", value);
  // A UTF-16 unit takes at most four bytes, so a text that is short enough need not be counted.
  if (value.length * 4 <= maxLength) return undefined;
  const length = utf8Length(value);
  if (length <= maxLength) return undefined;
  return refuse("too-long", id, `takes ${maxLength} bytes of UTF-8, got ${length}`);
}

/** EnOS's longer form of a date; the shorter one ends behind the day. */
const dateForm = "0000-00-00 00:00:00";

/** Whether the text has one of EnOS's two forms, and is a day and a time of day that there are. */
function isDate(text: string): boolean {
  const { length } = text;
  if (length !== 10 && length !== dateForm.length) return false;
  for (let i = 0; i < length; i++) {
    const above = text.charCodeAt(i) - dateForm.charCodeAt(i);
    if (above < 0 || above > (dateForm[i] === "0" ? 9 : 0)) return false;
  }
  const month = text.slice(5, 7);
  const day = text.slice(8, 10);
  let last = "04 06 09 11".indexOf(month) < 0 ? "31" : "30";
  if (month === "02") {
    // Of a whole century the first two digits tell, and 4 divides what the code of 0 adds.
    const at = text.slice(2, 4) === "00" ? 0 : 2;
    last = (text.charCodeAt(at) * 10 + text.charCodeAt(at + 1)) % 4 === 0 ? "29" : "28";
  }
  if (month < "01" || month > "12" || day < "01" || day > last) return false;
  // All are empty where there is no time of day.
  return text.slice(11, 13) < "24" && text.slice(14, 16) < "60" && text.slice(17) < "60";
}

function arrayFault(type: ValueType, value: unknown, id: string): ThingFault | undefined {
  if (!Array.isArray(value)) return wrongType(id, "an array", value);
  const { maxItems = mostItems } = type;
  if (value.length > maxItems) {
    return refuse("too-long", id, `takes ${maxItems} items, got ${value.length}`);
  }
  for (let i = 0; i < value.length; i++) {
    const fault = valueFault(type.items!, value[i], id);
    if (fault !== undefined) return { ...fault, id: `${id}[${i}]` };
  }
  return undefined;
}

/** A fault for the first identifier that has a value and is not in the table, or undefined. */
function unknownFault(
  table: readonly { readonly identifier: string }[],
  values: Readonly<Record<string, unknown>>,
  what: string,
  prefix = "",
): ThingFault | undefined {
  const length = table.length;
  // Values mostly come in the order of the table: each search starts behind the one before.
  let next = 0;
  for (const id in values) {
    let left = length;
    while (left > 0 && table[next].identifier !== id) {
      next = next + 1 < length ? next + 1 : 0;
      left -= 1;
    }
    if (left === 0 && values[id] !== undefined)
      return refuse("unknown", prefix + id, `is no ${what} of the model`);
    if (left > 0) next = next + 1 < length ? next + 1 : 0;
  }
  return undefined;
}

/** A refusal. */
export function refuse(fault: FaultName, id: string, detail: string): ThingFault {
  return { fault, id, detail };
}

function wrongType(id: string, expected: string, value: unknown): ThingFault {
  return refuse("wrong-type", id, `takes ${expected}, got ${say(value)}`);
}

function say(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (value === undefined) return "nothing";
  if (typeof value === "string") return "a text";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
