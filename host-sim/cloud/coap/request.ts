/**
 * A CoAP request as the cloud's services see it: method, path, signature, payload, and the part that it
 * is of a block-wise transfer (RFC 7959).
 *
 * An option that is not understood here, is too long, or comes once too often counts as unrecognised
 * (RFC 7252 sections 5.4.1, 5.4.3 and 5.4.5): an elective one is skipped, a critical one ends the request.
 */
import { Code } from "./codes";
import { OptionNumber } from "./options";
import type { CoapMessage, CoapOption } from "./coap-wire";

/** Formats that the answers here can pass for: text, any bytes, JSON. */
const acceptable: ReadonlySet<number> = new Set([0, 42, 50]);

/** Payload of one datagram, bytes: EnOS wants larger bodies sent block-wise. */
const largestPayload = 1024;

/** SZX of the largest block, 1024 bytes; 7 is reserved. */
export const largestBlockSzx = 6;

/**
 * Value of Block1 or Block2, 0 to 3 bytes (RFC 7959 section 2.2):
 *
 *     0                   1                   2
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                  NUM                  |M| SZX |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export interface Block {
  num: number;
  /** Of Block1: blocks follow. Without a meaning in a request's Block2. */
  more: boolean;
  /** The block has 2 ** (szx + 4) bytes. */
  szx: number;
}

export interface CoapRequest {
  method: number;
  path: string[];
  /** Value of option 2101. */
  sign?: Uint8Array;
  payload: Uint8Array;
  contentFormat?: number;
  /** Which block of the request's body the payload is; SZX and payload have been found to agree. */
  block1?: Block;
  /** Which block of the response's body is asked for. */
  block2?: Block;
  /** Announced length of the request's body, bytes. */
  size1?: number;
  /** There when the length of the response's body is asked for; the value means nothing. */
  size2?: number;
  /** Tell uploads to one path apart (RFC 9175 section 3); there may be several, in this order. */
  requestTags?: Uint8Array[];
  /** Content-Format that the answer has to have. */
  accept?: number;
  /** Bodies that the sender has, by their ETags: it need not be sent one of them again. */
  etags?: Uint8Array[];
  /** It is to be carried out for a body with one of these ETags alone; an empty one stands for any. */
  ifMatch?: Uint8Array[];
  /** It is to be carried out only where there is nothing yet. */
  ifNoneMatch?: true;
}

/** What is sent back. A refusal carries no payload. */
export interface Answer {
  code: number;
  payload?: Uint8Array;
  options?: CoapOption[];
  /** Bytes of the largest datagram that the receiver takes, where that is known. */
  largest?: number;
  /** It is the block that was asked for, or needs none: it is sent as it is, and nothing is kept for the next. */
  isBlock?: true;
}

/** A request refused: the answer's code and, for the operator alone, why. */
export interface RefusedRequest {
  refused: number;
  reason: string;
  options?: CoapOption[];
  /** An unknown critical option: a NON request is then dropped without an answer (section 5.4.1). */
  criticalOption?: true;
  /** An event has told of it already. */
  told?: true;
}

/**
 * Reads a message that is a request. Never throws.
 * @param limits of a body in blocks, bytes, and of its blocks: what a sender is told whose payload is too long for one
 *   datagram
 */
export function readRequest(
  message: CoapMessage,
  limits: { readonly bodyBytes: number; readonly blockSize: number },
): CoapRequest | RefusedRequest {
  const request: CoapRequest = { method: message.code, path: [], payload: message.payload };
  let host = false;
  let port = false;
  let unacceptable: number | undefined;
  for (const { number, value } of message.options) {
    let understood = false;
    switch (number) {
      case OptionNumber.uriPath: {
        const segment = value.length <= 255 ? segmentText(value) : undefined;
        understood = segment !== undefined;
        if (segment !== undefined) request.path.push(segment);
        break;
      }
      case OptionNumber.uriHost:
        understood = !host && value.length >= 1 && value.length <= 255;
        host = true;
        break;
      case OptionNumber.uriPort:
        understood = !port && value.length <= 2;
        port = true;
        break;
      case OptionNumber.accept:
        understood = request.accept === undefined && value.length <= 2;
        request.accept = uint(value);
        if (!acceptable.has(request.accept)) unacceptable = request.accept;
        break;
      case OptionNumber.contentFormat:
        if (value.length <= 2) request.contentFormat ??= uint(value);
        break;
      case OptionNumber.block1:
        understood = request.block1 === undefined && value.length <= 3;
        request.block1 = readBlock(value);
        break;
      case OptionNumber.block2:
        understood = request.block2 === undefined && value.length <= 3;
        request.block2 = readBlock(value);
        break;
      case OptionNumber.size1:
        if (value.length <= 4) request.size1 ??= uint(value);
        break;
      case OptionNumber.size2:
        if (value.length <= 4) request.size2 ??= uint(value);
        break;
      case OptionNumber.requestTag:
        if (value.length <= 8) (request.requestTags ??= []).push(value);
        break;
      case OptionNumber.etag:
        if (value.length >= 1 && value.length <= 8) (request.etags ??= []).push(value);
        break;
      case OptionNumber.ifMatch:
        understood = value.length <= 8;
        (request.ifMatch ??= []).push(value);
        break;
      case OptionNumber.ifNoneMatch:
        understood = request.ifNoneMatch === undefined && value.length === 0;
        request.ifNoneMatch = true;
        break;
      case OptionNumber.sign:
        understood = request.sign === undefined;
        request.sign ??= value;
        break;
      case OptionNumber.proxyUri:
      case OptionNumber.proxyScheme:
        return { refused: Code.proxyingNotSupported, reason: "this is no proxy" };
    }
    const critical = (number & 1) === 1;
    if (critical && !understood) return refuseOption(number);
  }
  const blockFault = checkBlocks(request);
  if (blockFault !== undefined) return { refused: Code.badRequest, reason: blockFault };
  if (message.payload.length > largestPayload) {
    const { bodyBytes, blockSize: size } = limits;
    const reason = `payload of ${message.payload.length} bytes in one datagram, at most ${largestPayload}`;
    // RFC 7959 section 2.9.3: the size of blocks in which it could come, where it is no longer than a body may be.
    const hint = message.payload.length <= bodyBytes ? { num: 0, more: false, szx: szxOf(size) } : undefined;
    return tooLarge(reason, bodyBytes, hint);
  }
  if (unacceptable !== undefined) return { refused: Code.notAcceptable, reason: `Accept ${unacceptable}` };
  return request;
}

/** What makes a request's block options senseless whatever came before them, if anything does. */
function checkBlocks({ block1, block2, payload }: CoapRequest): string | undefined {
  if (block2 !== undefined) {
    if (block2.szx > largestBlockSzx) return "Block2: SZX 7 is reserved";
    if (block1 !== undefined && block2.num > 0) return "Block2: a later block is asked for while uploading";
  }
  if (block1 === undefined) return undefined;
  if (block1.szx > largestBlockSzx) return "Block1: SZX 7 is reserved";
  const size = blockSize(block1.szx);
  if (block1.more ? payload.length === size : payload.length <= size) return undefined;
  const expected = block1.more ? `${size}` : `at most ${size}`;
  return `Block1: expected a block of ${expected} bytes, got ${payload.length}`;
}

/** The refusal of a body that is too long; `largest` in bytes; `hint`: the blocks in which it would do. */
export function tooLarge(reason: string, largest: number, hint?: Block): RefusedRequest {
  const options: CoapOption[] = [{ number: OptionNumber.size1, value: writeUint(largest) }];
  if (hint !== undefined) options.unshift({ number: OptionNumber.block1, value: writeBlock(hint) });
  return { refused: Code.entityTooLarge, reason, options };
}

/** Bytes of a block, 16 to 1024. */
export function blockSize(szx: number): number {
  return 2 ** (szx + 4);
}

/** SZX of blocks of so many bytes. @throws RangeError when `size` is not 16, 32 ... 1024 */
export function szxOf(size: number): number {
  for (let szx = 0; szx <= largestBlockSzx; szx++) if (blockSize(szx) === size) return szx;
  throw new RangeError(`block size: expected a power of 2 from 16 to 1024, got ${size}`);
}

/** The value of a Block1 or Block2 option. */
export function writeBlock({ num, more, szx }: Block): Uint8Array {
  return writeUint(num * 16 + (more ? 8 : 0) + szx);
}

/** A number as an option's value: without leading zero bytes (RFC 7252 section 3.2). */
export function writeUint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

function readBlock(value: Uint8Array): Block {
  const number = uint(value);
  return { num: Math.floor(number / 16), more: (number & 8) !== 0, szx: number & 7 };
}

function uint(value: Uint8Array): number {
  let sum = 0;
  for (const byte of value) sum = sum * 256 + byte;
  return sum;
}

/** The refusal for a critical option that is not understood. */
export function refuseOption(number: number): RefusedRequest {
  return {
    refused: Code.badOption,
    reason: `critical option ${number} is unknown here`,
    criticalOption: true,
  };
}

// A decoder that is shared: with `fatal` it keeps no state between calls.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Segments that came lately, each at the place that its bytes name; whatever comes to the same place replaces it. */
const segmentPlaces = 16_384;
const segments = new Array<{ readonly bytes: Uint8Array; readonly text: string } | undefined>(segmentPlaces);

/**
 * A segment of a path as text; undefined when it is no UTF-8. Devices ask for the same few paths again and again, and to
 * decode a path of seven segments takes longer than to read the rest of the request.
 */
function segmentText(bytes: Uint8Array): string | undefined {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum = (Math.imul(sum, 31) + bytes[i]) | 0;
  const place = (sum ^ (sum >>> 14)) & (segmentPlaces - 1);
  const known = segments[place];
  if (known !== undefined && isSame(known.bytes, bytes)) return known.text;
  try {
    const text = decoder.decode(bytes);
    segments[place] = { bytes: Uint8Array.from(bytes), text };
    return text;
  } catch {
    return undefined;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
