/**
 * Takes out of a datagram what must stay secret: the session token of an authentication's answer, the
 * signature of the authentication, and option 2101, which holds the token encrypted. A report is passed on
 * by people who would never pass on a key.
 */
import { decodeCoap } from "../../../cloud/coap/coap-wire";

export interface Masked {
  /** As long as the datagram, zeros where something was taken out. */
  readonly bytes: Uint8Array;
  /** Where: first byte and count. */
  readonly ranges: readonly (readonly [at: number, length: number])[];
}

const signature = 2101;
/** Values of these names in a JSON payload; an empty or an unended one as far as it goes. */
const secretMember = /"(?:token|sign|accessToken|deviceSecret)"\s*:\s*"([^"]*)/g;

/** A copy without its secrets. */
export function maskSecrets(datagram: Uint8Array): Masked {
  const bytes = datagram.slice();
  const message = decodeCoap(bytes);
  if ("malformed" in message) {
    // What cannot be read cannot be judged.
    bytes.fill(0);
    return { bytes, ranges: bytes.length === 0 ? [] : [[0, bytes.length]] };
  }
  const ranges: (readonly [number, number])[] = [];
  for (const { number, value } of message.options) {
    if (number === signature && value.length > 0)
      ranges.push([value.byteOffset - bytes.byteOffset, value.length]);
  }
  const start = message.payload.byteOffset - bytes.byteOffset;
  // One character for each byte, so that places in the text are places in the bytes.
  const text = Buffer.from(message.payload).toString("latin1");
  for (const match of text.matchAll(secretMember)) {
    const length = match[1].length;
    if (length > 0) ranges.push([start + match.index + match[0].length - length, length]);
  }
  for (const [at, length] of ranges) bytes.fill(0, at, at + length);
  return { bytes, ranges };
}
