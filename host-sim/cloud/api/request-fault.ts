/**
 * Why a request is not as its schema says, in one line: where, what was expected, what came, how to mend it.
 *
 *     body.points[1]: expected a letter and then letters, digits, _ . or -, at most 64; got "9x"
 *     body: unknown member "nmae"; the nearest is "name"
 *
 * Of members that hold a secret the length alone is told.
 */
import type { ErrorObject } from "ajv";
import { isObject } from "../json";
import { nearest } from "../nearest";
import { patternWords } from "./schemas/parts";
import type { Schema } from "./schemas/parts";

/** What Fastify calls the parts of a request, and what its sender does. */
const parts: Readonly<Record<string, string>> = { querystring: "query", params: "path" };

/** Longest text that is quoted, characters; and most members that are listed. */
const longestQuote = 40;
const mostListed = 12;

/**
 * The line for what a validator found, which has to be a `verbose` one.
 * @param part of the request, as Fastify names it
 */
export function requestFault(part: string, errors: readonly ErrorObject[]): string {
  const error = decisive(errors);
  const place = parts[part] ?? part;
  if (error === undefined) return `${place}: not as the schema says, see /openapi.json`;
  const path = error.instancePath.split("/").slice(1).map(unescapedPointer);
  const where = placeOf(place, path);
  const schema = (error.parentSchema ?? {}) as Schema;
  const { params } = error as { params: Record<string, unknown> };
  switch (error.keyword) {
    case "additionalProperties":
      return unknownMember(where, place, String(params["additionalProperty"]), schema);
    case "required": {
      const name = String(params["missingProperty"]);
      return missingMember(placeOf(place, [...path, name]), name, schema);
    }
    case "discriminator": {
      const tag = String(params["tag"]);
      const tags = branchesOf(schema).flatMap((branch) => constantOf(branch, tag) ?? []);
      return mismatch(placeOf(place, [...path, tag]), oneOf(tags), params["tagValue"], tag, tags);
    }
    case "minProperties":
    case "maxProperties": {
      const always = (schema["required"] ?? []) as readonly string[];
      if (schema["minProperties"] === always.length + 1 && schema["maxProperties"] === always.length + 1) {
        const missing = always.find((name) => !Object.hasOwn(error.data as object, name));
        if (missing !== undefined) return missingMember(placeOf(place, [...path, missing]), missing, schema);
        const isChoice = (name: string): boolean => !always.includes(name);
        const names = Object.keys((schema["properties"] ?? {}) as object).filter(isChoice);
        const came = Object.keys(error.data as object).filter(isChoice).length;
        return `${where}: expected one of ${names.join(" and ")}, got ${came === 0 ? "neither" : "both"}`;
      }
    }
  }
  const choices = Array.isArray(schema["enum"]) ? (schema["enum"] as unknown[]) : [];
  return mismatch(where, expected(schema), error.data, path[path.length - 1] ?? "", choices);
}

/**
 * The error that tells its sender most. Of a union it is the one of the member that was meant: which that is, a
 * constant in it says, such as `kind`.
 */
function decisive(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const union = [...errors].reverse().find(({ keyword }) => keyword === "oneOf" || keyword === "anyOf");
  if (union === undefined) return errors[0];
  const branches = branchesOf((union.parentSchema ?? {}) as Schema);
  const { data } = union;
  if (!isObject(data)) return union;
  for (const tag of Object.keys((branches[0]?.["properties"] ?? {}) as object)) {
    const tags = branches.map((branch) => constantOf(branch, tag));
    if (tags.includes(undefined)) continue;
    const index = tags.indexOf(data[tag] as string);
    if (index < 0) return { ...union, keyword: "discriminator", params: { tag, tagValue: data[tag] } };
    const own = errors.find(({ schemaPath }) =>
      schemaPath.startsWith(`${union.schemaPath.replace(/\/\d+$/, "")}/${index}/`),
    );
    return own ?? union;
  }
  return union;
}

/** What a schema takes, in words. */
export function expected(schema: Schema): string {
  if (Array.isArray(schema["enum"])) return oneOf(schema["enum"]);
  if ("const" in schema) return JSON.stringify(schema["const"]);
  const branches = branchesOf(schema);
  if (branches.length > 0 && schema["type"] !== "object") return branches.map(expected).join(", or ");
  if (Array.isArray(schema["type"])) {
    return schema["type"].map((type: string) => expected({ ...schema, type })).join(" or ");
  }
  switch (schema["type"]) {
    case "string":
      return textForm(schema);
    case "integer":
      return `a whole number${rangeOf(schema)}`;
    case "number":
      return `a number${rangeOf(schema)}`;
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return `a list${countOf(schema["minItems"], schema["maxItems"], "entry", "entries")}`;
    case "object":
      return objectForm(schema);
  }
  return "a value";
}

function textForm(schema: Schema): string {
  const words = patternWords.get(String(schema["pattern"]));
  if (words !== undefined) return words;
  if (schema["pattern"] !== undefined) return `text like ${String(schema["pattern"])}`;
  return `text${countOf(schema["minLength"], schema["maxLength"], "character", "characters")}`;
}

function objectForm(schema: Schema): string {
  const names = Object.keys((schema["properties"] ?? {}) as object);
  if (names.length === 0) {
    return `an object${countOf(schema["minProperties"], schema["maxProperties"], "member", "members")}`;
  }
  return `an object of ${listed(names)}`;
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (minimum === undefined && maximum === undefined) return "";
  if (maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return ` from ${String(minimum)}`;
  return minimum === undefined
    ? ` up to ${String(maximum)}`
    : ` from ${String(minimum)} to ${String(maximum)}`;
}

function countOf(least: unknown, most: unknown, one: string, many: string): string {
  if (least === undefined && most === undefined) return "";
  if (most === undefined) return ` of at least ${String(least)} ${least === 1 ? one : many}`;
  const from = least === undefined ? "at most " : least === most ? "" : `${String(least)} to `;
  return ` of ${from}${String(most)} ${most === 1 ? one : many}`;
}

function missingMember(where: string, name: string, schema: Schema): string {
  const tags = branchesOf(schema).flatMap((branch) => constantOf(branch, name) ?? []);
  const member = (schema["properties"] as Record<string, Schema> | undefined)?.[name] ?? {};
  return `${where}: is missing; expected ${tags.length > 0 ? oneOf(tags) : expected(member)}`;
}

function unknownMember(where: string, place: string, name: string, schema: Schema): string {
  const names = Object.keys((schema["properties"] ?? {}) as object);
  const what = place === "query" ? "parameter" : "member";
  const near = nearest(name, names);
  const mend =
    near !== undefined
      ? `; the nearest is ${JSON.stringify(near)}`
      : names.length === 0
        ? `; it takes none`
        : `; there are ${listed(names)}`;
  return `${where}: unknown ${what} ${quoted(name)}${mend}`;
}

/** @param choices of which the nearest to what came is named */
function mismatch(
  where: string,
  wanted: string,
  came: unknown,
  name: string,
  choices: readonly unknown[],
): string {
  const texts = choices.filter((choice) => typeof choice === "string");
  const near = typeof came === "string" ? nearest(came, texts) : undefined;
  const mend = near === undefined ? "" : `; the nearest is ${JSON.stringify(near)}`;
  return `${where}: expected ${wanted}; got ${shown(came, name)}${mend}`;
}

/** What came, in a few words. @param name of the member that holds it */
function shown(came: unknown, name: string): string {
  if (came === undefined) return "nothing";
  if (typeof came === "string") {
    return /secret|token|password/i.test(name) ? `text of ${came.length} characters` : quoted(came);
  }
  if (Array.isArray(came)) return came.length === 0 ? "an empty list" : `a list of ${came.length}`;
  if (isObject(came)) return Object.keys(came).length === 0 ? "an empty object" : "an object";
  return String(came);
}

function quoted(text: string): string {
  if (text.length <= longestQuote) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, longestQuote))}… (${text.length} characters)`;
}

function oneOf(choices: readonly unknown[]): string {
  return `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`;
}

function listed(names: readonly string[]): string {
  const more = names.length > mostListed ? ` and ${names.length - mostListed} more` : "";
  return `${names.slice(0, mostListed).join(", ")}${more}`;
}

function branchesOf(schema: Schema): Schema[] {
  return (schema["oneOf"] ?? schema["anyOf"] ?? []) as Schema[];
}

function constantOf(branch: Schema, member: string): string | undefined {
  const { const: constant } = (branch["properties"] as Record<string, Schema> | undefined)?.[member] ?? {};
  return typeof constant === "string" ? constant : undefined;
}

function placeOf(part: string, path: readonly string[]): string {
  return path.reduce((place, name) => {
    if (/^\d+$/.test(name)) return `${place}[${name}]`;
    return /^[\w$-]{1,80}$/.test(name) ? `${place}.${name}` : `${place}[${quoted(name)}]`;
  }, part);
}

function unescapedPointer(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}
