/**
 * The options of CoAP and of EnOS: their numbers, and how people write them. One table for all that reads or
 * shows a message on the host; it runs in a browser as well.
 */

/** Numbers of options: RFC 7252 section 12.2, RFC 7959, RFC 9175, and EnOS's own from 2100. */
export const OptionNumber = Object.freeze({
  ifMatch: 1,
  uriHost: 3,
  etag: 4,
  ifNoneMatch: 5,
  uriPort: 7,
  locationPath: 8,
  uriPath: 11,
  contentFormat: 12,
  maxAge: 14,
  uriQuery: 15,
  accept: 17,
  locationQuery: 20,
  block2: 23,
  block1: 27,
  size2: 28,
  proxyUri: 35,
  proxyScheme: 39,
  size1: 60,
  echo: 252,
  requestTag: 292,
  /** Path of a command that waits for the device. */
  commandPath: 2100,
  /** Signature of a request. */
  sign: 2101,
  /** A command that comes with the response, in the edition without GET. */
  commandPayload: 2102,
} as const);

/** How an option is shown. */
export interface OptionForm {
  readonly name: string;
  /** What its value is: a uint, UTF-8, or bytes with no reading. */
  readonly as: "number" | "text" | "bytes";
  /** What it is for, where the name does not say it. */
  readonly purpose?: string;
}

/** The forms by number; an option that is not here is shown as its number and bytes. */
export const optionForms: Readonly<Record<number, OptionForm>> = Object.freeze({
  1: { name: "If-Match", as: "bytes" },
  3: { name: "Uri-Host", as: "text" },
  4: { name: "ETag", as: "bytes" },
  5: { name: "If-None-Match", as: "bytes" },
  7: { name: "Uri-Port", as: "number" },
  8: { name: "Location-Path", as: "text" },
  11: { name: "Uri-Path", as: "text" },
  12: { name: "Content-Format", as: "number" },
  14: { name: "Max-Age", as: "number" },
  15: { name: "Uri-Query", as: "text" },
  17: { name: "Accept", as: "number" },
  20: { name: "Location-Query", as: "text" },
  23: { name: "Block2", as: "number" },
  27: { name: "Block1", as: "number" },
  28: { name: "Size2", as: "number" },
  60: { name: "Size1", as: "number" },
  252: { name: "Echo", as: "bytes" },
  292: { name: "Request-Tag", as: "bytes" },
  2100: { name: "2100", as: "text", purpose: "path of a command that waits" },
  2101: { name: "2101", as: "bytes", purpose: "signature" },
  2102: { name: "2102", as: "bytes", purpose: "a command" },
});

/** Types of messages as RFC 7252 abbreviates them, by their number. */
export const messageTypes = Object.freeze(["CON", "NON", "ACK", "RST"] as const);

/** An unsigned integer of up to 4 bytes, as options carry them (RFC 7252 section 3.2). */
export function uintOf(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes[i];
  return value;
}
