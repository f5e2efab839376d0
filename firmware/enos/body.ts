/**
 * Bodies of JSON topics: what is sent, and what EnOS answers inside a 2.xx.
 */
import { decodeUtf8, encodeUtf8 } from "../text/utf8";
import { methodOf } from "./topic";

/** A value of a measure point on its way to EnOS; with quality it is `{ value, quality }`. */
export type PointValue = number | string | boolean | readonly number[] | QualifiedValue;
export interface QualifiedValue {
  readonly value: number | string | boolean;
  /** 0 to 9. */
  readonly quality: number;
}
/** Measure points by identifier. */
export type Points = Readonly<Record<string, PointValue>>;

/** `code` of an answer that means success. */
export const enosOk = 200;

/**
 * Codes that speak of the message itself, so that it would be refused again: 1008 too large, 1204
 * against the model, 1208 bad attribute query, 1220 no JSON, 1251 empty, 1260 method and topic
 * disagree. Any other may be a trouble of the cloud's that passes.
 */
const finalCodes: readonly number[] = Object.freeze([1008, 1204, 1208, 1220, 1251, 1260]);

/** Whether EnOS has refused the message for good. */
export function isFinal(code: number): boolean {
  return finalCodes.indexOf(code) >= 0;
}

/**
 * Body of a JSON request: `{"id":…,"version":"1.0","method":…,"params":…}`.
 *
 * @param id the message's id; EnOS gives it back in its answer
 * @param topic below the device's root
 */
export function requestBody(id: string, topic: string, params: unknown): Uint8Array {
  return encodeUtf8(
    `{"id":${JSON.stringify(id)},"version":"1.0","method":"${methodOf(topic)}","params":${JSON.stringify(params)}}`,
  );
}

/** Parameters of thing/measurepoint/post. `time` is epoch ms, left out while the device has no clock. */
export function measurepointParams(points: Points, time: number | undefined): unknown {
  return time === undefined ? { measurepoints: points } : { measurepoints: points, time };
}

/**
 * The `code` in the answer to a JSON request, 200 for success; undefined when the body is not such
 * an answer. An empty body counts as success: EnOS may say no more than 2.04.
 */
export function answerCode(payload: Uint8Array): number | undefined {
  if (payload.length === 0) return enosOk;
  const answer = parseJsonObject(payload);
  return answer !== undefined && typeof answer.code === "number" ? answer.code : undefined;
}

/** A JSON object from bytes, or undefined: not UTF-8, not JSON, or not an object. */
export function parseJsonObject(payload: Uint8Array): Record<string, unknown> | undefined {
  const text = decodeUtf8(payload);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
