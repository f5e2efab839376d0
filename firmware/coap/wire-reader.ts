/**
 * Where the parts of a CoAP message lie in its datagram (RFC 7252 section 3): the one place that knows
 * the rules of the format. `decode` (message.ts) makes its views from here.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |Ver| T |  TKL  |      Code     |          Message ID           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   Token (0 to 8 bytes) ...
 *    |   Options ...                                                    <- optionsStart
 *    |1 1 1 1 1 1 1 1|    Payload ...                                   <- payloadStart
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    <- end
 *
 * The contract: `read` looks at every byte that states a length, once. After it returned undefined no
 * accessor reads past the datagram, whatever the sender wrote, so nothing behind it checks anything
 * again. Nothing is allocated and nothing is kept per option: a datagram of a thousand options costs
 * time in proportion to its bytes, and no memory.
 *
 *    const fault = layout.read(datagram);
 *    if (fault !== undefined) return fault;
 *    while (layout.nextOption()) use(layout.optionNumber, layout.optionStart, layout.optionLength);
 */
import type { Type } from "./code";
import { largestOption } from "./option";

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

const marker = 0xff;
const nothing: Uint8Array = new Uint8Array(0);

/**
 * The offsets of one message; `read` fills them anew, as often as one likes. All count from the first
 * byte of the datagram, which may itself be a view into a larger buffer. The fields are for reading.
 *
 * After a fault there is no token, no option and no payload to be found. `type`, `code` and `messageId`
 * are then the header's unless the fault is "short" or "version", for a Confirmable message with a
 * format error is to be answered with a Reset (RFC 7252 section 4.2).
 */
export class WireReader {
  /** What was read last; it must not change while the cursor is in use. */
  datagram = nothing;
  type: Type = 0;
  code = 0;
  messageId = 0;
  /** Bytes of the token, which starts at byte 4. */
  tokenLength = 0;
  /** Where the first option would be, and how many there are. */
  optionsStart = 0;
  optionCount = 0;
  /** First byte of the payload; equal to `end` when there is none. */
  payloadStart = 0;
  /** Length of the datagram. */
  end = 0;

  /** After the fault "option-truncated": where that option begins, its number, and where its value does. */
  cutAt = 0;
  cutNumber = 0;
  cutStart = 0;

  /** The option that the cursor stands on: its number, first byte of its value, bytes of its value. */
  optionNumber = 0;
  optionStart = 0;
  optionLength = 0;

  /** The option that comes next, and what is behind the last: the payload marker, or the end. */
  #next = 0;
  #optionsEnd = 0;

  /** Checks a whole datagram. Undefined when it is a CoAP message, else the rule that it breaks. */
  read(datagram: Uint8Array): FormatFault | undefined {
    // Nothing is to be found until all of it has been found right.
    this.tokenLength = 0;
    this.optionsStart = 0;
    this.optionCount = 0;
    this.payloadStart = 0;
    this.end = 0;
    this.#optionsEnd = 0;
    this.rewind();
    this.datagram = datagram;

    const end = datagram.length;
    if (end < 4) return "short";
    const first = datagram[0] ?? 0;
    if (first >> 6 !== 1) return "version";
    const code = datagram[1] ?? 0;
    this.type = ((first >> 4) & 3) as Type;
    this.code = code;
    this.messageId = ((datagram[2] ?? 0) << 8) | (datagram[3] ?? 0);
    const tokenLength = first & 0x0f;
    if (tokenLength > 8) return "token-length";
    const kind = code >> 5;
    if (kind === 1 || kind >= 6) return "code-class";
    if (code === 0 && (end > 4 || tokenLength > 0)) return "empty-with-content";
    const optionsStart = 4 + tokenLength;
    if (optionsStart > end) return "token-truncated";

    let offset = optionsStart;
    let optionsEnd = end;
    let payloadStart = end;
    let count = 0;
    let number = 0;
    while (offset < end) {
      const at = offset;
      const head = datagram[offset++] ?? 0;
      if (head === marker) {
        if (offset === end) return "payload-empty";
        optionsEnd = offset - 1;
        payloadStart = offset;
        break;
      }
      let delta = head >> 4;
      let length = head & 0x0f;
      if (delta >= 13) {
        if (delta === 15) return "option-delta";
        if (delta === 13) {
          if (offset === end) return "option-extension";
          delta = 13 + (datagram[offset++] ?? 0);
        } else {
          if (offset + 2 > end) return "option-extension";
          delta = 269 + (((datagram[offset] ?? 0) << 8) | (datagram[offset + 1] ?? 0));
          offset += 2;
        }
      }
      if (length >= 13) {
        if (length === 15) return "option-length";
        if (length === 13) {
          if (offset === end) return "option-extension";
          length = 13 + (datagram[offset++] ?? 0);
        } else {
          if (offset + 2 > end) return "option-extension";
          length = 269 + (((datagram[offset] ?? 0) << 8) | (datagram[offset + 1] ?? 0));
          offset += 2;
        }
      }
      number += delta;
      if (number > largestOption) return "option-number";
      offset += length;
      if (offset > end) {
        this.cutAt = at;
        this.cutNumber = number;
        this.cutStart = offset - length;
        return "option-truncated";
      }
      count += 1;
    }

    this.tokenLength = tokenLength;
    this.optionsStart = optionsStart;
    this.optionCount = count;
    this.payloadStart = payloadStart;
    this.end = end;
    this.#optionsEnd = optionsEnd;
    this.#next = optionsStart;
    return undefined;
  }

  /** Moves the cursor to the next option: the first one after `read` or `rewind`. False behind the last. */
  nextOption(): boolean {
    const at = this.#next;
    if (at >= this.#optionsEnd) return false;
    // `read` found every byte of the options in place: one that is missing now ends the walk.
    const datagram = this.datagram;
    const head = datagram[at];
    if (head === undefined) return false;
    let start = at + 1;
    let delta = head >> 4;
    let length = head & 0x0f;
    if (delta >= 13) {
      const high = datagram[start++];
      if (high === undefined) return false;
      if (delta === 13) {
        delta = 13 + high;
      } else {
        const low = datagram[start++];
        if (low === undefined) return false;
        delta = 269 + ((high << 8) | low);
      }
    }
    if (length >= 13) {
      const high = datagram[start++];
      if (high === undefined) return false;
      if (length === 13) {
        length = 13 + high;
      } else {
        const low = datagram[start++];
        if (low === undefined) return false;
        length = 269 + ((high << 8) | low);
      }
    }
    this.#next = start + length;
    this.optionNumber += delta;
    this.optionStart = start;
    this.optionLength = length;
    return true;
  }

  /** Puts the cursor before the first option. */
  rewind(): void {
    this.#next = this.optionsStart;
    this.optionNumber = 0;
    this.optionStart = 0;
    this.optionLength = 0;
  }
}
