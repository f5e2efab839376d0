/**
 * Codes of CoAP messages by their names in RFC 7252 section 12.1 and RFC 7959: methods and responses.
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
  internalError: code(5, 0),
  proxyingNotSupported: code(5, 5),
} as const);
