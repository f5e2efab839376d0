/**
 * Raw commands and their answers.
 *
 *     set       02     | request id u32 | ( point u8 | value )*
 *     service   number | request id u32 | inputs in order
 *     answer    first byte of the command | request id u32 | code u8 | outputs of a service that did well
 *
 * EnOS's ids have 62 bits. One that is above 32 bits goes in another form, both ways:
 *
 *     06 | request id u64 | first byte of the command | what stands behind its request id
 *
 * Values are those of the sample layout; a string, array or struct stands behind its length in 16 bits
 * (the manual's own script leaves it out, and then nothing tells where it ends). A field that may be
 * left out stands behind a byte, 1 when it is there and 0 when it is not.
 *
 * An answer has one byte for its code:
 *
 *     0 to 249   the code itself, 200 for success
 *     250        400, the command cannot be obeyed as it is
 *     251        404, the device does not know it
 *     252        500, it failed
 *     255        any other
 */
import {
  ByteReader,
  ByteWriter,
  fixedSize,
  readBool,
  readDelimited,
  writeValue,
  writeWithLength,
} from "./bytes";
import { fieldsFault, refuse, settingFault, valueFault } from "./check";
import type { ByteFault } from "./bytes";
import type { FaultName, Field, MeasurePoint, Service, Thing, ThingFault, ThingValue } from "./thing";

const setKind = 0x02;
const longIdKind = 0x06;
const firstService = 0x11;
const success = 200;

/** A command's id: a number up to 2^32 - 1, or the decimal digits of one that came in 64 bits. */
export type RequestId = number | string;

/** A raw command that can be obeyed. */
export type RawCommand =
  | {
      readonly kind: "set";
      readonly requestId: RequestId;
      readonly values: Readonly<Record<string, ThingValue>>;
    }
  | {
      readonly kind: "service";
      readonly requestId: RequestId;
      /** Its identifier. */
      readonly service: string;
      readonly inputs: Readonly<Record<string, ThingValue>>;
    };

/** Why a raw command is none, or cannot be obeyed. */
export interface RawCommandFault {
  readonly fault: FaultName | ByteFault | "unknown-command" | "left-over";
  /** Measure point or input that it is about, or its number; "" when it is about the whole. */
  readonly id: string;
  readonly detail: string;
  /** What the answer says: 404 or 400. */
  readonly code: 400 | 404;
  /** First byte of the answer; undefined when there is nothing to answer to. */
  readonly first: number | undefined;
  readonly requestId: RequestId | undefined;
}

/** What all raw commands start with. */
export interface CommandHead {
  /** 2 for set, or a service's number. */
  readonly first: number;
  readonly requestId: RequestId;
  /** Where the rest begins. */
  readonly end: number;
}

/** The head of a raw command, or undefined when it is not all there. */
export function commandHead(payload: Uint8Array): CommandHead | undefined {
  const isLong = payload[0] === longIdKind;
  const end = isLong ? 10 : 5;
  if (payload.length < end) return undefined;
  if (isLong) return { first: payload[9], requestId: decimalDigits(payload.slice(1, 9)), end };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { first: payload[0], requestId: view.getUint32(1), end };
}

/** The digits of a number of 64 bits, by long division, as doubles hold 53 bits only; its bytes are used up. */
function decimalDigits(bytes: Uint8Array): string {
  let digits = "";
  let left = 1;
  while (left > 0) {
    let rest = 0;
    left = 0;
    for (let i = 0; i < bytes.length; i++) {
      rest = rest * 256 + bytes[i];
      bytes[i] = Math.floor(rest / 10);
      rest %= 10;
      left += bytes[i];
    }
    digits = `${rest}${digits}`;
  }
  return digits;
}

/** Writes the head of an answer; false when there is no room. */
function writeHead(writer: ByteWriter, first: number, requestId: RequestId): boolean {
  if (typeof requestId === "number") return writer.head(first, requestId);
  if (!writer.take(10)) return false;
  const { out } = writer;
  out[0] = longIdKind;
  out.fill(0, 1, 9);
  for (let i = 0; i < requestId.length; i++) {
    let carry = requestId.charCodeAt(i) - 0x30;
    for (let at = 8; at >= 1; at--) {
      carry += out[at] * 10;
      out[at] = carry & 0xff;
      carry >>= 8;
    }
  }
  out[9] = first;
  return true;
}

/** Reads a raw command. Never throws. */
export function decodeCommand(thing: Thing, payload: Uint8Array): RawCommand | RawCommandFault {
  const head = commandHead(payload);
  if (head === undefined) {
    const detail = `has ${payload.length} bytes, first byte and request id take more`;
    return { fault: "truncated", id: "", detail, code: 400, first: undefined, requestId: undefined };
  }
  const { first, requestId } = head;
  const reader = new ByteReader(payload, head.end);
  const values: Record<string, ThingValue> = {};
  if (first === setKind) {
    const fault = readSettings(reader, thing.points, values);
    return fault === undefined ? { kind: "set", requestId, values } : answerable(fault, first, requestId);
  }
  const service = serviceByNumber(thing, first);
  if (service === undefined) {
    const fault = {
      fault: "unknown-command",
      id: String(first),
      detail: "is no command of this product",
    } as const;
    return answerable(fault, first, requestId);
  }
  const fault = readInputs(reader, service.inputs, values);
  if (fault !== undefined) return answerable(fault, first, requestId);
  return { kind: "service", requestId, service: service.identifier, inputs: values };
}

type Refusal = Pick<RawCommandFault, "fault" | "id" | "detail">;

function answerable(refusal: Refusal, first: number, requestId: RequestId): RawCommandFault {
  const { fault, id, detail } = refusal;
  const code = fault === "unknown" || fault === "unknown-command" ? 404 : 400;
  return { fault, id, detail, code, first, requestId };
}

function readSettings(
  reader: ByteReader,
  points: readonly MeasurePoint[],
  values: Record<string, ThingValue>,
): Refusal | undefined {
  const end = reader.bytes.length;
  while (reader.at < end) {
    const number = reader.bytes[reader.at++];
    const point = pointByNumber(points, number);
    if (point === undefined) return refuse("unknown", String(number), "is no measure point of the model");
    const value = readDelimited(reader, point);
    if (value === undefined) return unreadable(reader, point.identifier);
    const fault = settingFault(point, value);
    if (fault !== undefined) return fault;
    values[point.identifier] = value;
  }
  return undefined;
}

function readInputs(
  reader: ByteReader,
  fields: readonly Field[],
  values: Record<string, ThingValue>,
): Refusal | undefined {
  const end = reader.bytes.length;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field.optional === true) {
      const at = reader.take(1, end);
      const present = at < 0 ? undefined : readBool(reader, at);
      if (present === undefined) return unreadable(reader, field.identifier);
      if (!present) continue;
    }
    const value = readDelimited(reader, field);
    if (value === undefined) return unreadable(reader, field.identifier);
    const fault = valueFault(field, value, field.identifier);
    if (fault !== undefined) return fault;
    values[field.identifier] = value;
  }
  if (reader.at === end) return undefined;
  return { fault: "left-over", id: "", detail: `has ${end - reader.at} bytes behind its inputs` };
}

function unreadable(reader: ByteReader, id: string): Refusal {
  return { fault: reader.fault!, id, detail: "cannot be read" };
}

/**
 * Writes the answer to a raw command into `out` and returns its length in bytes, or what stands in
 * the way: outputs that are not what the model says, or too little room.
 *
 * @param first the command's first byte: 2 for set, or a service's number
 * @param code 200 for success, or why not
 * @param outputs of a service that did well; no other answer has any
 */
export function encodeReply(
  thing: Thing,
  first: number,
  requestId: RequestId,
  code: number,
  outputs: Readonly<Record<string, unknown>> | undefined,
  out: Uint8Array,
): number | ThingFault {
  const writer = new ByteWriter(out);
  if (!writeHead(writer, first, requestId) || !writer.take(1)) {
    return refuse("no-room", "", `${out.length} bytes have no room for an answer`);
  }
  out[writer.at - 1] = codeByte(code);
  const service = first < firstService || code !== success ? undefined : serviceByNumber(thing, first);
  if (service === undefined) return writer.at;
  const given = outputs ?? {};
  const fault = fieldsFault(service.outputs, given);
  if (fault !== undefined) return fault;
  for (let i = 0; i < service.outputs.length; i++) {
    const field = service.outputs[i];
    if (!writeField(writer, field, given[field.identifier])) {
      return refuse("no-room", field.identifier, `has no room in ${out.length} bytes`);
    }
  }
  return writer.at;
}

function writeField(writer: ByteWriter, field: Field, value: unknown): boolean {
  if (field.optional === true) {
    const at = writer.at;
    if (!writer.take(1)) return false;
    writer.out[at] = value === undefined ? 0 : 1;
    if (value === undefined) return true;
  }
  return fixedSize(field) > 0 ? writeValue(writer, field, value) : writeWithLength(writer, field, value);
}

/** The number of a service, for its answer; undefined when the product has no such service. */
export function serviceNumber(thing: Thing, identifier: string): number | undefined {
  const services = thing.services;
  for (let i = 0; i < services.length; i++) {
    if (services[i].identifier === identifier) return services[i].number;
  }
  return undefined;
}

function codeByte(code: number): number {
  if (code >= 0 && code <= 249 && code % 1 === 0) return code;
  return code === 400 ? 250 : code === 404 ? 251 : code === 500 ? 252 : 255;
}

function serviceByNumber(thing: Thing, number: number): Service | undefined {
  const services = thing.services;
  for (let i = 0; i < services.length; i++) if (services[i].number === number) return services[i];
  return undefined;
}

function pointByNumber(points: readonly MeasurePoint[], number: number): MeasurePoint | undefined {
  for (let i = 0; i < points.length; i++) if (points[i].number === number) return points[i];
  return undefined;
}

/** What EnOS says of a raw uplink. */
export interface RawAnswer {
  readonly requestId: number;
  /** EnOS's code, 200 for stored. */
  readonly code: number;
}

/**
 * Reads the parsing script's answer to raw measure points; undefined when the payload is something else.
 *
 *     request id u32 | code u16
 */
export function decodeAnswer(payload: Uint8Array): RawAnswer | undefined {
  if (payload.length !== 6) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { requestId: view.getUint32(0), code: view.getUint16(4) };
}
