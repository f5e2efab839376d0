/**
 * Pass-through payloads in the layout of EnOS's own sample, big-endian. The product's parsing script
 * in the cloud reads and writes the same bytes.
 *
 *    up    measure points    01 | request id u32 | ( point u8 | length u16 | value )*
 *    up    answer to up      request id u32 | code u16                       (from the cloud)
 *    down  set points        02 | request id u32 | ( point u8 | value )*
 *    up    answer to set     02 | request id u32 | code u8
 *
 * Values: int is i32, double is IEEE 754 binary64, string is UTF-8 bytes. A set command states no
 * lengths: a string, whose length nothing tells, takes the rest and so must come last.
 */
import { decodeUtf8, encodeUtf8 } from "../text/utf8";
import { fits } from "./point";
import type { PointDefinition, Value, Values } from "./point";

const kindMeasurepoints = 0x01;
/** First byte of a set command. */
export const rawSet = 0x02;

/** Why values cannot be encoded. */
export type EncodeFault =
  | { readonly fault: "unknown-point" | "wrong-value"; readonly id: string }
  | { readonly fault: "no-room"; readonly id: string };

/**
 * Writes an uplink of measure points into `out` and returns its length in bytes, or what stands in
 * the way.
 *
 * @param requestId 0 to 2^32 - 1
 */
export function encodeMeasurepoints(
  points: readonly PointDefinition[],
  values: Values,
  requestId: number,
  out: Uint8Array,
): number | EncodeFault {
  if (out.length < 5) return { fault: "no-room", id: "" };
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  out[0] = kindMeasurepoints;
  view.setUint32(1, requestId);
  let offset = 5;
  for (const id in values) {
    const point = pointById(points, id);
    if (point === undefined) return { fault: "unknown-point", id };
    const value = values[id];
    if (!fits(point, value)) return { fault: "wrong-value", id };
    const text = point.type === "string" ? encodeUtf8(value as string) : undefined;
    const length = point.type === "int" ? 4 : point.type === "double" ? 8 : text!.length;
    if (length > 0xffff || offset + 3 + length > out.length) return { fault: "no-room", id };
    out[offset] = point.number;
    view.setUint16(offset + 1, length);
    offset += 3;
    if (point.type === "int") view.setInt32(offset, value as number);
    else if (point.type === "double") view.setFloat64(offset, value as number);
    else out.set(text!, offset);
    offset += length;
  }
  return offset;
}

/** The cloud's answer to an uplink of measure points. */
export interface RawAnswer {
  readonly requestId: number;
  readonly code: number;
}

/** Reads the script's answer to an uplink; undefined when the payload is something else. */
export function decodeAnswer(payload: Uint8Array): RawAnswer | undefined {
  if (payload.length !== 6) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { requestId: view.getUint32(0), code: view.getUint16(4) };
}

/** A set command in raw form. */
export interface RawSet {
  readonly requestId: number;
  readonly values: Record<string, Value>;
}

/** Why a raw command is none; with the request id when it can be read, so that it can be answered. */
export interface RawCommandFault {
  readonly fault: "short" | "unknown-command" | "unknown-point" | "truncated" | "bad-text";
  readonly kind?: number;
  readonly requestId?: number;
}

/** Reads a set command. */
export function decodeSet(points: readonly PointDefinition[], payload: Uint8Array): RawSet | RawCommandFault {
  if (payload.length < 5) return { fault: "short" };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const kind = payload[0];
  const requestId = view.getUint32(1);
  if (kind !== rawSet) return { fault: "unknown-command", kind, requestId };
  const values: Record<string, Value> = {};
  let offset = 5;
  while (offset < payload.length) {
    const point = pointByNumber(points, payload[offset++]);
    if (point === undefined) return { fault: "unknown-point", kind, requestId };
    const left = payload.length - offset;
    const length = point.type === "int" ? 4 : point.type === "double" ? 8 : left;
    if (length > left) return { fault: "truncated", kind, requestId };
    if (point.type === "int") {
      values[point.id] = view.getInt32(offset);
    } else if (point.type === "double") {
      values[point.id] = view.getFloat64(offset);
    } else {
      const text = decodeUtf8(payload.subarray(offset, offset + length));
      if (text === undefined) return { fault: "bad-text", kind, requestId };
      values[point.id] = text;
    }
    offset += length;
  }
  return { requestId, values };
}

/** The device's answer to a raw command: `kind` as it came, code 0 to 255 (200 for success). */
export function encodeReply(kind: number, requestId: number, code: number): Uint8Array {
  const out = new Uint8Array(6);
  const view = new DataView(out.buffer);
  out[0] = kind;
  view.setUint32(1, requestId);
  // One byte cannot state 400 or 404: HTTP-like codes above 255 are answered as 255.
  out[5] = code > 0xff ? 0xff : code;
  return out;
}

function pointById(points: readonly PointDefinition[], id: string): PointDefinition | undefined {
  for (let i = 0; i < points.length; i++) if (points[i].id === id) return points[i];
  return undefined;
}

function pointByNumber(points: readonly PointDefinition[], number: number): PointDefinition | undefined {
  for (let i = 0; i < points.length; i++) if (points[i].number === number) return points[i];
  return undefined;
}
