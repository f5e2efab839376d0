/**
 * Netstrings, in which xsnap-worker speaks over its pipes:
 *
 *   "12:" 12 bytes ","
 */

const colon = 0x3a;
const comma = 0x2c;
const zero = 0x30;
/** Digits of a length that the worker itself can write; more is no netstring. */
const mostDigits = 10;

/** One message of these parts. */
export function netstring(tag: string, body: Uint8Array): Buffer {
  const head = `${tag.length + body.length}:${tag}`;
  const message = Buffer.allocUnsafe(head.length + body.length + 1);
  message.write(head, 0, "latin1");
  message.set(body, head.length);
  message[message.length - 1] = comma;
  return message;
}

/** Puts messages together again from the pieces in which a pipe delivers them. */
export class NetstringReader {
  #pieces: Buffer[] = [];
  #have = 0;
  /** Bytes that the message at the front takes, once its length is known. */
  #need = 0;

  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#have += piece.length;
  }

  /**
   * The next whole message, or `undefined` until more has come.
   * @throws Error for bytes that are no netstring
   */
  next(): Buffer | undefined {
    if (this.#have === 0 || this.#have < this.#need) return undefined;
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [bytes];
    let length = 0;
    let at = 0;
    while (at < bytes.length && bytes[at] !== colon) {
      const digit = bytes[at] - zero;
      if (digit < 0 || digit > 9 || at >= mostDigits) {
        throw new Error("no netstring: its length is no number");
      }
      length = 10 * length + digit;
      at += 1;
    }
    if (at === bytes.length) return undefined;
    const start = at + 1;
    this.#need = start + length + 1;
    if (bytes.length < this.#need) return undefined;
    if (bytes[start + length] !== comma) throw new Error("no netstring: it does not end with a comma");
    const rest = bytes.subarray(this.#need);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#have = rest.length;
    this.#need = 0;
    return bytes.subarray(start, start + length);
  }
}
