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
import type { Type } from "./code";
import { largestOption, optionLength, writeOption } from "./option";
import type { Option, OptionBlock } from "./option";

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
  const options = message.options;
  if (options !== undefined) {
    for (let i = 0; i < options.length; i++) {
      length += optionLength(options[i].number - last, options[i].value.length);
      last = options[i].number;
    }
  }
  if (message.payload !== undefined && message.payload.length > 0) length += 1 + message.payload.length;
  return length;
}

/**
 * Writes a message at the start of `out` and returns its length in bytes.
 *
 * @throws RangeError when it does not fit, its token is longer than 8 bytes, or its options are out
 *   of order or above 65535: faults of the caller, never of the network
 */
export function encode(message: OutgoingMessage, out: Uint8Array): number {
  const token = message.token;
  const tokenLength = token === undefined ? 0 : token.length;
  if (tokenLength > 8) throw new RangeError(`a token is at most 8 bytes, got ${tokenLength}`);
  const messageId = message.messageId;
  const needed = encodedLength(message);
  if (needed > out.length) {
    throw new RangeError(`the message takes ${needed} bytes, the buffer has ${out.length}`);
  }

  out[0] = 0x40 | (message.type << 4) | tokenLength;
  out[1] = message.code;
  out[2] = messageId >> 8;
  out[3] = messageId & 0xff;
  let offset = 4;
  if (token !== undefined) {
    for (let i = 0; i < tokenLength; i++) out[offset++] = token[i];
  }
  let last = 0;
  const fixed = message.fixed;
  if (fixed !== undefined) {
    out.set(fixed.bytes, offset);
    offset += fixed.bytes.length;
    last = fixed.last;
  }
  const options = message.options;
  if (options !== undefined) {
    for (let i = 0; i < options.length; i++) {
      offset = writeOption(out, offset, options[i].number - last, options[i].value);
      last = options[i].number;
      if (last > largestOption) {
        throw new RangeError(`an option number is at most ${largestOption}, got ${last}`);
      }
    }
  }
  const payload = message.payload;
  if (payload !== undefined && payload.length > 0) {
    out[offset++] = 0xff;
    out.set(payload, offset);
    offset += payload.length;
  }
  return offset;
}

/** Why bytes are not a CoAP message; each is one rule of RFC 7252 section 3 (or 4.1, 4.2). */
export type FormatFault =
  | "short" // fewer than the 4 bytes of the header
  | "version" // not 1: to be ignored in silence
  | "token-length" // TKL 9 to 15 is reserved
  | "token-truncated"
  | "code-class" // 1, 6 and 7 are reserved
  | "empty-with-content" // code 0.00 with anything behind the message id
  | "option-delta" // nibble 15 that is not the payload marker
  | "option-length" // nibble 15
  | "option-extension" // the extension's bytes are missing
  | "option-number" // above 65535
  | "option-truncated" // the value runs past the end
  | "payload-empty"; // a payload marker with nothing behind it

const nothing: Uint8Array = new Uint8Array(0);
const noOptions: readonly Option[] = Object.freeze([]);

/**
 * Reads one datagram, whole and strictly: every length is checked before it is used, so what comes
 * back needs no more checks. Answers with the message, or with the rule that the bytes break.
 */
export function decode(datagram: Uint8Array): Message | FormatFault {
  const end = datagram.length;
  if (end < 4) return "short";
  const first = datagram[0];
  if (first >> 6 !== 1) return "version";
  const tokenLength = first & 0x0f;
  if (tokenLength > 8) return "token-length";
  const code = datagram[1];
  const kind = code >> 5;
  if (kind === 1 || kind >= 6) return "code-class";
  const type = ((first >> 4) & 3) as Type;
  const messageId = (datagram[2] << 8) | datagram[3];
  if (code === 0) {
    if (end > 4 || tokenLength > 0) return "empty-with-content";
    return { type, code, messageId, token: nothing, options: noOptions, payload: nothing };
  }
  let offset = 4 + tokenLength;
  if (offset > end) return "token-truncated";
  // A view made from the buffer costs half of what `subarray` does, and views are most of the work.
  const { buffer, byteOffset } = datagram;
  const token = tokenLength === 0 ? nothing : new Uint8Array(buffer, byteOffset + 4, tokenLength);

  if (offset === end) return { type, code, messageId, token, options: noOptions, payload: nothing };
  const options: Option[] = [];
  let payload = nothing;
  let number = 0;
  while (offset < end) {
    const head = datagram[offset++];
    if (head === 0xff) {
      if (offset === end) return "payload-empty";
      payload = new Uint8Array(buffer, byteOffset + offset, end - offset);
      break;
    }
    let delta = head >> 4;
    let length = head & 0x0f;
    if (delta >= 13) {
      if (delta === 15) return "option-delta";
      if (delta === 13) {
        if (offset >= end) return "option-extension";
        delta = 13 + datagram[offset++];
      } else {
        if (offset + 1 >= end) return "option-extension";
        delta = 269 + ((datagram[offset] << 8) | datagram[offset + 1]);
        offset += 2;
      }
    }
    if (length >= 13) {
      if (length === 15) return "option-length";
      if (length === 13) {
        if (offset >= end) return "option-extension";
        length = 13 + datagram[offset++];
      } else {
        if (offset + 1 >= end) return "option-extension";
        length = 269 + ((datagram[offset] << 8) | datagram[offset + 1]);
        offset += 2;
      }
    }
    number += delta;
    if (number > largestOption) return "option-number";
    const next = offset + length;
    if (next > end) return "option-truncated";
    options.push({
      number,
      value: length === 0 ? nothing : new Uint8Array(buffer, byteOffset + offset, length),
    });
    offset = next;
  }
  return { type, code, messageId, token, options, payload };
}
