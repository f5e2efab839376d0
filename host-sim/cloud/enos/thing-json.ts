/**
 * EnOS's JSON messages, as the cloud reads and writes them. Nothing here throws, whatever a body holds.
 *
 *     up      { "id": "1", "version": "1.0", "params": {...}, "method": "thing.measurepoint.post" }
 *     answer  { "id": "1", "code": 200, "data": {} }
 *
 * Unknown members are ignored, as EnOS does.
 */
import { printable } from "../coap/coap-text";
import { isDeeper } from "../../model/nesting";
import { isObject } from "../json";
import type { Product } from "../registry/product";

/** EnOS result codes of the JSON answers. */
export const success = 200;
const tooLarge = 1008;
export const validationFailed = 1204;
const badMeasurePoints = 1206;
const badAttributes = 1207;
export const badAttributeQuery = 1208;
export const badAttributeDeletion = 1209;
const badBatch = 1212;
const notJson = 1220;
const payloadEmpty = 1251;
export const methodMismatch = 1260;

/** Most attributes or tags of a device, and in one message. */
export const mostNames = 200;
const mostEntries = 200;
/**
 * EnOS's manual has no bound for an id. A sealed product's script with proof makes one of the request's, its envelope's
 * and the device key, which may have 255 characters.
 */
const longestId = 320;
const longestName = 64;
const longestTag = 256;
const longestVersion = 64;
/**
 * A tag's key, as the manual has it: at most 100 letters, digits and underlines, of which the first is no digit.
 * An assignment to a property named __proto__ would set an object's prototype instead.
 */
const tagKeyPattern = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const tagKeyForm = "1 to 100 letters, digits and underlines, the first of them no digit";
const lastTime = 8.64e15;
/** Most levels of arrays and objects, so that recursion over a value is bounded; messages of EnOS have few. */
const deepest = 16;

/** A message id comes back in the kind in which it came, digit by digit: a bigint is one that no double holds. */
export type ThingId = string | number | bigint;

/** A body that is a JSON object. `id` is undefined when it has none, and "" when it has one that cannot be used. */
export interface ThingMessage {
  id: ThingId | undefined;
  fields: Record<string, unknown>;
}

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

/** A device's answer to a command. */
export interface Reply {
  id: string;
  code: number;
  data?: unknown;
  /** What the device says of it. */
  message?: string;
}

/** Why a readable message is refused. */
export interface Refusal {
  enosCode: number;
  reason: string;
  /** A parsing script says so itself: that the bytes are none that it can read. */
  isByScript?: true;
}

/** Reads a body, bytes or text, that must be a JSON object. */
export function readJsonObject(body: Uint8Array | string): { fields: Record<string, unknown> } | Refusal {
  if (body.length === 0) return { enosCode: payloadEmpty, reason: "empty payload" };
  let value: unknown;
  try {
    value = JSON.parse(typeof body === "string" ? body : utf8.decode(body));
  } catch {
    return { enosCode: notJson, reason: "not JSON" };
  }
  if (!isObject(value)) return { enosCode: notJson, reason: "not a JSON object" };
  if (isDeeper(value, deepest)) return { enosCode: notJson, reason: `nested more than ${deepest} deep` };
  return { fields: value };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads a message; a refusal here means CoAP 4.00, for there is no id to answer to. */
export function readThingMessage(body: Uint8Array | string): ThingMessage | Refusal {
  const read = readJsonObject(body);
  if ("enosCode" in read) return read;
  const id = read.fields["id"];
  if (id === undefined) return { id, fields: read.fields };
  if (typeof id === "string" && id.length <= longestId) return { id, fields: read.fields };
  if (Number.isSafeInteger(id)) return { id: id as number, fields: read.fields };
  const text = Number.isInteger(id)
    ? valueText(typeof body === "string" ? body : utf8.decode(body), "id")
    : "";
  const usable = text.length <= longestId && /^-?\d+$/.test(text);
  return { id: usable ? BigInt(text) : "", fields: read.fields };
}

/** How a member of an object is written in its JSON, which can be read; of several of that name the last one. */
function valueText(json: string, name: string): string {
  let depth = 0;
  let before = "";
  let member = "";
  let found = "";
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)) {
    if (depth === 1 && token === ":") member = JSON.parse(before) as string;
    if (depth === 1 && before === ":" && member === name) found = token;
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    before = token;
  }
  return found;
}

/**
 * Reads what a parsing script made of a raw uplink. Without a `method` it is no message but the script's
 * word that it could not read the bytes, `{ "code", "message" }`: a refusal, which means CoAP 4.00.
 */
export function readScriptMessage(json: string): (ThingMessage & { method: string }) | Refusal {
  const message = readThingMessage(json);
  if ("enosCode" in message) {
    return { enosCode: message.enosCode, reason: `the parsing script returned: ${message.reason}` };
  }
  const { method } = message.fields;
  if (typeof method !== "string") return scriptRefusal(message, "method");
  return { id: message.id, fields: message.fields, method };
}

/**
 * Checks what all reports share: an id, if there is one, the version, and that method and topic agree.
 *
 * @param methodOptional as it is for events
 */
export function checkEnvelope(
  { id, fields }: ThingMessage,
  method: string,
  methodOptional = false,
): Refusal | undefined {
  if (id === "") return refuse(`id: expected text of 1 to ${longestId} characters or an integer`);
  const { version } = fields;
  if (version !== "1.0") return refuse('version: expected "1.0"');
  if (fields["method"] === method || (methodOptional && fields["method"] === undefined)) return undefined;
  return { enosCode: methodMismatch, reason: `method: this topic takes ${method}` };
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

/** Reads a device's JSON reply to a command, `{ "id", "code", "data" }`; undefined when it is none. */
export function readReply(body: Uint8Array | string): Reply | undefined {
  const message = readThingMessage(body);
  return "enosCode" in message ? undefined : replyOf(message);
}

/**
 * Reads what a parsing script made of a raw reply; its code may be text, as in the sample of EnOS's manual:
 * `{ "id": "20", "code": "200", "data": "" }`. Code 1220 without data is the script's own word that it could
 * not read the bytes.
 */
export function readScriptReply(json: string): Reply | Refusal {
  const message = readThingMessage(json);
  if ("enosCode" in message) {
    return { enosCode: message.enosCode, reason: `the parsing script returned: ${message.reason}` };
  }
  const reply = replyOf({ id: message.id, fields: { ...message.fields, code: scriptCode(message) } });
  if (reply === undefined || (reply.code === notJson && reply.data === undefined)) {
    return scriptRefusal(message, "code");
  }
  return reply;
}

/** The answer's body, without an id to a message that has none. */
export function encodeAnswer(id: ThingId | undefined, code: number, data: unknown = {}): Uint8Array {
  const text = answerText(id, code, data);
  // Nearly always ASCII, of which a short array takes no Buffer.
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character > 0x7f) return Buffer.from(text, "utf8");
    bytes[i] = character;
  }
  return bytes;
}

/**
 * The answer as a parsing script is given it, which writes it to the device in bytes. Where there is nothing to say,
 * its data is `""`: the sample of EnOS's manual appends whatever else it finds there to its bytes.
 */
export function scriptAnswer(id: ThingId | undefined, code: number, data: unknown = ""): string {
  return answerText(id, code, data);
}

function answerText(id: ThingId | undefined, code: number, data: unknown): string {
  const stated = typeof id === "bigint" ? String(id) : JSON.stringify(id);
  const start = id === undefined ? "" : `"id":${stated},`;
  return `{${start}"code":${code},"data":${JSON.stringify(data)}}`;
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

function replyOf({ id, fields }: ThingMessage): Reply | undefined {
  const { code, data, message } = fields;
  if (id === undefined || id === "" || !Number.isSafeInteger(code)) return undefined;
  return {
    ...{ id: String(id), code: code as number },
    data,
    ...(isText(message, longestTag) ? { message } : {}),
  };
}

/** The result code that a parsing script states, as a number or as text; undefined when it states none. */
function scriptCode({ fields }: Pick<ThingMessage, "fields">): number | undefined {
  const { code } = fields;
  if (typeof code === "string" && /^-?\d{1,9}$/.test(code)) return Number(code);
  return Number.isSafeInteger(code) ? (code as number) : undefined;
}

/** @param lacking what the script's JSON would have been of use with */
function scriptRefusal({ fields }: ThingMessage, lacking: "method" | "code"): Refusal {
  const { message } = fields;
  const code = scriptCode({ fields });
  const why = typeof message === "string" ? `: ${printable(message)}` : "";
  // A reply has no business where a report is due, and its success is none of what it came for.
  if (code === undefined || code === success) {
    return { enosCode: notJson, reason: `the parsing script returned JSON without a ${lacking}${why}` };
  }
  return { enosCode: code, reason: `the parsing script could not read it${why}`, isByScript: true };
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

function isText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length <= longest;
}

function refuse(reason: string, enosCode = validationFailed): Refusal {
  return { enosCode, reason };
}
