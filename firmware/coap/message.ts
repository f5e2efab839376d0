/**
 * CoAP messages as bytes (RFC 7252 section 3).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |Ver| T |  TKL  |      Code     |          Message ID           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   Token (0 to 8 bytes) ...
 *    |   Options ...
 *    |1 1 1 1 1 1 1 1|    Payload ...
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { WireReader } from "./wire-reader";
import { optionsLength, writeOptions } from "./option";
import type { Type } from "./code";
import type { FormatFault } from "./wire-reader";
import type { Option, OptionBlock } from "./option";

export type { FormatFault } from "./wire-reader";

/** A message that was read; token, option values and payload are views into the datagram. */
export interface Message {
  readonly type: Type;
  readonly code: number;
  /** 0 to 65535. */
  readonly messageId: number;
  readonly token: Uint8Array;
  /** In the order of the wire, so ascending by number. */
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
  /**
   * Only the beginning has come: it ends within its payload, or within its options, the last of which then has a
   * part of its value.
   */
  readonly cut?: "options" | "payload";
}

/** A message to write. Leave out what is empty. */
export interface OutgoingMessage {
  readonly type: Type;
  readonly code: number;
  readonly messageId: number;
  readonly token?: Uint8Array;
  /** Options encoded beforehand; they come first. */
  readonly fixed?: OptionBlock;
  /** Further options, ascending, none smaller than the last fixed one. */
  readonly options?: readonly Option[];
  readonly payload?: Uint8Array;
}

/** Bytes that `encode` will write for this message. */
export function encodedLength(message: OutgoingMessage): number {
  let length = 4;
  let last = 0;
  if (message.token !== undefined) length += message.token.length;
  if (message.fixed !== undefined) {
    length += message.fixed.bytes.length;
    last = message.fixed.last;
  }
  if (message.options !== undefined) length += optionsLength(message.options, last);
  if (message.payload !== undefined && message.payload.length > 0) length += 1 + message.payload.length;
  return length;
}

/**
 * Writes a message at the start of `out` and returns its length in bytes.
 *
 * @throws RangeError when it does not fit, its token is longer than 8 bytes, or its options are out
 *   of order or above 65535: faults of the caller, never of the network. Part of the message may have
 *   been written by then
 */
export function encode(message: OutgoingMessage, out: Uint8Array): number {
  const room = out.length;
  const token = message.token;
  const fixed = message.fixed;
  const options = message.options;
  const payload = message.payload;
  const messageId = message.messageId;
  let first = 0x40 | (message.type << 4);
  let offset = 4;
  let last = 0;
  // One pass: single bytes written behind the end of `out` go nowhere, so that the room for them can
  // be looked at afterwards. Storing in a Uint8Array keeps the low 8 bits.
  out[1] = message.code;
  out[2] = messageId >> 8;
  out[3] = messageId;
  if (token !== undefined) {
    const length = token.length;
    if (length > 8) throw new RangeError(`a token is at most 8 bytes, got ${length}`);
    first |= length;
    let i = 0;
    if (length >= 4) {
      // Nearly every token has these four, and a turn of the loop costs XS more than two of them.
      out[4] = token[0] ?? 0;
      out[5] = token[1] ?? 0;
      out[6] = token[2] ?? 0;
      out[7] = token[3] ?? 0;
      i = 4;
    }
    for (; i < length; i++) out[4 + i] = token[i] ?? 0;
    offset = 4 + length;
  }
  out[0] = first;
  if (fixed !== undefined) {
    const bytes = fixed.bytes;
    const next = offset + bytes.length;
    if (next > room) throw noRoom(message, room);
    out.set(bytes, offset);
    offset = next;
    last = fixed.last;
  }
  if (options !== undefined && options.length > 0) {
    offset = writeOptions(options, last, out, offset);
    if (offset < 0) throw noRoom(message, room);
  }
  if (payload !== undefined && payload.length > 0) {
    const next = offset + 1 + payload.length;
    if (next > room) throw noRoom(message, room);
    out[offset] = 0xff;
    out.set(payload, offset + 1);
    return next;
  }
  if (offset > room) throw noRoom(message, room);
  return offset;
}

function noRoom(message: OutgoingMessage, room: number): RangeError {
  return new RangeError(`the message takes ${encodedLength(message)} bytes, the buffer has ${room}`);
}

const nothing: Uint8Array = new Uint8Array(0);
const noOptions: readonly Option[] = Object.freeze([]);

/**
 * Reads one datagram, whole and strictly, by the rules of WireReader. Answers with the message, or with the
 * rule that the bytes break.
 *
 * @param layout one to use again, which saves making it
 */
export function decode(datagram: Uint8Array, reader: WireReader = new WireReader()): Message | FormatFault {
  return reader.read(datagram) ?? messageOf(reader);
}

/**
 * What there is of a message that ends in the middle of an option; undefined when it has more than `most` before.
 *
 * @param reader whose `read` has just said "option-truncated"
 */
export function decodeCut(reader: WireReader, most: number): Message | undefined {
  const { datagram, cutAt, cutNumber, cutStart } = reader;
  if (reader.read(datagram.subarray(0, cutAt)) !== undefined || reader.optionCount > most) return undefined;
  const message = messageOf(reader);
  const part = { number: cutNumber, value: datagram.subarray(cutStart) };
  return { ...message, options: message.options.concat(part), cut: "options" };
}

/** The message that a reader has found in its datagram, whether or not its options have been walked. */
export function messageOf(reader: WireReader): Message {
  // A view made from the buffer costs half of what `subarray` does, and views are most of the work.
  const { buffer, byteOffset } = reader.datagram;
  const tokenLength = reader.tokenLength;
  const payloadLength = reader.end - reader.payloadStart;
  const count = reader.optionCount;
  let options = noOptions;
  if (count > 0) {
    // Of its full length at once: growing would take a fifth of all the time.
    const list = new Array<Option>(count);
    reader.rewind();
    for (let i = 0; i < count; i++) {
      reader.nextOption();
      const length = reader.optionLength;
      list[i] = {
        number: reader.optionNumber,
        value: length === 0 ? nothing : new Uint8Array(buffer, byteOffset + reader.optionStart, length),
      };
    }
    options = list;
  }
  return {
    type: reader.type,
    code: reader.code,
    messageId: reader.messageId,
    token: tokenLength === 0 ? nothing : new Uint8Array(buffer, byteOffset + 4, tokenLength),
    options,
    payload:
      payloadLength === 0 ? nothing : new Uint8Array(buffer, byteOffset + reader.payloadStart, payloadLength),
  };
}
