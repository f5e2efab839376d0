/**
 * CoAP messages as bytes (RFC 7252 section 3), read strictly and written.
 *
 * This codec is the cloud's own and shares nothing with the firmware's, so that each can judge the
 * other. It reads one datagram as one message:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |Ver| T |  TKL  |      Code     |          Message ID           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   Token (TKL bytes) ...
 *    |   Options ...
 *    |1 1 1 1 1 1 1 1|    Payload ...
 */

/** Message types, the field T (RFC 7252 section 3). */
export const con = 0;
export const non = 1;
export const ack = 2;
export const rst = 3;

export type CoapType = 0 | 1 | 2 | 3;

/** One option; its value is uninterpreted. */
export interface CoapOption {
  number: number;
  value: Uint8Array;
}

export interface CoapMessage {
  type: CoapType;
  /** The code byte: class in the upper 3 bits, detail in the lower 5, so 2.04 is 0x44. */
  code: number;
  messageId: number;
  /** 0 to 8 bytes. */
  token: Uint8Array;
  /** In ascending order of their numbers. */
  options: CoapOption[];
  payload: Uint8Array;
}

/** A datagram that is no CoAP message; type and message id as far as version and header allow. */
export interface MalformedCoap {
  /** Which rule it breaks. */
  malformed: string;
  type?: CoapType;
  messageId?: number;
}

/** The code byte of `class.detail`, such as `code(4, 4)` for 4.04. */
export function code(class_: number, detail: number): number {
  return (class_ << 5) | detail;
}

const payloadMarker = 0xff;
const longestToken = 8;
const largestOption = 0xffff;
/**
 * Most options of a message. Far more than any message of EnOS has, and few enough to be kept and shown: a
 * datagram has room for sixty thousand empty ones.
 */
const mostOptions = 64;

/**
 * Reads one datagram. Never throws; token, option values and payload are views into `bytes`.
 *
 * A wrong version and fewer than 4 bytes come back without type and message id, because neither may
 * be answered (RFC 7252 section 3). Which type may carry which code (an empty RST, a response in an
 * ACK) is section 4's matter and not judged here; reserved code classes are. A message of more than
 * `mostOptions` counts as malformed: it is well-formed, and rejected as one that cannot be handled may be.
 */
export function decodeCoap(bytes: Uint8Array): CoapMessage | MalformedCoap {
  if (bytes.length < 4) return { malformed: `${bytes.length} bytes, a header has 4` };
  const version = bytes[0] >> 6;
  if (version !== 1) return { malformed: `version ${version}, expected 1` };
  const type = ((bytes[0] >> 4) & 3) as CoapType;
  const tokenLength = bytes[0] & 15;
  const codeByte = bytes[1];
  const messageId = (bytes[2] << 8) | bytes[3];
  const fault = (malformed: string): MalformedCoap => ({ malformed, type, messageId });

  if (tokenLength > longestToken) return fault(`token length ${tokenLength} is reserved`);
  if (codeByte === 0) {
    if (bytes.length > 4 || tokenLength > 0) return fault("an empty message with bytes after its header");
    return { type, code: 0, messageId, token: bytes.subarray(4), options: [], payload: bytes.subarray(4) };
  }
  const class_ = codeByte >> 5;
  if (class_ === 1 || class_ > 5) return fault(`code class ${class_} is reserved`);
  if (4 + tokenLength > bytes.length) {
    return fault(`token of ${tokenLength} bytes, ${bytes.length - 4} left`);
  }
  const token = bytes.subarray(4, 4 + tokenLength);
  const options: CoapOption[] = [];
  let number = 0;
  let at = 4 + tokenLength;

  //   0   1   2   3   4   5   6   7
  // +---------------+---------------+
  // | Option Delta  | Option Length |   1 byte
  // +---------------+---------------+
  // \ delta (ext.)  \                   0, 1 or 2 bytes
  // \ length (ext.) \                   0, 1 or 2 bytes
  // \ value         \                   0 or more bytes
  while (at < bytes.length) {
    const head = bytes[at++];
    if (head === payloadMarker) {
      if (at === bytes.length) return fault("payload marker without payload");
      return { type, code: codeByte, messageId, token, options, payload: bytes.subarray(at) };
    }
    let delta = head >> 4;
    let length = head & 15;
    if (delta === 15) return fault("option delta 15 is reserved");
    if (length === 15) return fault("option length 15 is reserved");
    const extension = extensionSize(delta) + extensionSize(length);
    if (at + extension > bytes.length) return fault("option ends inside its extended delta or length");
    if (delta === 13) delta = 13 + bytes[at++];
    else if (delta === 14) {
      delta = 269 + ((bytes[at] << 8) | bytes[at + 1]);
      at += 2;
    }
    if (length === 13) length = 13 + bytes[at++];
    else if (length === 14) {
      length = 269 + ((bytes[at] << 8) | bytes[at + 1]);
      at += 2;
    }
    number += delta;
    if (number > largestOption) return fault(`option number ${number} is larger than ${largestOption}`);
    if (at + length > bytes.length) {
      return fault(`value of option ${number} has ${length} bytes, ${bytes.length - at} left`);
    }
    if (options.length === mostOptions) return fault(`more than ${mostOptions} options`);
    options.push({ number, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return { type, code: codeByte, messageId, token, options, payload: bytes.subarray(at) };
}

/** Bytes that a 4-bit delta or length field is continued with. */
function extensionSize(field: number): number {
  return field === 13 ? 1 : field === 14 ? 2 : 0;
}

/**
 * The message's bytes; options may come in any order, equal numbers keep theirs.
 * @throws RangeError when a field cannot be written, or an empty message carries something
 */
export function encodeCoap(message: CoapMessage): Uint8Array {
  const { type, code: codeByte, messageId, token, payload } = message;
  expectRange("type", type, 3);
  expectRange("code", codeByte, 0xff);
  expectRange("message id", messageId, 0xffff);
  expectRange("token length", token.length, longestToken);
  if (codeByte === 0 && token.length + message.options.length + payload.length > 0) {
    throw new RangeError("an empty message (code 0.00) has no token, options or payload");
  }
  const options = message.options.slice().sort((a, b) => a.number - b.number);
  let size = 4 + token.length + (payload.length > 0 ? 1 + payload.length : 0);
  for (let i = 0, number = 0; i < options.length; i++) {
    const option = options[i];
    expectRange("option number", option.number, largestOption);
    expectRange("option length", option.value.length, 269 + 0xffff);
    size += 1 + extendedBytes(option.number - number) + extendedBytes(option.value.length);
    size += option.value.length;
    number = option.number;
  }

  const out = new Uint8Array(size);
  out[0] = 0x40 | (type << 4) | token.length;
  out[1] = codeByte;
  out[2] = messageId >> 8;
  out[3] = messageId & 0xff;
  out.set(token, 4);
  let at = 4 + token.length;
  let number = 0;
  for (const option of options) {
    const delta = option.number - number;
    const length = option.value.length;
    out[at++] = (nibble(delta) << 4) | nibble(length);
    at = writeExtension(out, at, delta);
    at = writeExtension(out, at, length);
    out.set(option.value, at);
    at += length;
    number = option.number;
  }
  if (payload.length > 0) {
    out[at++] = payloadMarker;
    out.set(payload, at);
  }
  return out;
}

function expectRange(what: string, value: number, largest: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= largest) return;
  throw new RangeError(`${what}: expected an integer from 0 to ${largest}, got ${value}`);
}

function nibble(value: number): number {
  return value < 13 ? value : value < 269 ? 13 : 14;
}

function extendedBytes(value: number): number {
  return extensionSize(nibble(value));
}

function writeExtension(out: Uint8Array, at: number, value: number): number {
  if (value < 13) return at;
  if (value < 269) {
    out[at] = value - 13;
    return at + 1;
  }
  out[at] = (value - 269) >> 8;
  out[at + 1] = (value - 269) & 0xff;
  return at + 2;
}
