/**
 * JSON from outside, of which nothing is known before it was looked at.
 *
 * XS parses JSON by recursion, and what is nested too deep for its stack does not throw there: it ends the
 * program. So a loop over the bytes looks first at how deep, how long and how much it is.
 */
import { asciiText } from "./ascii";
import { decodeUtf8 } from "./utf8";
import type { MemberNames } from "./member-names";

/** Most levels of arrays and objects; EnOS's own messages have five. */
const deepestJson = 16;
/** Longest text from a server, bytes: the longest body that it may send in blocks. */
const longestJson = 8_192;
/** Most members and elements of all levels together: each takes memory even where the text is `[],[]`. */
const mostValues = 1_024;
/** Longest number, characters. */
const longestNumber = 64;

/** Why a text is not handed to the parser: it takes more of the device than any message of EnOS does. */
export type JsonExcess = "too-deep" | "too-long" | "too-many-values" | "too-many-digits" | "too-many-names";

/** True for a JSON object, not for null or an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What in a JSON text exceeds the bounds above; undefined when nothing does, be it JSON or not. Where the
 * text is no JSON, the parser stops at the latest at the first byte that this loop takes for something else.
 *
 * @param longest bytes
 * @param names those that came before, for a text of somebody who may choose its names; they are counted here
 */
export function jsonExcess(
  text: Uint8Array,
  longest = longestJson,
  names?: MemberNames,
): JsonExcess | undefined {
  const { length } = text;
  if (length > longest) return "too-long";
  let depth = 0;
  let values = 0;
  let digits = 0;
  for (let i = 0; i < length; i++) {
    const byte = text[i];
    if (isNumeric(byte)) {
      digits += 1;
      if (digits > longestNumber) return "too-many-digits";
      continue;
    }
    digits = 0;
    if (byte === 0x22) {
      const start = i + 1;
      i = stringEnd(text, i);
      if (names !== undefined && isName(text, i) && !names.take(text, start, i)) return "too-many-names";
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      values += 1;
      if (depth > deepestJson) return "too-deep";
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    else if (byte === 0x2c) values += 1;
    if (values > mostValues) return "too-many-values";
  }
  return undefined;
}

/**
 * A JSON object from bytes; what exceeds the bounds, or undefined when it is not UTF-8, not JSON, or not an
 * object. Never throws.
 *
 * @param longest bytes
 * @param names see `jsonExcess`
 */
export function parseJsonObject(
  payload: Uint8Array,
  longest = longestJson,
  names?: MemberNames,
): Record<string, unknown> | JsonExcess | undefined {
  const excess = jsonExcess(payload, longest, names);
  if (excess !== undefined) return excess;
  const text = decodeUtf8(payload);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The text of a number that is a member of a JSON object, digit by digit as it came; undefined where the member
 * is no number. The parser makes a double of it, which keeps 15 digits.
 *
 * @param object a text that `parseJsonObject` reads
 * @param name of the member, ASCII
 */
export function numberText(object: Uint8Array, name: string): string | undefined {
  const at = behindName(object, name);
  return at < 0 ? undefined : numberAfter(object, at);
}

/**
 * The text or number that is a member of a JSON object of which perhaps only the beginning is there; undefined
 * where it is something else, or not there to its end. Nothing is read by recursion.
 *
 * @param part at most as long as `parseJsonObject` reads
 * @param name of the member, ASCII
 */
export function textMember(part: Uint8Array, name: string): string | number | undefined {
  if (jsonExcess(part) !== undefined) return undefined;
  try {
    const at = behindName(part, name);
    if (at < 0) return undefined;
    const from = valueStart(part, at);
    let end = from;
    if (part[from] === 0x22) end = stringEnd(part, from) + 1;
    else while (isNumeric(part[end])) end += 1;
    // A number that ends where the part does may have more digits.
    if (end === from || end >= part.length) return undefined;
    const text = decodeUtf8(part.subarray(from, end));
    return text === undefined ? undefined : (JSON.parse(text) as string | number);
  } catch {
    return undefined;
  }
}

/** Where the name of a member ends, the last one of that name; -1 when an object has none. */
function behindName(object: Uint8Array, name: string): number {
  let depth = 0;
  let beforeName = false;
  let found = -1;
  for (let i = 0; i < object.length; i++) {
    const byte = object[i];
    if (byte === 0x22) {
      const end = stringEnd(object, i);
      // Of two members with the same name the last one counts, as for the parser.
      const named = beforeName && depth === 1 && end < object.length;
      if (named && isString(object.subarray(i, end + 1), name)) found = end + 1;
      beforeName = false;
      i = end;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      beforeName = depth === 1;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    else if (byte === 0x2c) beforeName = true;
  }
  return found;
}

/** Whether a JSON string, with its quotes, says this. */
function isString(quoted: Uint8Array, text: string): boolean {
  const decoded = decodeUtf8(quoted);
  return decoded !== undefined && JSON.parse(decoded) === text;
}

/** Whether the string whose closing quote is at `end` is the name of a member. */
function isName(text: Uint8Array, end: number): boolean {
  let i = end + 1;
  while (isBlank(text[i])) i += 1;
  return text[i] === 0x3a;
}

/** Where the value behind a colon begins. */
function valueStart(text: Uint8Array, start: number): number {
  let i = start;
  while (text[i] === 0x3a || isBlank(text[i])) i += 1;
  return i;
}

/** The number behind a colon; undefined when something else stands there. */
function numberAfter(text: Uint8Array, start: number): string | undefined {
  const from = valueStart(text, start);
  let i = from;
  // No word of JSON begins with an "e".
  while (isNumeric(text[i])) i += 1;
  return i === from ? undefined : asciiText(text, from, i);
}

/** Where the string that begins at `start` ends: its closing quote, or the text's end when it has none. */
function stringEnd(text: Uint8Array, start: number): number {
  const { length } = text;
  for (let i = start + 1; i < length; i++) {
    const byte = text[i];
    if (byte === 0x22) return i;
    if (byte === 0x5c) i += 1;
  }
  return length;
}

/** A blank or a line end; more than JSON has, which the parser refuses. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Whether the byte can be one of a number's: `0` to `9`, `+`, `-`, `.`, `e` and `E`. */
function isNumeric(byte: number): boolean {
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte === 0x2d || byte === 0x2e || byte === 0x2b || byte === 0x65 || byte === 0x45;
}
