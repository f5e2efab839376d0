/**
 * JSON from outside, of which nothing is known before it was looked at.
 */
import { decodeUtf8 } from "./utf8";

/** True for a JSON object, not for null or an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON object from bytes, or undefined: not UTF-8, not JSON, or not an object. */
export function parseJsonObject(payload: Uint8Array): Record<string, unknown> | undefined {
  const text = decodeUtf8(payload);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    return undefined;
  }
  return undefined;
}
