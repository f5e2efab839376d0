/**
 * The content of EnOS's JSON messages, topic by topic, as the cloud reads it. Nothing here throws, whatever `params` holds.
 */
import { isObject } from "../json";
import type { Product } from "../registry/product";
import { isText, longestText, payloadEmpty, refuse } from "./thing-message";
import type { Refusal, ThingMessage } from "./thing-message";

/** EnOS result codes of the JSON answers. */
const tooLarge = 1008;
const badMeasurePoints = 1206;
const badAttributes = 1207;
export const badAttributeQuery = 1208;
export const badAttributeDeletion = 1209;
const badBatch = 1212;

/** Most attributes or tags of a device, and in one message. */
export const mostNames = 200;
const mostEntries = 200;
const longestName = 64;
const longestTag = longestText;
const longestVersion = 64;
/**
 * A tag's key, as the manual has it: at most 100 letters, digits and underlines, of which the first is no digit.
 * An assignment to a property named __proto__ would set an object's prototype instead.
 */
const tagKeyPattern = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const tagKeyForm = "1 to 100 letters, digits and underlines, the first of them no digit";
/** The last time that JavaScript has, epoch ms. */
const lastTime = 8.64e15;

/** Measure points of one moment: each a value, or `{ value, quality }`, as it came; `time` in epoch ms. */
export interface PointReport {
  points: Record<string, unknown>;
  time?: number;
}

/** What a batch holds, and why measure points were left out of it that it asked to be left out. */
export interface Batch {
  reports: PointReport[];
  skipped: string[];
}

export interface EventReport {
  outputs: Record<string, unknown>;
  time?: number;
}

/** How far a firmware update has come, in EnOS's terms: 1 to 100 percent, below 0 a failure. */
export interface Progress {
  step: number;
  desc?: string;
}

/** Reads `{ "measurepoints": { id: value or {"value", "quality"} }, "time": epoch ms }`: one report. */
export function readMeasurePoints(message: ThingMessage, product: Product): PointReport[] | Refusal {
  const params = paramsOf(message);
  if ("enosCode" in params) return params;
  const report = readPoints(params.fields, product, "params");
  return "enosCode" in report ? report : [report];
}

/**
 * Reads a batch: an array of measure points as above, each with its time. An entry may name its device,
 * which has to be the sender. One entry that is wrong refuses all; with `skipInvalidMeasurepoints: true` beside
 * the params, measure points that are not as the model says are left out, and an entry that has no other.
 */
export function readBatch(message: ThingMessage, product: Product, deviceKey: string): Batch | Refusal {
  const params = message.fields["params"];
  if (!Array.isArray(params)) return refuse("params: expected an array", badBatch);
  if (params.length === 0) return { enosCode: payloadEmpty, reason: "params: no entry" };
  if (params.length > mostEntries) {
    return { enosCode: tooLarge, reason: `params: ${params.length} entries, at most ${mostEntries}` };
  }
  const skipped: string[] | undefined = message.fields["skipInvalidMeasurepoints"] === true ? [] : undefined;
  const reports: PointReport[] = [];
  for (let i = 0; i < params.length; i++) {
    const entry: unknown = params[i];
    const place = `params[${i}]`;
    if (!isObject(entry)) return refuse(`${place}: expected an object`, badBatch);
    const own = { productKey: product.productKey, deviceKey };
    for (const [key, value] of Object.entries(own)) {
      if (Object.hasOwn(entry, key) && entry[key] !== value) {
        return refuse(`${place}.${key}: expected the sender's own`, badBatch);
      }
    }
    const report = readPoints(entry, product, place, skipped);
    if ("enosCode" in report) return report;
    if (!isEmpty(report.points)) reports.push(report);
  }
  return { reports, skipped: skipped ?? [] };
}

/** Reads `{ "events": {...}, "time": epoch ms }` on the topic of `event`. */
export function readEvent(message: ThingMessage, product: Product, event: string): EventReport | Refusal {
  const params = paramsOf(message);
  if ("enosCode" in params) return params;
  const outputs = ownObject(params.fields, "events");
  if (outputs === undefined) return refuse("params.events: expected an object");
  const fault = product.checkEvent(event, outputs) ?? timeFault(params.fields, "params");
  if (fault !== undefined) return refuse(fault);
  return { outputs, ...timeOf(params.fields) };
}

/** Reads `{ "attributes": {...} }`, at most 200 of them; empty params, and an empty object, change nothing. */
export function readAttributes(
  message: ThingMessage,
  product: Product,
): { attributes: Record<string, unknown> } | Refusal {
  const params = paramsOf(message);
  if ("enosCode" in params) return params;
  const attributes = isEmpty(params.fields) ? {} : ownObject(params.fields, "attributes");
  if (attributes === undefined) return refuse("params.attributes: expected an object", badAttributes);
  const entries = Object.entries(attributes);
  if (entries.length > mostNames) {
    return refuse(`params.attributes: ${entries.length}, at most ${mostNames}`);
  }
  for (const [name, value] of entries) {
    const fault = product.checkAttribute(name, value);
    if (fault !== undefined) return refuse(fault);
  }
  return { attributes };
}

/**
 * Reads the names to query or to delete, `{ "attributes": [names] }` or `{ "tags": [names] }`, each once.
 * Empty params, and an empty list, name none: in a query that stands for all, in a deletion for nothing.
 */
export function readNames(
  message: ThingMessage,
  member: "attributes" | "tags",
): { names: string[] } | Refusal {
  const params = paramsOf(message);
  if ("enosCode" in params) return params;
  const given = Object.hasOwn(params.fields, member) ? params.fields[member] : undefined;
  // A list under another name must not read like a question for all.
  const names = isEmpty(params.fields) ? [] : given;
  if (!Array.isArray(names)) return refuse(`params.${member}: expected an array of names`);
  if (names.length > mostNames) return refuse(`params.${member}: ${names.length}, at most ${mostNames}`);
  const longest = member === "tags" ? longestTag : longestName;
  for (const name of names as unknown[]) {
    if (!isText(name, longest) || name === "") {
      return refuse(`params.${member}: expected names of 1 to ${longest} characters`);
    }
  }
  return { names: [...new Set(names as string[])] };
}

/** Reads `[{ "tagKey": name, "tagValue": text }]`, at most 200 of them; of two with the same name the last counts. */
export function readTags(message: ThingMessage): { tags: Record<string, string> } | Refusal {
  const { params } = message.fields;
  if (!Array.isArray(params)) return refuse('params: expected an array of { "tagKey", "tagValue" }');
  if (params.length > mostNames) return refuse(`params: ${params.length} tags, at most ${mostNames}`);
  const tags: Record<string, string> = {};
  for (let i = 0; i < params.length; i++) {
    const tag: unknown = params[i];
    if (!isObject(tag)) return refuse(`params[${i}]: expected an object of tagKey and tagValue`);
    const { tagKey, tagValue } = tag;
    if (typeof tagKey !== "string" || !tagKeyPattern.test(tagKey)) {
      return refuse(`params[${i}].tagKey: expected ${tagKeyForm}`);
    }
    if (!isText(tagValue, longestTag)) {
      return refuse(`params[${i}].tagValue: expected text of at most ${longestTag} characters`);
    }
    tags[tagKey] = tagValue;
  }
  return { tags };
}

/** Reads `{ "version": text }`, the firmware that a device runs. */
export function readVersion(message: ThingMessage): { version: string } | Refusal {
  const params = paramsOf(message);
  if ("enosCode" in params) return params;
  const { version } = params.fields;
  if (isText(version, longestVersion) && version !== "") return { version };
  return refuse(`params.version: expected text of 1 to ${longestVersion} characters`);
}

/** Reads `{ "step": int, "desc": text }`, how far a firmware update has come. */
export function readProgress(message: ThingMessage): Progress | Refusal {
  const params = paramsOf(message);
  if ("enosCode" in params) return params;
  const { desc } = params.fields;
  // Digits as text are taken as well.
  const given = params.fields["step"];
  const step = typeof given === "string" && /^-?\d{1,3}$/.test(given) ? Number(given) : given;
  if (typeof step !== "number" || !Number.isInteger(step) || step < -100 || step > 100) {
    return refuse("params.step: expected a whole number from -100 to 100");
  }
  if (desc === undefined) return { step };
  if (isText(desc, longestTag)) return { step, desc };
  return refuse(`params.desc: expected text of at most ${longestTag} characters`);
}

/** @param skipped takes why measure points are left out, perhaps all; without it one that is wrong refuses all */
function readPoints(
  fields: Record<string, unknown>,
  product: Product,
  place: string,
  skipped?: string[],
): PointReport | Refusal {
  const points = ownObject(fields, "measurepoints");
  if (points === undefined) return refuse(`${place}.measurepoints: expected an object`, badMeasurePoints);
  const entries = Object.entries(points);
  if (entries.length === 0) return { enosCode: payloadEmpty, reason: `${place}: no measure point` };
  let wrong = 0;
  for (const [identifier, value] of entries) {
    const fault = product.checkPoint(identifier, value);
    if (fault === undefined) continue;
    if (skipped === undefined) return refuse(fault);
    skipped.push(`${place}: ${fault}`);
    wrong += 1;
  }
  const fault = timeFault(fields, place);
  if (fault !== undefined) return refuse(fault);
  if (wrong === 0) return { points, ...timeOf(fields) };
  const right = entries.filter((entry) => product.checkPoint(...entry) === undefined);
  return { points: Object.fromEntries(right), ...timeOf(fields) };
}

function paramsOf(message: ThingMessage): { fields: Record<string, unknown> } | Refusal {
  const fields = ownObject(message.fields, "params");
  return fields === undefined ? refuse("params: expected an object") : { fields };
}

/** Whether an object has no member: empty params, or attributes of which none is named. */
export function isEmpty(fields: Record<string, unknown>): boolean {
  return Object.keys(fields).length === 0;
}

/** The member when it is an object; not one that every object inherits. */
function ownObject(fields: Record<string, unknown>, name: string): Record<string, unknown> | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return isObject(value) ? value : undefined;
}

function timeFault({ time }: Record<string, unknown>, place: string): string | undefined {
  if (time === undefined) return undefined;
  if (typeof time === "number" && Number.isInteger(time) && time >= 0 && time <= lastTime) return undefined;
  return `${place}.time: expected epoch milliseconds`;
}

function timeOf({ time }: Record<string, unknown>): { time?: number } {
  return time === undefined ? {} : { time: time as number };
}
