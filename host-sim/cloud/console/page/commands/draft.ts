/**
 * What stands in the fields of a form, between people who type and the JSON that is sent: text where there is one
 * field, a list or fields of their own where the model has an array or a struct.
 */
import { valueFault } from "../../../enos/value-check";
import { isObject } from "../../../json";
import { isEnumOfTexts } from "../../../../model/model";
import type { ModelType } from "../../../../model/model";
import { modelType } from "./choices";
import type { FormField } from "./choices";

/** undefined: left out. */
export type Draft = string | readonly Draft[] | DraftFields | undefined;
export interface DraftFields {
  readonly [identifier: string]: Draft;
}

const decimal = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const localTime = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?$/;

/** What a field holds before anybody has typed. */
export function emptyDraft(field: FormField): Draft {
  if (field.type === "struct") return field.optional === true ? undefined : {};
  if (field.type === "array") return field.optional === true ? undefined : [];
  return "";
}

/** The draft that gives this value: it may come from an address, so it need not fit. */
export function draftOf(field: FormField, value: unknown): Draft {
  if (value === undefined) return emptyDraft(field);
  if (field.type === "json") return JSON.stringify(value, null, 2);
  if (field.type === "struct" && isObject(value)) return draftsOf(field.fields ?? [], value);
  if (field.type === "array" && Array.isArray(value)) return value.map(textOf);
  return textOf(value);
}

/** The same of several. */
export function draftsOf(
  fields: readonly FormField[],
  values: Readonly<Record<string, unknown>>,
): DraftFields {
  return Object.fromEntries(
    fields.map((field) => [
      field.identifier,
      draftOf(field, Object.hasOwn(values, field.identifier) ? values[field.identifier] : undefined),
    ]),
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The value that a draft gives; undefined where it is left out. What is no number stays text, and is found wrong. */
export function valueOf(field: FormField, draft: Draft): unknown {
  if (draft === undefined) return undefined;
  const type = modelType(field);
  if (type === undefined) return freeValue(field, typeof draft === "string" ? draft : "");
  if (type.type === "struct" && isFields(draft)) {
    return valuesOf(type.fields ?? [], draft);
  }
  if (type.type === "array" && Array.isArray(draft)) {
    if (draft.length === 0 && field.optional === true) return undefined;
    const item: ModelType = { type: type.items ?? "double" };
    return draft.map((each) => leafValue(item, typeof each === "string" ? each : "") ?? "");
  }
  const text = typeof draft === "string" ? draft : "";
  // A text may be empty; where it need not be there, nothing typed means that it is not.
  if (text === "" && type.type === "string") return field.optional === true ? undefined : "";
  return leafValue(type, text);
}

/** The values of several fields, those that are left out not among them. */
export function valuesOf(fields: readonly FormField[], drafts: DraftFields): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const value = valueOf(field, drafts[field.identifier]);
    if (value !== undefined) values[field.identifier] = value;
  }
  return values;
}

function isFields(draft: Draft): draft is DraftFields {
  return typeof draft === "object" && !Array.isArray(draft);
}

function freeValue(field: FormField, text: string): unknown {
  const plain = text.trim();
  if (plain === "") return undefined;
  if (field.type === "hex") return plain.replace(/0x|[\s:,]/gi, "").toLowerCase();
  try {
    return JSON.parse(plain);
  } catch {
    return undefined;
  }
}

function leafValue(type: ModelType, text: string): unknown {
  const plain = text.trim();
  switch (type.type) {
    case "string":
      return text;
    case "date":
      return plain === "" ? undefined : plain;
    case "bool":
      return plain === "" ? undefined : plain === "true" ? true : plain === "false" ? false : plain;
    case "timestamp":
      return plain === "" ? undefined : (timeOf(plain) ?? plain);
    default:
      if (plain === "") return undefined;
      if (type.type === "enum" && isEnumOfTexts(type)) return text;
      return decimal.test(plain) ? Number(plain) : plain;
  }
}

/** Epoch ms of a number, or of a date in the reader's zone: `2026-11-30 14:03`. */
export function timeOf(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  const parts = localTime.exec(text);
  if (parts === null) return undefined;
  const time = new Date(`${parts[1]}T${parts[2] ?? "00:00"}`).getTime();
  return Number.isNaN(time) ? undefined : time;
}

/** What is wrong with drafts, by the path of the field: `reference.temperature`, `values[2]`. */
export function faultsOf(fields: readonly FormField[], drafts: DraftFields): Map<string, string> {
  const faults = new Map<string, string>();
  addFaults(fields, drafts, "", faults);
  return faults;
}

function addFaults(
  fields: readonly FormField[],
  drafts: DraftFields,
  within: string,
  faults: Map<string, string>,
): void {
  for (const field of fields) {
    const path = within === "" ? field.identifier : `${within}.${field.identifier}`;
    const draft = drafts[field.identifier];
    const type = modelType(field);
    if (type === undefined) {
      const fault = freeFault(field, typeof draft === "string" ? draft : "");
      if (fault !== undefined) faults.set(path, fault);
      continue;
    }
    if (type.type === "struct" && isFields(draft)) {
      addFaults(type.fields ?? [], draft, path, faults);
      continue;
    }
    const value = valueOf(field, draft);
    if (value === undefined) {
      if (field.optional !== true) faults.set(path, "is needed");
      continue;
    }
    const fault = valueFault(value, type, path);
    if (fault === undefined) continue;
    // What is wrong with an item stands at the item.
    const [, at, words] = /^([^:]*): (.*)$/s.exec(fault) ?? [undefined, path, fault];
    faults.set(at.startsWith(path) ? at : path, words);
  }
}

function freeFault(field: FormField, text: string): string | undefined {
  const plain = text.trim();
  if (plain === "") return field.optional === true ? undefined : "is needed";
  if (field.type === "hex") {
    return /^(?:[0-9a-f]{2})+$/.test(freeValue(field, plain) as string)
      ? undefined
      : "expected pairs of hexadecimal digits, such as 02 00 00 00 07";
  }
  try {
    JSON.parse(plain);
    return undefined;
  } catch {
    return "is not JSON";
  }
}
