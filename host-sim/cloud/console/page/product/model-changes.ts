/** What a thing model says otherwise than the one in force, in words; and what of it devices in the field will feel. */
import { saysSame } from "./same";
import type { Model, ModelField, ModelType } from "../../../../model/model";

export interface ModelChange {
  /** Such as `measure point temperature`. */
  readonly what: string;
  /** Such as `range -40 to 85 becomes -40 to 125`. */
  readonly how: string;
  /** What a device sends, or is sent, may be refused or read otherwise. */
  readonly isFelt: boolean;
}

const kinds = [
  { member: "measurepoints", word: "measure point" },
  { member: "attributes", word: "attribute" },
  { member: "events", word: "event" },
  { member: "services", word: "service" },
] as const;

type Element = ModelField & { readonly [more: string]: unknown };

/** Members that people alone read. */
const harmless = new Set(["name", "unit", "level"]);

/** All changes, in the order of the model. @param before undefined: there was none */
export function modelChanges(before: Model | undefined, after: Model): ModelChange[] {
  if (before === undefined) return [];
  const changes: ModelChange[] = [];
  for (const member of ["product", "version"] as const) {
    if (before[member] === after[member]) continue;
    changes.push({
      what: member,
      how: `${said(before[member])} becomes ${said(after[member])}`,
      isFelt: false,
    });
  }
  for (const { member, word } of kinds) {
    const old = elements(before, member);
    const now = elements(after, member);
    for (const [identifier, element] of now) {
      const former = old.get(identifier);
      const what = `${word} ${identifier}`;
      if (former === undefined) changes.push({ what, how: "is new", isFelt: false });
      else changes.push(...elementChanges(what, former, element));
    }
    for (const identifier of old.keys()) {
      if (now.has(identifier)) continue;
      changes.push({ what: `${word} ${identifier}`, how: "is gone", isFelt: true });
    }
  }
  return changes;
}

function elements(model: Model, member: (typeof kinds)[number]["member"]): Map<string, Element> {
  return new Map((model[member] as unknown as Element[]).map((each) => [each.identifier, each]));
}

function elementChanges(what: string, before: Element, after: Element): ModelChange[] {
  const changes: ModelChange[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]];
    if (saysSame(old, now)) continue;
    const how =
      old === undefined
        ? `${name} ${said(now)} is new`
        : now === undefined
          ? `${name} ${said(old)} is gone`
          : `${name} ${said(old)} becomes ${said(now)}`;
    changes.push({ what, how, isFelt: isFelt(name, old, now) });
  }
  return changes;
}

/** What takes more than before is not felt: a wider range, a longer text. */
function isFelt(name: string, old: unknown, now: unknown): boolean {
  if (harmless.has(name)) return false;
  if (name === "range" && Array.isArray(old) && Array.isArray(now)) return now[0] > old[0] || now[1] < old[1];
  if (name === "range") return now !== undefined;
  if ((name === "maxLength" || name === "maxItems") && typeof old === "number") {
    return typeof now === "number" && now < old;
  }
  if (name === "writable" || name === "optional") return old === true;
  return true;
}

function said(value: unknown): string {
  if (Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "number")) {
    return `${value[0]} to ${value[1]}`;
  }
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** A type as people read it: `int`, `array of float`, `enum of 4`. */
export function typeWords(type: ModelType): string {
  switch (type.type) {
    case "array":
      return `array of ${type.items ?? "?"}`;
    case "enum":
      return `enum of ${Object.keys(type.values ?? {}).length}`;
    case "struct":
      return `struct of ${type.fields?.length ?? 0}`;
    default:
      return type.type;
  }
}

/** What a value may be: its range, names, length or fields; "" for any. */
export function limitWords(type: ModelType): string {
  const { range, values, maxLength, maxItems, fields, unit } = type;
  if (range !== undefined) return `${range[0]} to ${range[1]}${unit === undefined ? "" : ` ${unit}`}`;
  if (values !== undefined) {
    return Object.entries(values)
      .map(([number, name]) => `${number} ${name}`)
      .join(", ");
  }
  if (maxLength !== undefined) return `at most ${maxLength} bytes`;
  if (maxItems !== undefined) return `at most ${maxItems} items`;
  if (fields !== undefined) return fields.map(({ identifier, type: of }) => `${identifier} ${of}`).join(", ");
  return "";
}
