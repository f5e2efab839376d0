/**
 * Bodies of JSON topics: what is sent, and what EnOS answers inside a 2.xx.
 */
import { isObject, parseJsonObject } from "../text/json";
import { encodeUtf8 } from "../text/utf8";
import { methodOf } from "./topic";
import type { MemberNames } from "../text/member-names";

/** `code` of an answer that means success. */
export const enosOk = 200;

/**
 * Whether EnOS has refused the request for good: the code speaks of the request itself, so that it would be refused
 * again. Such are 1008, too large, and all of 12xx: 1204 against the model, 1206 form of the measure points, 1207
 * form of the attributes, 1208 attribute query, 1209 attribute deletion, 1212 batch, 1220 no JSON, 1251 empty, 1260
 * method and topic disagree. Any other code may be a fault of the cloud that passes.
 */
export function isFinal(code: number): boolean {
  return code === 1008 || (code >= 1200 && code < 1300);
}

/**
 * Body of a JSON request: `{"id":…,"version":"1.0","method":…,"params":…}`.
 *
 * @param id the request's id; EnOS gives it back in its answer
 * @param topic below the device's root
 */
export function requestBody(id: string, topic: string, params: unknown): Uint8Array {
  return encodeUtf8(
    `{"id":${JSON.stringify(id)},"version":"1.0","method":"${methodOf(topic)}","params":${JSON.stringify(params)}}`,
  );
}

/**
 * Parameters of a reading. `time` is epoch ms, left out while the device has no clock.
 *
 * @param points measure points by identifier; with quality a value is `{ value, quality }`
 */
export function measurepointParams(points: unknown, time: number | undefined): unknown {
  return time === undefined ? { measurepoints: points } : { measurepoints: points, time };
}

/** What EnOS answers inside a 2.xx. */
export interface Answer {
  /** 200 for success. Some of EnOS's examples have it as text. */
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const nothing: Readonly<Record<string, unknown>> = Object.freeze({});

/** The code as a number: text counts only when it is the digits of one. */
function codeOf(code: unknown): number | undefined {
  if (typeof code === "number") return code;
  if (typeof code !== "string" || code.length === 0 || code.length > 6) return undefined;
  for (let i = 0; i < code.length; i++) {
    const digit = code.charCodeAt(i);
    if (digit < 0x30 || digit > 0x39) return undefined;
  }
  return Number(code);
}

/**
 * Reads the answer to a JSON request; undefined when the body is not such an answer. An empty body
 * counts as success: EnOS may say no more than 2.04.
 *
 * @param names counts what the server's answers are made of, see `MemberNames`
 */
export function readAnswer(payload: Uint8Array, names?: MemberNames): Answer | undefined {
  if (payload.length === 0) return { code: enosOk, data: nothing };
  const answer = parseJsonObject(payload, undefined, names);
  if (!isObject(answer)) return undefined;
  const code = codeOf(answer.code);
  if (code === undefined) return undefined;
  return { code, data: isObject(answer.data) ? answer.data : nothing };
}
