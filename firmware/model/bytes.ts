/**
 * One value as bytes, big-endian, as the sample layout states it, and back.
 *
 *     int, enum          4, two's complement     bool     1, 0 or 1
 *     int64, timestamp   8, two's complement     float    4, IEEE 754
 *     string, date       UTF-8                   double   8, IEEE 754
 *     array              its items one after the other; a text among them as  length u16 | bytes
 *     struct             ( field number u8 | length u16 | value )*
 *
 * An enum of texts goes as the number of its text.
 */
import { decodeUtf8, encodeUtf8 } from "../text/utf8";
import type { Field, StructValue, ThingValue, ValueType } from "./thing";

/** Bytes that every value of the type takes; 0 when that differs from value to value. */
export function fixedSize(type: ValueType): number {
  switch (type.type) {
    case "int":
    case "float":
    case "enum":
      return 4;
    case "double":
    case "int64":
    case "timestamp":
      return 8;
    case "bool":
      return 1;
    default:
      return 0;
  }
}

/** Writes into a buffer of the caller's, from its start on. */
export class ByteWriter {
  readonly out: Uint8Array;
  readonly view: DataView;
  /** Bytes written so far. */
  at = 0;

  constructor(out: Uint8Array) {
    this.out = out;
    this.view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  }

  /** Moves on by `count` bytes; false when there is no room for them. */
  take(count: number): boolean {
    const end = this.at + count;
    if (end > this.out.length) return false;
    this.at = end;
    return true;
  }

  /** Writes first byte and request id, which all payloads start with; false when there is no room. */
  head(kind: number, requestId: number): boolean {
    if (!this.take(5)) return false;
    this.out[0] = kind;
    this.view.setUint32(1, requestId);
    return true;
  }
}

/** Writes a value that has passed the check; false when there is no room. */
export function writeValue(writer: ByteWriter, type: ValueType, value: unknown): boolean {
  const { view, at } = writer;
  const size = fixedSize(type);
  if (size > 0 && !writer.take(size)) return false;
  switch (type.type) {
    case "double":
      view.setFloat64(at, value as number);
      return true;
    case "int":
      view.setInt32(at, value as number);
      return true;
    case "enum":
      view.setInt32(at, enumNumber(type, value));
      return true;
    case "float":
      view.setFloat32(at, value as number);
      return true;
    case "int64":
    case "timestamp":
      view.setInt32(at, Math.floor((value as number) / 0x1_0000_0000));
      view.setUint32(at + 4, (value as number) >>> 0);
      return true;
    case "bool":
      view.setUint8(at, value === true ? 1 : 0);
      return true;
    case "string":
    case "date": {
      const bytes = encodeUtf8(value as string);
      if (!writer.take(bytes.length)) return false;
      writer.out.set(bytes, at);
      return true;
    }
    case "array":
      return writeItems(writer, type, value as readonly ThingValue[]);
    case "struct":
      return writeFields(writer, type.fields!, value as StructValue);
  }
}

/** The number that stands for a value of an enum. */
export function enumNumber({ texts, values }: ValueType, value: unknown): number {
  return texts === undefined ? (value as number) : values![texts.indexOf(value as string)];
}

/** Writes the value behind its length in 16 bits. */
export function writeWithLength(writer: ByteWriter, type: ValueType, value: unknown): boolean {
  const start = writer.at;
  return writer.take(2) && writeValue(writer, type, value) && setLength(writer, start);
}

/** Sets the length of all that was written since behind it; false when 16 bits cannot state it. */
export function setLength(writer: ByteWriter, start: number): boolean {
  const length = writer.at - start - 2;
  if (length > 0xffff) return false;
  writer.view.setUint16(start, length);
  return true;
}

function writeItems(writer: ByteWriter, type: ValueType, items: readonly ThingValue[]): boolean {
  const item = type.items!;
  for (let i = 0; i < items.length; i++) {
    const done =
      item.type === "string" ? writeWithLength(writer, item, items[i]) : writeValue(writer, item, items[i]);
    if (!done) return false;
  }
  return true;
}

function writeFields(writer: ByteWriter, fields: readonly Field[], values: StructValue): boolean {
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    const value = values[field.identifier];
    if (value === undefined) continue;
    const start = writer.at;
    if (!writer.take(1)) return false;
    writer.out[start] = field.number!;
    if (!writeWithLength(writer, field, value)) return false;
  }
  return true;
}

/** Why bytes are no value: they end too early, or cannot be what the model says. */
export type ByteFault = "truncated" | "bad-text" | "bad-value" | "unknown-field";

/** Reads values out of bytes from outside; never past their end. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  /** Why the last value could not be read. */
  fault: ByteFault | undefined = undefined;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** Where `count` bytes start, which are passed over; -1 when not so many are left before `end`. */
  take(count: number, end: number): number {
    const at = this.at;
    if (at + count > end) {
      this.fault = "truncated";
      return -1;
    }
    this.at = at + count;
    return at;
  }

  /** Length in 16 bits and so many bytes behind it: where they end; -1 when they are not there. */
  end(end: number): number {
    const at = this.take(2, end);
    if (at < 0) return -1;
    const length = this.view.getUint16(at);
    if (this.at + length > end) {
      this.fault = "truncated";
      return -1;
    }
    return this.at + length;
  }
}

/**
 * The value from where the reader stands; one of variable length takes all bytes up to `end`.
 * Undefined when it cannot be read: the reader has the fault. Whether the value is within the model's
 * bounds is for the check to say.
 */
export function readValue(reader: ByteReader, type: ValueType, end: number): ThingValue | undefined {
  const size = fixedSize(type);
  const view = reader.view;
  const at = reader.take(size, end);
  if (at < 0) return undefined;
  switch (type.type) {
    case "double":
      return view.getFloat64(at);
    case "int":
      return view.getInt32(at);
    case "enum": {
      const number = view.getInt32(at);
      // One that the model has not is for the check to refuse.
      return type.texts?.[type.values!.indexOf(number)] ?? number;
    }
    case "float":
      return shortest(view.getFloat32(at));
    case "int64":
    case "timestamp":
      return view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
    case "bool":
      return readBool(reader, at);
    case "string":
    case "date": {
      const text = decodeUtf8(reader.bytes.subarray(at, end));
      if (text === undefined) reader.fault = "bad-text";
      reader.at = end;
      return text;
    }
    case "array":
      return readItems(reader, type, end);
    case "struct":
      return readFields(reader, type.fields!, end);
  }
}

/** The nearest 32-bit float. Math.fround is not used, because that of XS leaves whole numbers as they are. */
export function single(value: number): number {
  const one = new Float32Array(1);
  one[0] = value;
  return one[0];
}

/** The decimal number of fewest digits that is this 32-bit float: 21.6, where the float itself is 21.600000381. */
function shortest(float: number): number {
  let digits = 6;
  for (;;) {
    // Nine digits tell any two floats apart.
    const decimal = Number(float.toPrecision(digits));
    if (digits === 9 || single(decimal) === float) return decimal;
    digits += 1;
  }
}

/** A value of variable length stands behind that length, any other as it is. */
export function readDelimited(reader: ByteReader, type: ValueType): ThingValue | undefined {
  const all = reader.bytes.length;
  if (fixedSize(type) > 0) return readValue(reader, type, all);
  const end = reader.end(all);
  return end < 0 ? undefined : readValue(reader, type, end);
}

/** The byte at `at` as a truth value; undefined with a fault when it is neither 0 nor 1. */
export function readBool(reader: ByteReader, at: number): boolean | undefined {
  const byte = reader.bytes[at];
  if (byte <= 1) return byte === 1;
  reader.fault = "bad-value";
  return undefined;
}

function readItems(reader: ByteReader, type: ValueType, end: number): (number | string)[] | undefined {
  const items: (number | string)[] = [];
  const item = type.items!;
  while (reader.at < end) {
    const itemEnd = item.type === "string" ? reader.end(end) : end;
    const value = itemEnd < 0 ? undefined : readValue(reader, item, itemEnd);
    if (value === undefined) return undefined;
    items.push(value as number | string);
  }
  return items;
}

function readFields(reader: ByteReader, fields: readonly Field[], end: number): StructValue | undefined {
  const values: Record<string, number | boolean | string> = {};
  while (reader.at < end) {
    const at = reader.take(1, end);
    const fieldEnd = reader.end(end);
    if (fieldEnd < 0) return undefined;
    const field = fieldByNumber(fields, reader.bytes[at]);
    if (field === undefined) {
      reader.fault = "unknown-field";
      return undefined;
    }
    const value = readValue(reader, field, fieldEnd);
    if (value === undefined) return undefined;
    if (reader.at !== fieldEnd) {
      reader.fault = "bad-value";
      return undefined;
    }
    values[field.identifier] = value as number | boolean | string;
  }
  return values;
}

function fieldByNumber(fields: readonly Field[], number: number): Field | undefined {
  for (let i = 0; i < fields.length; i++) if (fields[i].number === number) return fields[i];
  return undefined;
}
