/**
 * Reads a model.json: the words of an older one first (old-words.ts), then its form, by the JSON Schema beside this
 * file, then what no schema can say. All faults are found, not the first alone.
 */
import type { ErrorObject } from "ajv";
import { escaped } from "./escaped";
import { jsonPlace } from "./json-place";
import { formErrors } from "./model-form.mjs";
import { deepestNesting, isDeeper } from "./nesting";
import { levelOfBefore, renewed, typeOfBefore } from "./old-words";
import { soundnessFaults } from "./soundness";
import schema from "./model.schema.json";
import { sealedForm } from "./model";
import type { Model, ModelFault, Sealed } from "./model";

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
  const endless = endlessLists(given, "$");
  if (endless.length > 0) return endless;
  const { value, notes, faults: misplaced } = renewed(given);
  if (misplaced.length > 0) return misplaced;
  const faults = schemaFaults(formErrors(value));
  const broken = ancestorsOf(faults);
  for (const fault of soundnessFaults(value, (path) => broken.has(path), value !== given)) faults.push(fault);
  if (faults.length > 0) return faults;
  for (const line of notes) note?.(line);
  const { sealed, update, health, remoteSettings, ...model } = value as Omit<Partial<Model>, keyof Whole> &
    Whole;
  return {
    ...{ attributes: [], events: [], services: [] },
    ...model,
    ...sealFrom(sealed),
    ...(update === true ? { update } : {}),
    ...(health === true ? { health } : {}),
    ...(remoteSettings === true ? { remoteSettings } : {}),
  };
}

/** What a model has to have, and the seal and the optional parts as a file may say them: with what is off. */
type Whole = Pick<Model, "format" | "product" | "version" | "measurepoints"> & {
  readonly sealed?: boolean | Partial<Sealed>;
  readonly update?: boolean;
  readonly health?: boolean;
  readonly remoteSettings?: boolean;
};

/** The seal in one form, whether what is off is said or left out. */
function sealFrom(sealed: Whole["sealed"]): Pick<Model, "sealed"> {
  if (sealed === undefined || sealed === false) return {};
  const { proof = false, mark = false, migrating = false } = sealed === true ? {} : sealed;
  return { sealed: sealedForm({ proof, mark, migrating }) };
}

/** Longest list of a model; those that have numbers are shorter, which the schema says. */
const longestList = 1_024;

/**
 * Lists that are too long to be looked at: the validator copies all faults that it has with each further element that
 * has some, which takes minutes for as many as the API's longest body has.
 */
function endlessLists(value: unknown, path: string): ModelFault[] {
  if (typeof value !== "object" || value === null) return [];
  if (!Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, each]) => endlessLists(each, `${path}${pathStep(name)}`));
  }
  if (value.length > longestList) {
    const problem = `is an array of ${value.length}`;
    return [{ path, problem, remedy: `write at most ${longestList}` }];
  }
  return value.flatMap((each, i) => endlessLists(each, `${path}[${i}]`));
}

/**
 * The paths of faults and of all that they lie in: a file may have as many faults as it has bytes, and to compare each
 * element with each of them would take minutes.
 */
function ancestorsOf(faults: readonly ModelFault[]): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { path } of faults) {
    paths.add(path);
    for (const { index } of path.matchAll(/[.[]/g)) paths.add(path.slice(0, index));
  }
  return paths;
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
