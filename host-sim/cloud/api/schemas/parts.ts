/**
 * What the JSON Schemas of the application API are put together from. The schemas judge what comes in, serialise what
 * goes out, and make up the OpenAPI document. What a schema of an answer does not name is not sent: no secret slips out.
 *
 * Names are EnOS's own. All times are epoch ms, all durations seconds unless they say otherwise.
 */
import { versionPattern } from "../../ota/firmware-files";
import { keyPattern } from "../../registry/registry";

/** Written out in each place where a route takes it, so that the document reads without looking up. */
export type Schema = Readonly<Record<string, unknown>>;

/** An answer's schema, under the name that it has in the OpenAPI document. */
export type NamedSchema = Schema & { readonly $id: string };

/** An object of these members and no other. */
export function object(
  properties: Record<string, Schema>,
  required: readonly string[],
  description?: string,
): Schema {
  return { type: "object", description, additionalProperties: false, required, properties };
}

export function text(description: string, more: Schema = {}): Schema {
  return { type: "string", description, ...more };
}

/** An integer. */
export function whole(description: string, more: Schema = {}): Schema {
  return { type: "integer", description, ...more };
}

export function number(description: string, more: Schema = {}): Schema {
  return { type: "number", description, ...more };
}

export function anything(description: string): Schema {
  return { description };
}

/** An object of any members. */
export function named(description: string): Schema {
  return { type: "object", description, additionalProperties: true };
}

export function list(items: Schema, description?: string): Schema {
  return { type: "array", description, items };
}

/** A part of a list, and where in the list it stands. */
export function page(items: Schema): Schema {
  return object(
    {
      items: list(items),
      total: whole("how many there are"),
      limit: whole("as asked"),
      offset: whole("as asked"),
    },
    ["items", "total", "limit", "offset"],
  );
}

/** The same, or null, which takes the member away. */
export function orNull(schema: Schema): Schema {
  const values = schema["enum"] as unknown[] | undefined;
  return { ...schema, type: [schema["type"], "null"], enum: values && [...values, null] };
}

/** An epoch time, ms. */
export function time(description: string): Schema {
  return number(`${description}, epoch ms`);
}

/** An answer's schema by its name. */
export function ref(name: string): Schema {
  return { $ref: `${name}#` };
}

const key = keyPattern.source;
export const digitsPattern = "^[0-9]{1,20}$";
export const servicePattern = "^[A-Za-z0-9_.-]{1,64}$";
/** Characters of a parsing script. */
export const longestScript = 1 << 20;
/** Pairs of hexadecimal digits. */
export const hex = "^(?:[0-9A-Fa-f]{2})*$";
const identifierPattern = "^[A-Za-z][A-Za-z0-9_.-]{0,63}$";

/** What the patterns in the schemas take, in words: a fault of a request has them in the place of the pattern. */
export const patternWords: ReadonlyMap<string, string> = new Map([
  [key, "1 to 64 of A-Z a-z 0-9 . _ : - other than . and .."],
  [hex, "an even number of hex digits"],
  [identifierPattern, "an identifier of a letter and then letters, digits, _ . or -, at most 64"],
  [digitsPattern, "1 to 20 digits"],
  ["^[0-9]{1,12}$", "1 to 12 digits"],
  [versionPattern.source, "1 to 64 of A-Z a-z 0-9 . _ + - that begin with a letter or digit"],
  [servicePattern, "1 to 64 letters, digits, _ . or -"],
]);

export const productKey = text("of the product", { pattern: key });
export const deviceKey = text("of the device", { pattern: key });
export const identifier = text("of the measure point, in the thing model", {
  pattern: identifierPattern,
});

export const productParams = object({ productKey }, ["productKey"]);
export const deviceParams = object({ productKey, deviceKey }, ["productKey", "deviceKey"]);

/** Of a list in an answer. */
export const limit = whole("most entries in the answer", { minimum: 1, maximum: 1000, default: 100 });
