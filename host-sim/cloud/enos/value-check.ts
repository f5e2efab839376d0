/**
 * Whether a JSON value is what the thing model says it is. A fault is one line that begins with where it
 * is: `position.latitude: expected a number from -90 to 90, got 91`.
 */
import { isObject } from "../json";
import { printable } from "../coap/coap-text";
import { isEnumOfTexts, longestText, mostItems } from "../../model/model";
import type { ModelField, ModelPoint, ModelType } from "../../model/model";

/** Largest finite number of 32 bits, IEEE 754. */
const largestFloat = 3.4028234663852886e38;
/** What a JavaScript Date can state, ms around 1970. */
const lastDate = 8.64e15;

/** EnOS's own two forms of a date. */
const datePattern = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))?$/;
const dateForms = 'a date as "yyyy-MM-dd" or "yyyy-MM-dd HH:mm:ss"';

const utf8 = new TextEncoder();

const worstQuality = 0;
const bestQuality = 9;

/** Why `value` does not fit `type`; undefined when it does. `path` is how the fault names it. */
export function valueFault(value: unknown, type: ModelType, path: string): string | undefined {
  switch (type.type) {
    case "int":
      return numberFault(value, type, path, -0x8000_0000, 0x7fff_ffff, true);
    case "int64":
      return numberFault(value, type, path, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true);
    case "timestamp":
      return numberFault(value, type, path, -lastDate, lastDate, true);
    case "date":
      return isDate(value) ? undefined : expected(path, dateForms, value);
    case "float":
      return numberFault(value, type, path, -largestFloat, largestFloat, false);
    case "double":
      return numberFault(value, type, path, -Number.MAX_VALUE, Number.MAX_VALUE, false);
    case "bool":
      return typeof value === "boolean" ? undefined : expected(path, "true or false", value);
    case "enum":
      return enumFault(value, type, path);
    case "string":
      return stringFault(value, type, path);
    case "array":
      return arrayFault(value, type, path);
    case "struct":
      return isObject(value)
        ? fieldsFault(value, type.fields ?? [], path)
        : expected(path, "an object", value);
  }
}

/**
 * Why the value of a measure point does not fit. A point with quality comes as `{ "value", "quality" }`
 * or bare, any other one only bare.
 */
export function pointFault(value: unknown, point: ModelPoint): string | undefined {
  const { identifier } = point;
  if (point.quality !== true || !isQualified(value)) return valueFault(value, point, identifier);
  const { quality } = value;
  const fits = Number.isInteger(quality) && quality >= worstQuality && quality <= bestQuality;
  const fault = fits
    ? valueFault(value.value, point, identifier)
    : expected(`${identifier}.quality`, `a whole number from ${worstQuality} to ${bestQuality}`, quality);
  // A struct may have fields of these names itself.
  if (fault !== undefined && point.type === "struct" && valueFault(value, point, identifier) === undefined) {
    return undefined;
  }
  return fault;
}

/**
 * Why these are not the fields they should be: one that is unknown, missing or wrong. `path` is "" where
 * the fields are not within anything.
 */
export function fieldsFault(
  given: Readonly<Record<string, unknown>>,
  fields: readonly ModelField[],
  path: string,
): string | undefined {
  const within = (name: string): string => (path === "" ? printable(name) : `${path}.${printable(name)}`);
  for (const field of fields) {
    if (Object.hasOwn(given, field.identifier)) {
      const fault = valueFault(given[field.identifier], field, within(field.identifier));
      if (fault !== undefined) return fault;
    } else if (field.optional !== true) return `${within(field.identifier)}: is missing`;
  }
  for (const name of Object.keys(given)) {
    if (!fields.some((field) => field.identifier === name)) return `${within(name)}: is not in the model`;
  }
  return undefined;
}

function numberFault(
  value: unknown,
  { range, unit }: ModelType,
  path: string,
  least: number,
  most: number,
  whole: boolean,
): string | undefined {
  const low = range?.[0] ?? least;
  const high = range?.[1] ?? most;
  if (typeof value === "number" && value >= low && value <= high && (!whole || Number.isInteger(value))) {
    return undefined;
  }
  const bounds = `${low} to ${high}${range !== undefined && unit !== undefined ? ` ${unit}` : ""}`;
  return expected(path, `a ${whole ? "whole " : ""}number from ${bounds}`, value);
}

/** A text of one of EnOS's forms that is a day, and a time of day, that there are. */
function isDate(value: unknown): boolean {
  const parts = typeof value === "string" ? datePattern.exec(value) : null;
  if (parts === null) return false;
  const [, day, time = "00:00:00"] = parts;
  const moment = new Date(`${day}T${time}.000Z`);
  // One that there is not, such as 30 February, becomes another one.
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === `${day}T${time}.000Z`;
}

function enumFault(value: unknown, type: ModelType, path: string): string | undefined {
  const { values = {} } = type;
  if (isEnumOfTexts(type)) {
    const texts = Object.values(values);
    if (typeof value === "string" && texts.includes(value)) return undefined;
    const some = texts.slice(0, 10).map((each) => JSON.stringify(each));
    return expected(path, `one of ${some.join(", ")}${texts.length > 10 ? " ..." : ""}`, value);
  }
  if (typeof value === "number" && Object.hasOwn(values, String(value))) return undefined;
  const known = Object.entries(values).map(([number, name]) => `${number} (${name})`);
  return expected(path, `one of ${known.slice(0, 10).join(", ")}${known.length > 10 ? " ..." : ""}`, value);
}

function stringFault(
  value: unknown,
  { maxLength = longestText }: ModelType,
  path: string,
): string | undefined {
  if (typeof value !== "string") return expected(path, "text", value);
  const length = utf8.encode(value).length;
  if (length <= maxLength) return undefined;
  return `${path}: expected text of at most ${maxLength} bytes in UTF-8, got ${length}`;
}

function arrayFault(
  value: unknown,
  { items, maxItems = mostItems }: ModelType,
  path: string,
): string | undefined {
  if (!Array.isArray(value)) return expected(path, "an array", value);
  if (value.length > maxItems) {
    return `${path}: expected at most ${maxItems} items, got ${value.length}`;
  }
  const item: ModelType = { type: items ?? "double" };
  for (let i = 0; i < value.length; i++) {
    const fault = valueFault(value[i], item, `${path}[${i}]`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isQualified(value: unknown): value is { value: unknown; quality: number } {
  return isObject(value) && Object.keys(value).every((key) => key === "value" || key === "quality");
}

function expected(path: string, wanted: string, value: unknown): string {
  return `${path}: expected ${wanted}, got ${told(value)}`;
}

function told(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isObject(value)) return "an object";
  return typeof value === "string" ? `"${printable(value, 40)}"` : String(value);
}
