/**
 * Reads a model.json: the words of an older one first (old-words.ts), then its form, by the JSON Schema beside this
 * file, then what no schema can say. All faults are found, not the first alone.
 */
import { Ajv } from "ajv";
import type { ErrorObject, ValidateFunction } from "ajv";
import { escaped } from "./escaped";
import { jsonPlace } from "./json-place";
import { deepestNesting, isDeeper } from "./nesting";
import { levelOfBefore, renewed, typeOfBefore } from "./old-words";
import { soundnessFaults } from "./soundness";
import schema from "./model.schema.json";
import type { Model, ModelFault } from "./model";

let validate: ValidateFunction | undefined;

/**
 * The model in this text, or its faults, of which there is then at least one.
 *
 * @param note takes a line for each thing in a file of before that is called otherwise now
 */
export function readModel(text: string, note?: (line: string) => void): Model | readonly ModelFault[] {
  let given: unknown;
  try {
    given = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return [{ path: "$", problem: `no JSON${jsonPlace(text)}`, remedy: "correct it there" }];
  }
  if (isDeeper(given, deepestNesting)) {
    return [
      {
        path: "$",
        problem: `nested more than ${deepestNesting} deep`,
        remedy: "flatten it: no part of a model is so deep",
      },
    ];
  }
  const { value, notes, faults: misplaced } = renewed(given);
  if (misplaced.length > 0) return misplaced;
  // `verbose` gives each error the schema that it comes from, whose description says what is wanted.
  validate ??= new Ajv({ allErrors: true, strictTypes: false, verbose: true }).compile(schema);
  const faults = validate(value) ? [] : schemaFaults(validate.errors ?? []);
  const isBroken = (path: string): boolean => faults.some((fault) => within(fault.path, path));
  faults.push(...soundnessFaults(value, isBroken, value !== given));
  if (faults.length > 0) return faults;
  for (const line of notes) note?.(line);
  const model = value as Partial<Model> & Pick<Model, "format" | "product" | "version" | "measurepoints">;
  return { attributes: [], events: [], services: [], ...model };
}

/** Whether `path` is `ancestor` or lies in it. */
function within(path: string, ancestor: string): boolean {
  return path.startsWith(ancestor) && /^$|^[.[]/.test(path.slice(ancestor.length));
}

function schemaFaults(errors: readonly ErrorObject[]): ModelFault[] {
  const faults = new Map<string, ModelFault>();
  const untyped = new Set(
    errors.map(({ instancePath }) => instancePath).filter((path) => path.endsWith("/type")),
  );
  for (const error of errors) {
    // What a type needs or forbids is not worth telling where the type itself is wrong.
    const owner = error.keyword === "required" ? error.instancePath : dirOf(error.instancePath);
    if (error.schemaPath.includes("/details/allOf/") && untyped.has(`${owner}/type`)) continue;
    const fault = schemaFault(error);
    if (fault !== undefined) faults.set(`${fault.path} ${fault.problem}`, fault);
  }
  return [...faults.values()];
}

function dirOf(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf("/"));
}

/** ajv's finding in our words; undefined for one that only repeats another. */
function schemaFault(error: ErrorObject): ModelFault | undefined {
  const { keyword, params, data } = error;
  const path = jsonPath(error.instancePath);
  const description = (error.parentSchema as { description?: string } | undefined)?.description;
  switch (keyword) {
    case "if":
    case "propertyNames":
      return undefined;
    case "required": {
      const name = params.missingProperty as string;
      return { path, problem: `lacks "${name}"`, remedy: `add "${name}"${hint(name)}` };
    }
    case "additionalProperties": {
      const name = params.additionalProperty as string;
      const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
      return {
        path,
        problem: `has "${oneLine(name)}", which is nothing here`,
        remedy: `remove it or correct its name (${known.filter((each) => each !== "$schema").join(", ")})`,
      };
    }
    case "false schema": {
      const name = error.instancePath.split("/").pop()!;
      return {
        path,
        problem: `goes with another type (${owners[name] ?? "none"})`,
        remedy: "remove it or change the type",
      };
    }
    case "enum":
      if (data === "file" && path.endsWith(".type")) {
        return {
          path,
          problem: "is a file, whose content EnOS takes over HTTP or MQTT and not over CoAP",
          remedy: "leave it out of this model; EnOS's own may have it",
        };
      }
      return {
        path,
        problem: `is ${said(data)}`,
        remedy: Object.hasOwn(newWords, String(data))
          ? `write ${newWords[String(data)]}`
          : `write one of ${(params.allowedValues as unknown[]).join(", ")}`,
      };
    case "pattern":
      if (error.propertyName !== undefined) {
        return {
          path,
          problem: `has the number "${oneLine(error.propertyName)}"`,
          remedy: "write whole numbers of 32 bits without zeros in front",
        };
      }
      break;
  }
  // The schema's own description says it better than the validator.
  const why = description === undefined ? `, but ${error.message ?? keyword}` : "";
  return { path, problem: `is ${said(data)}${why}`, remedy: `write ${description ?? wanted(error)}` };
}

/** Words of before, in a file of format 2. */
const newWords: Readonly<Record<string, string>> = { int32: typeOfBefore.int32, ...levelOfBefore };

/** Types that a detail belongs to. */
const owners: Readonly<Record<string, string>> = {
  values: "enum",
  enumType: "enum",
  fields: "struct",
  items: "array",
  maxItems: "array",
  maxLength: "string",
  range: "a number or timestamp",
  compact: "a number",
};

function hint(name: string): string {
  const definitions = schema.definitions as Record<string, { description?: string; enum?: unknown[] }>;
  const own = (schema.properties as Record<string, { description?: string }>)[name];
  const definition = name === "number" ? definitions.pointNumber : definitions[name];
  const text = own?.description ?? definition?.description ?? definition?.enum?.join(", ");
  return text === undefined ? "" : `: ${text}`;
}

function wanted(error: ErrorObject): string {
  const type = (error.parentSchema as { type?: string } | undefined)?.type;
  const words: Record<string, string> = {
    array: "an array [ ... ]",
    object: "an object { ... }",
    boolean: "true or false",
    integer: "a whole number within these bounds",
    number: "a number",
    string: "a text of that form",
  };
  return words[type ?? ""] ?? "what the schema asks for";
}

function said(data: unknown): string {
  if (Array.isArray(data)) return `an array of ${data.length}`;
  if (typeof data === "object" && data !== null) return "an object";
  const text = JSON.stringify(data) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `/measurepoints/0/values` as `$.measurepoints[0].values`. */
function jsonPath(pointer: string): string {
  const steps = pointer.split("/").slice(1);
  return `$${steps.map((step) => pathStep(step.replaceAll("~1", "/").replaceAll("~0", "~"))).join("")}`;
}

/** One step of a JSON path: a member, or an index in brackets. */
export function pathStep(step: string): string {
  if (/^\d+$/.test(step)) return `[${step}]`;
  return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

function oneLine(text: string): string {
  return escaped(text.replace(/[\r\n]+/g, " ").slice(0, 160));
}
