/**
 * Message types and codes of CoAP (RFC 7252 sections 3 and 12.1).
 *
 * A code is one byte, `class << 5 | detail`, written `class.detail`: 0x45 is 2.05.
 */

/** Message types, RFC 7252 section 3. */
export const Type = Object.freeze({
  confirmable: 0,
  nonConfirmable: 1,
  acknowledgement: 2,
  reset: 3,
} as const);
export type Type = (typeof Type)[keyof typeof Type];

/**
 * Request and response codes: RFC 7252 sections 12.1.1 and 12.1.2, and those that other documents add
 * (RFC 7959 section 2.9: 2.31 and 4.08; RFC 8132: FETCH, PATCH, iPATCH).
 */
export const Code = Object.freeze({
  empty: 0x00,
  get: 0x01,
  post: 0x02,
  put: 0x03,
  delete: 0x04,
  fetch: 0x05,
  patch: 0x06,
  iPatch: 0x07,
  created: 0x41,
  deleted: 0x42,
  valid: 0x43,
  changed: 0x44,
  content: 0x45,
  continue: 0x5f,
  badRequest: 0x80,
  unauthorized: 0x81,
  badOption: 0x82,
  forbidden: 0x83,
  notFound: 0x84,
  methodNotAllowed: 0x85,
  notAcceptable: 0x86,
  requestEntityIncomplete: 0x88,
  preconditionFailed: 0x8c,
  requestEntityTooLarge: 0x8d,
  unsupportedContentFormat: 0x8f,
  internalServerError: 0xa0,
  notImplemented: 0xa1,
  badGateway: 0xa2,
  serviceUnavailable: 0xa3,
  gatewayTimeout: 0xa4,
  proxyingNotSupported: 0xa5,
} as const);

/** The class of a code: 0 requests, 2 success, 4 client error, 5 server error. */
export function codeClass(code: number): number {
  return code >> 5;
}

/** A response code has class 2, 4 or 5. */
export function isResponse(code: number): boolean {
  const kind = code >> 5;
  return kind === 2 || kind === 4 || kind === 5;
}

/** A request code has class 0 and is not the empty message's. */
export function isRequest(code: number): boolean {
  return code !== 0 && code >> 5 === 0;
}

/** The code as people write it, such as `2.04`. */
export function codeText(code: number): string {
  const detail = code & 0x1f;
  return `${code >> 5}.${detail < 10 ? "0" : ""}${detail}`;
}
