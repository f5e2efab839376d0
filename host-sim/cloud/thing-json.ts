/**
 * EnOS's JSON messages, as the cloud reads and writes them.
 *
 *     up      { "id": "1", "version": "1.0", "params": {...}, "method": "thing.measurepoint.post" }
 *     answer  { "id": "1", "code": 200, "data": {} }
 */
import { checkPoint } from "./demo-product";
import type { PointValue } from "./demo-product";

/** EnOS result codes of the JSON answers. */
export const SUCCESS = 200;
export const VALIDATION_FAILED = 1204;
const NOT_JSON = 1220;
const PAYLOAD_EMPTY = 1251;
const METHOD_MISMATCH = 1260;

const MOST_ATTRIBUTES = 200;
const LONGEST_ID = 64;

/** A message id comes back in the kind in which it came. */
export type ThingId = string | number;

/** A body that is a JSON object. `id` is "" when it has none that can be used. */
export interface ThingMessage {
  id: ThingId;
  fields: Record<string, unknown>;
}

/** A report that passed: what it says, and when (epoch ms) if it tells. */
export interface ThingReport {
  values: Record<string, unknown>;
  time?: number;
}

/** Why a readable report is refused. */
export interface Refusal {
  enosCode: number;
  reason: string;
}

/** Reads a request body that must be a JSON object. Never throws. */
export function readJsonObject(payload: Uint8Array): { fields: Record<string, unknown> } | Refusal {
  if (payload.length === 0) return { enosCode: PAYLOAD_EMPTY, reason: "empty payload" };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload));
  } catch {
    return { enosCode: NOT_JSON, reason: "not JSON" };
  }
  if (!isObject(value)) return { enosCode: NOT_JSON, reason: "not a JSON object" };
  return { fields: value };
}

/** Reads a message; a refusal here means CoAP 4.00, for there is no id to answer to. */
export function readThingMessage(payload: Uint8Array): ThingMessage | Refusal {
  const body = readJsonObject(payload);
  if ("enosCode" in body) return body;
  const id = body.fields["id"];
  const usable =
    (typeof id === "string" && id.length >= 1 && id.length <= LONGEST_ID) || Number.isSafeInteger(id);
  return { id: usable ? (id as ThingId) : "", fields: body.fields };
}

/** Checks what all reports share: id, version, and that method and topic agree. */
export function checkEnvelope({ id, fields }: ThingMessage, method: string): Refusal | undefined {
  if (id === "") return refuse(`id: expected text of 1 to ${LONGEST_ID} characters or an integer`);
  const { version } = fields;
  if (version !== undefined && version !== "1.0") return refuse('version: expected "1.0"');
  if (fields["method"] === method) return undefined;
  return { enosCode: METHOD_MISMATCH, reason: `method: this topic takes ${method}` };
}

/** Reads `{ "measurepoints": { id: value or {"value", "quality"} }, "time": epoch ms }`. */
export function readMeasurePoints(message: ThingMessage): ThingReport | Refusal {
  const params = message.fields["params"];
  if (!isObject(params)) return refuse("params: expected an object");
  const given = params["measurepoints"];
  if (!isObject(given)) return refuse("params.measurepoints: expected an object");
  const values: Record<string, PointValue> = {};
  for (const [id, point] of Object.entries(given)) {
    let value = point;
    if (isObject(point)) {
      value = point["value"];
      const quality = point["quality"];
      const fits = Number.isInteger(quality) && (quality as number) >= 0 && (quality as number) <= 9;
      if (quality !== undefined && !fits) return refuse("quality: expected an integer from 0 to 9");
    }
    const fault = checkPoint(id, value);
    if (fault !== undefined) return refuse(fault);
    values[id] = value as PointValue;
  }
  if (Object.keys(values).length === 0) return { enosCode: PAYLOAD_EMPTY, reason: "no measure point" };
  return withTime(values, params["time"]);
}

/** Reads `{ "events": {...}, "time": epoch ms }`. */
export function readEvent(message: ThingMessage): ThingReport | Refusal {
  const params = message.fields["params"];
  if (!isObject(params)) return refuse("params: expected an object");
  if (!isObject(params["events"])) return refuse("params.events: expected an object");
  return withTime(params["events"], params["time"]);
}

/** Reads `{ "attributes": {...} }`, at most 200 of them. */
export function readAttributes(message: ThingMessage): ThingReport | Refusal {
  const params = message.fields["params"];
  if (!isObject(params)) return refuse("params: expected an object");
  const attributes = params["attributes"];
  if (!isObject(attributes)) return refuse("params.attributes: expected an object");
  const count = Object.keys(attributes).length;
  if (count === 0) return { enosCode: PAYLOAD_EMPTY, reason: "no attribute" };
  if (count > MOST_ATTRIBUTES) return refuse(`${count} attributes, at most ${MOST_ATTRIBUTES}`);
  return { values: attributes };
}

/** Reads a device's reply to a command, `{ "id", "code", "data" }`; `undefined` when it is none. */
export function readReply(payload: Uint8Array): { id: string; code: number; data?: unknown } | undefined {
  const message = readThingMessage(payload);
  if ("enosCode" in message || message.id === "") return undefined;
  const { code, data } = message.fields;
  if (!Number.isSafeInteger(code)) return undefined;
  return { id: String(message.id), code: code as number, ...(data === undefined ? {} : { data }) };
}

/** The answer's body. */
export function encodeAnswer(id: ThingId, code: number): Uint8Array {
  return Buffer.from(JSON.stringify({ id, code, data: {} }), "utf8");
}

/** True for a JSON object, not for null or an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withTime(values: Record<string, unknown>, time: unknown): ThingReport | Refusal {
  if (time === undefined) return { values };
  if (Number.isSafeInteger(time) && (time as number) >= 0) return { values, time: time as number };
  return refuse("params.time: expected epoch milliseconds");
}

function refuse(reason: string): Refusal {
  return { enosCode: VALIDATION_FAILED, reason };
}
