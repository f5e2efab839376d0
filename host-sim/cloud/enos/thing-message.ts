/**
 * EnOS's JSON messages as such: what all of them have around their content, and the answer. Nothing here throws,
 * whatever a body holds.
 *
 *     up      { "id": "1", "version": "1.0", "params": {...}, "method": "thing.measurepoint.post" }
 *     answer  { "id": "1", "code": 200, "data": {} }, which is a device's reply to a command, too
 *
 * Unknown members are ignored, as EnOS does.
 */
import { isDeeper } from "../../model/nesting";
import { isObject } from "../json";

/** EnOS result codes of the JSON answers. */
export const success = 200;
export const validationFailed = 1204;
export const notJson = 1220;
export const payloadEmpty = 1251;
export const methodMismatch = 1260;

/**
 * EnOS's manual has no bound for an id. A sealed product's script with proof makes one of the request's, its envelope's
 * and the device key, which may have 255 characters.
 */
const longestId = 320;
/** Characters of the text that a device says of something. */
export const longestText = 256;
/** Most levels of arrays and objects, so that recursion over a value is bounded; messages of EnOS have few. */
const deepest = 16;

/** A message id comes back in the kind in which it came, digit by digit: a bigint is one that no double holds. */
export type ThingId = string | number | bigint;

/** A body that is a JSON object. `id` is undefined when it has none, and "" when it has one that cannot be used. */
export interface ThingMessage {
  id: ThingId | undefined;
  fields: Record<string, unknown>;
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

/** Reads a device's JSON reply to a command, `{ "id", "code", "data" }`; undefined when it is none. */
export function readReply(body: Uint8Array | string): Reply | undefined {
  const message = readThingMessage(body);
  return "enosCode" in message ? undefined : replyOf(message);
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

/** The reply that a message is; undefined when it is none. */
export function replyOf({ id, fields }: ThingMessage): Reply | undefined {
  const { code, data, message } = fields;
  if (id === undefined || id === "" || !Number.isSafeInteger(code)) return undefined;
  return {
    ...{ id: String(id), code: code as number },
    data,
    ...(isText(message, longestText) ? { message } : {}),
  };
}

/** Whether a value is text of at most so many characters. */
export function isText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length <= longest;
}

/** A refusal; by default one for what the message says. */
export function refuse(reason: string, enosCode = validationFailed): Refusal {
  return { enosCode, reason };
}
