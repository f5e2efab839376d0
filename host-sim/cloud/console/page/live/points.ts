/** Measure points as the page shows them: what the thing model says of each, and its value in words. */
import { isEnumOfTexts } from "../../../../model/model";
import { behind, plainNumber, quantity } from "../../../page/quantity";
import { clock, span } from "../../../page/words";
import type { Model, ModelPoint, ModelType } from "../../../../model/model";
import type { StoredPoint } from "../../../registry/history";

/** `number`: has a chart of lines; `named`: of steps, with names; the others have none. */
type PointKind = "number" | "named" | "time" | "text" | "structure";

/** What is known of a measure point. */
export interface Point {
  readonly identifier: string;
  readonly name: string;
  readonly kind: PointKind;
  /** What the model says; undefined: it is not in the model, or there is none. */
  readonly model: ModelPoint | undefined;
  /** Undefined: never reported. */
  readonly latest: StoredPoint | undefined;
  /** Of `named`: names by number. */
  readonly names: ReadonlyMap<number, string> | undefined;
}

/** Whether its values can be drawn. */
export function hasChart({ kind }: Point): boolean {
  return kind === "number" || kind === "named";
}

/** All measure points: those of the model in its order, then what else was reported. */
export function pointsOf(model: Model | undefined, latest: Readonly<Record<string, StoredPoint>>): Point[] {
  const described = model?.measurepoints ?? [];
  const known = new Set(described.map(({ identifier }) => identifier));
  const others = Object.keys(latest).filter((identifier) => !known.has(identifier));
  const ownLatest = (identifier: string): StoredPoint | undefined =>
    Object.hasOwn(latest, identifier) ? latest[identifier] : undefined;
  return [
    ...described.map((point) => pointOf(point.identifier, point, ownLatest(point.identifier))),
    ...others.sort().map((identifier) => pointOf(identifier, undefined, ownLatest(identifier))),
  ];
}

function pointOf(identifier: string, model: ModelPoint | undefined, latest: StoredPoint | undefined): Point {
  const names = model === undefined ? undefined : namesOf(model);
  const kind = model === undefined ? kindOf(latest?.value) : kindOfType(model);
  const name = model?.name ?? identifier;
  // A bool of no model has its names as well.
  const own = names ?? (typeof latest?.value === "boolean" ? bools : undefined);
  return { identifier, name, kind, model, latest, names: kind === "named" ? own : undefined };
}

const bools: ReadonlyMap<number, string> = new Map([
  [0, "false"],
  [1, "true"],
]);

function namesOf({ type, values = {} }: ModelType): ReadonlyMap<number, string> | undefined {
  if (type === "bool") return bools;
  if (type !== "enum") return undefined;
  return new Map(Object.entries(values).map(([number, name]) => [Number(number), name]));
}

function kindOfType({ type }: ModelType): PointKind {
  switch (type) {
    case "int":
    case "int64":
    case "float":
    case "double":
      return "number";
    case "bool":
    case "enum":
      return "named";
    case "timestamp":
      return "time";
    case "array":
    case "struct":
      return "structure";
    default:
      return "text";
  }
}

function kindOf(value: unknown): PointKind {
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "named";
  return typeof value === "object" && value !== null ? "structure" : "text";
}

/** A value's place on a chart's axis; null for what has none. */
export function numberOf({ kind, model, names }: Point, value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (kind !== "named" || model === undefined || !isEnumOfTexts(model)) return null;
  for (const [number, name] of names ?? []) if (name === value) return number;
  return null;
}

/** A value in words, with its unit; of what is no single value its JSON, whole. @param type as the model has it */
export function valueText(type: ModelType | undefined, value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    const name = type === undefined ? undefined : namesOf(type)?.get(value);
    if (name !== undefined) return name;
    return type?.type === "timestamp" ? clock(value) : quantity(value, type?.unit);
  }
  if (typeof value === "string") return value + behind(type?.unit);
  return typeof value === "object" ? structureText(value) : String(value);
}

/** Characters of a structure that stands in one line. */
const shortStructure = 60;

/** JSON, in one line where it is short. */
function structureText(value: object): string {
  const lines = JSON.stringify(value, null, 2);
  const line = lines.replace(/\n\s*/g, " ");
  return line.length <= shortStructure ? line.replace(/^([[{]) | ([\]}])$/g, "$1$2") : lines;
}

/** The number alone, and what stands behind it, for a value that is shown large. */
export function valueParts(point: Point, value: unknown): { readonly main: string; readonly more: string } {
  if (point.kind === "number" && typeof value === "number") {
    const unit = behind(point.model?.unit).trim();
    // Nobody reads 71,100 s.
    const length = unit === "s" && Math.abs(value) >= 300 ? ` · ${span(Math.abs(value) * 1_000)}` : "";
    return { main: plainNumber(value), more: unit + length };
  }
  const main = valueText(point.model, value);
  const isNumbered = point.kind === "named" && typeof value === "number" && main !== String(value);
  return { main, more: isNumbered ? String(value) : "" };
}

/** What the model says of a type, in a word or two: `int, -20 to 200`. */
export function typeText({
  type,
  range,
  maxLength,
  items,
  maxItems,
  unit,
  values,
  fields,
}: ModelType): string {
  const parts: string[] = [items === undefined ? type : `array of ${items}`];
  if (range !== undefined) parts.push(rangeText(range, unit));
  else if (unit !== undefined) parts.push(`in${behind(unit)}`);
  if (values !== undefined) parts.push(Object.values(values).join(" / "));
  if (fields !== undefined) parts.push(`of ${fields.map(({ identifier }) => identifier).join(", ")}`);
  if (maxLength !== undefined) parts.push(`at most ${maxLength} bytes`);
  if (maxItems !== undefined) parts.push(`at most ${maxItems}`);
  return parts.join(", ");
}

/** The ends of a range; the one that only says how large a number can be is left out. */
function rangeText([low, high]: readonly [number, number], unit: string | undefined): string {
  const hasLow = low > -Number.MAX_SAFE_INTEGER;
  const hasHigh = high < Number.MAX_SAFE_INTEGER;
  if (!hasLow && !hasHigh) return "any";
  const sign = behind(unit);
  if (!hasHigh) return `${plainNumber(low)}${sign} or more`;
  if (!hasLow) return `${plainNumber(high)}${sign} or less`;
  return `${plainNumber(low)} to ${plainNumber(high)}${sign}`;
}

/** EnOS's quality of a value: 0 is good, 1 to 9 are not. */
export function qualityText(quality: number | undefined): string | undefined {
  if (quality === undefined) return undefined;
  return quality === 0 ? "good" : `not good (quality ${quality})`;
}
