/**
 * A CoAP request as the cloud's services see it: method, path, signature, payload.
 *
 * An option that is not understood here, is too long, or comes once too often counts as unrecognised
 * (RFC 7252 sections 5.4.1, 5.4.3 and 5.4.5): an elective one is skipped, a critical one ends the request.
 */
import { code } from "./coap-wire";
import type { CoapMessage, CoapOption } from "./coap-wire";

export const GET = 1;
export const POST = 2;

export const CHANGED = code(2, 4);
export const CONTENT = code(2, 5);
export const BAD_REQUEST = code(4, 0);
export const UNAUTHORIZED = code(4, 1);
const BAD_OPTION = code(4, 2);
export const FORBIDDEN = code(4, 3);
export const NOT_FOUND = code(4, 4);
export const METHOD_NOT_ALLOWED = code(4, 5);
const NOT_ACCEPTABLE = code(4, 6);
const ENTITY_TOO_LARGE = code(4, 13);
export const INTERNAL_ERROR = code(5, 0);
const PROXYING_NOT_SUPPORTED = code(5, 5);

/** EnOS's own options: path of a waiting command, signature, payload of a waiting command. */
export const COMMAND_PATH_OPTION = 2100;
export const SIGN_OPTION = 2101;
export const COMMAND_PAYLOAD_OPTION = 2102;

const URI_HOST = 3;
const URI_PORT = 7;
const URI_PATH = 11;
const ACCEPT = 17;
const PROXY_URI = 35;
const PROXY_SCHEME = 39;
const SIZE1 = 60;

/** Formats that the answers here can pass for: text, any bytes, JSON. */
const ACCEPTABLE: ReadonlySet<number> = new Set([0, 42, 50]);

/** Payload of one datagram, bytes: EnOS wants larger bodies sent block-wise. */
const LARGEST_PAYLOAD = 1024;

export interface CoapRequest {
  method: number;
  path: string[];
  /** Value of option 2101. */
  sign?: Uint8Array;
  payload: Uint8Array;
}

/** What is sent back. A refusal carries no payload. */
export interface Answer {
  code: number;
  payload?: Uint8Array;
  options?: CoapOption[];
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

/** Reads a message that is a request. Never throws. */
export function readRequest(message: CoapMessage): CoapRequest | RefusedRequest {
  const request: CoapRequest = { method: message.code, path: [], payload: message.payload };
  let host = false;
  let port = false;
  let accept: number | undefined;
  let unacceptable: number | undefined;
  for (const { number, value } of message.options) {
    let understood = false;
    switch (number) {
      case URI_PATH: {
        const segment = value.length <= 255 ? utf8(value) : undefined;
        understood = segment !== undefined;
        if (segment !== undefined) request.path.push(segment);
        break;
      }
      case URI_HOST:
        understood = !host && value.length >= 1 && value.length <= 255;
        host = true;
        break;
      case URI_PORT:
        understood = !port && value.length <= 2;
        port = true;
        break;
      case ACCEPT:
        understood = accept === undefined && value.length <= 2;
        accept = value.reduce((sum, byte) => sum * 256 + byte, 0);
        if (!ACCEPTABLE.has(accept)) unacceptable = accept;
        break;
      case SIGN_OPTION:
        understood = request.sign === undefined;
        request.sign ??= value;
        break;
      case PROXY_URI:
      case PROXY_SCHEME:
        return { refused: PROXYING_NOT_SUPPORTED, reason: "this is no proxy" };
    }
    const critical = (number & 1) === 1;
    if (critical && !understood) return refuseOption(number);
  }
  if (message.payload.length > LARGEST_PAYLOAD) {
    const reason = `payload of ${message.payload.length} bytes, at most ${LARGEST_PAYLOAD}`;
    const size1 = { number: SIZE1, value: Uint8Array.of(LARGEST_PAYLOAD >> 8, LARGEST_PAYLOAD & 0xff) };
    return { refused: ENTITY_TOO_LARGE, reason, options: [size1] };
  }
  if (unacceptable !== undefined) return { refused: NOT_ACCEPTABLE, reason: `Accept ${unacceptable}` };
  return request;
}

/** The refusal for a critical option that is not understood. */
export function refuseOption(number: number): RefusedRequest {
  return { refused: BAD_OPTION, reason: `critical option ${number} is unknown here`, criticalOption: true };
}

// A decoder that is shared: with `fatal` it keeps no state between calls.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
