/**
 * Option 2101 as the next requests of a session will carry it, so that to check one is to compare it: a device
 * counts its requests up, and AES works out sixteen of them in hardly more time than it takes to decrypt one.
 *
 * What is expected is nothing but a shortcut. A request with another sign is read in full, and judged by that.
 */
import { createCipheriv } from "node:crypto";
import type { Cipher } from "node:crypto";

const aesBlock = 16;
/** Requests whose signs are worked out together. */
const ahead = 16;
const hexDigits = Buffer.from("0123456789ABCDEF", "latin1");

export class ExpectedSigns {
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array | undefined;
  #aes: Cipher | undefined;
  #token = "";
  /** Sequence number of the first one that is there. */
  #first = 0;
  #count = 0;
  /** Characters of one, in hex. */
  #length = 0;
  /** One behind the other. */
  #signs: Uint8Array = new Uint8Array(0);

  /** @param iv the vector that CBC begins with; undefined for ECB */
  constructor(key: Uint8Array, iv: Uint8Array | undefined) {
    this.#key = key;
    this.#iv = iv;
  }

  /** Works out the signs from `first` on. The token is of printable ASCII. */
  prepare(token: string, first: number): void {
    const text = `token${token}sequence${first}`;
    const digits = String(first).length;
    // A number with one digit more makes another length.
    const last = Math.min(first + ahead - 1, 10 ** digits - 1, Number.MAX_SAFE_INTEGER);
    const count = Math.max(0, last - first + 1);
    const length = (text.length | (aesBlock - 1)) + 1;
    const texts = Buffer.alloc(count * length, length - text.length);
    for (let i = 0; i < count; i++) {
      texts.write(text, i * length, "latin1");
      let rest = first + i;
      for (let at = i * length + text.length - 1; rest > 0; at--, rest = Math.floor(rest / 10)) {
        texts[at] = 0x30 + (rest % 10);
      }
    }
    this.#signs = inHex(this.#encrypt(texts, count, length));
    this.#token = token;
    this.#first = first;
    this.#count = count;
    this.#length = 2 * length;
  }

  /**
   * Whether this is the sign of that request; false also when that is not known. Those after the last one known are
   * worked out on the way. Takes a time that does not depend on where a wrong one is wrong.
   */
  has(sign: Uint8Array, token: string, sequence: number): boolean {
    if (this.#count === 0 || token !== this.#token) return false;
    if (sequence === this.#first + this.#count) this.prepare(token, sequence);
    const index = sequence - this.#first;
    if (index < 0 || index >= this.#count || sign.length !== this.#length) return false;
    let difference = 0;
    for (let i = 0, at = index * this.#length; i < sign.length; i++, at++) {
      difference |= sign[i] ^ this.#signs[at];
    }
    return difference === 0;
  }

  /** Encrypts texts of the same length: the first block of all of them, then the second of all. */
  #encrypt(texts: Uint8Array, count: number, length: number): Uint8Array {
    // ECB without padding keeps nothing from one call to the next; the chaining of CBC is done here.
    this.#aes ??= createCipheriv("aes-128-ecb", this.#key, null).setAutoPadding(false);
    if (this.#iv === undefined) return this.#aes.update(texts);
    const out = new Uint8Array(texts.length);
    const input = new Uint8Array(count * aesBlock);
    for (let block = 0; block < length; block += aesBlock) {
      for (let i = 0; i < count; i++) {
        const at = i * length + block;
        const chained = block === 0 ? this.#iv : out;
        const from = block === 0 ? 0 : at - aesBlock;
        for (let j = 0; j < aesBlock; j++) input[i * aesBlock + j] = texts[at + j] ^ chained[from + j];
      }
      const encrypted = this.#aes.update(input);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < aesBlock; j++) out[i * length + block + j] = encrypted[i * aesBlock + j];
      }
    }
    return out;
  }
}

/** Bytes as upper-case hex, itself as bytes. */
function inHex(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    out[2 * i] = hexDigits[bytes[i] >> 4];
    out[2 * i + 1] = hexDigits[bytes[i] & 15];
  }
  return out;
}
