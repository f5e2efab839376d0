/**
 * JSON from outside, of which nothing is known before it was looked at. The firmware has the same check of
 * its own: the cloud shares no line with what it judges.
 */

/** True for a JSON object, not for null or an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
