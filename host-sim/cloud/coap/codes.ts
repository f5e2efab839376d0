/**
 * Codes of CoAP messages by their names in RFC 7252 section 12.1 and RFC 7959: methods and responses. It runs in a
 * browser as well.
 */
import { code } from "./coap-wire";

/** Methods, and the responses that a server of EnOS gives. */
export const Code = Object.freeze({
  get: 1,
  post: 2,
  valid: code(2, 3),
  changed: code(2, 4),
  content: code(2, 5),
  continue: code(2, 31),
  badRequest: code(4, 0),
  unauthorized: code(4, 1),
  badOption: code(4, 2),
  forbidden: code(4, 3),
  notFound: code(4, 4),
  methodNotAllowed: code(4, 5),
  notAcceptable: code(4, 6),
  entityIncomplete: code(4, 8),
  preconditionFailed: code(4, 12),
  entityTooLarge: code(4, 13),
  unsupportedContentFormat: code(4, 15),
  internalError: code(5, 0),
  proxyingNotSupported: code(5, 5),
} as const);

/** Names of all codes that IANA has registered, but for those of signalling over TCP. */
const names: ReadonlyMap<number, string> = new Map([
  [0, "Empty"],
  [1, "GET"],
  [2, "POST"],
  [3, "PUT"],
  [4, "DELETE"],
  [5, "FETCH"],
  [6, "PATCH"],
  [7, "iPATCH"],
  [code(2, 1), "Created"],
  [code(2, 2), "Deleted"],
  [code(2, 3), "Valid"],
  [code(2, 4), "Changed"],
  [code(2, 5), "Content"],
  [code(2, 31), "Continue"],
  [code(4, 0), "Bad Request"],
  [code(4, 1), "Unauthorized"],
  [code(4, 2), "Bad Option"],
  [code(4, 3), "Forbidden"],
  [code(4, 4), "Not Found"],
  [code(4, 5), "Method Not Allowed"],
  [code(4, 6), "Not Acceptable"],
  [code(4, 8), "Request Entity Incomplete"],
  [code(4, 9), "Conflict"],
  [code(4, 12), "Precondition Failed"],
  [code(4, 13), "Request Entity Too Large"],
  [code(4, 15), "Unsupported Content-Format"],
  [code(4, 22), "Unprocessable Entity"],
  [code(4, 29), "Too Many Requests"],
  [code(5, 0), "Internal Server Error"],
  [code(5, 1), "Not Implemented"],
  [code(5, 2), "Bad Gateway"],
  [code(5, 3), "Service Unavailable"],
  [code(5, 4), "Gateway Timeout"],
  [code(5, 5), "Proxying Not Supported"],
  [code(5, 8), "Hop Limit Reached"],
]);

/** The code's registered name, such as `POST` and `Unauthorized`; empty for one that has none. */
export function codeName(codeByte: number): string {
  return names.get(codeByte) ?? "";
}

/** The code as RFC 7252 writes it, such as `0.02` and `4.01`. */
export function codeNumber(codeByte: number): string {
  return `${codeByte >> 5}.${String(codeByte & 31).padStart(2, "0")}`;
}
