/**
 * Signatures of the EnOS CoAP protocol without DTLS: the one of the authentication request, and
 * option 2101 of every request after it (in the edition that hands out tokens).
 */
import { ascii, hexText, readHex, writeHex } from "../text/ascii";
import { encodeUtf8 } from "../text/utf8";
import { SettingsError } from "./credentials";
import type { Credentials } from "./credentials";

/** SHA-256 of what comes in pieces, such as an image that is longer than the memory. */
export interface Sha256 {
  write(bytes: Uint8Array): void;
  /** The digest, 32 bytes; nothing may be written behind it. */
  close(): Uint8Array;
}

/** The primitives, from the runtime's `crypt` module on a board and from node:crypto on a host. */
export interface Cryptography {
  /** SHA-256, 32 bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** The same in pieces. */
  newSha256(): Sha256;
  /** AES-128-CBC without padding: key and iv 16 bytes, data a multiple of 16. */
  aes128CbcEncrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  /** AES-128-CTR, which is its own inverse: key and first counter block 16 bytes, data of any length above zero. */
  aes128Ctr(key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array;
}

/** `secureMode` of one secret per device. */
export const secureMode = 2;

/**
 * Initialisation vector of option 2101. EnOS's manual names none, and its first edition no mode of AES: CBC with zeros
 * is the default, `key` means CBC with the signing key itself, 32 hex digits give any other vector, and `ecb` is
 * the mode that has none.
 */
export type InitialisationVector = "zero" | "key" | "ecb" | string;

/**
 * Signature of the authentication request: upper-case hex of SHA-256 over
 * `deviceKey{DK}lifetime{L}productKey{PK}secureMode2{DS}`, 64 characters.
 *
 * @param lifetime seconds
 */
export function signAuthentication(crypto: Cryptography, credentials: Credentials, lifetime: number): string {
  const text =
    `deviceKey${credentials.deviceKey}lifetime${lifetime}productKey${credentials.productKey}` +
    `secureMode${secureMode}${credentials.deviceSecret}`;
  return hexText(crypto.sha256(encodeUtf8(text)));
}

const block = 16;
const zeros: Uint8Array = new Uint8Array(block);
const beforeToken: Uint8Array = ascii("token");
const beforeSequence: Uint8Array = ascii("sequence");

/** Signs the requests of one device: keeps the key derived from its secret, and the vector. */
export class RequestSigner {
  readonly #crypto: Cryptography;
  readonly #key: Uint8Array;
  /** Undefined in ECB. */
  readonly #iv: Uint8Array | undefined;

  /** @throws SettingsError when `iv` is none of `zero`, `key`, `ecb` and 32 hex digits */
  constructor(crypto: Cryptography, deviceSecret: string, iv: InitialisationVector) {
    this.#crypto = crypto;
    // Bytes 9 to 24 of the digest, counted from 1.
    this.#key = crypto.sha256(encodeUtf8(deviceSecret)).slice(8, 24);
    this.#iv = vector(iv, this.#key);
  }

  /**
   * Value of option 2101: upper-case hex, in ASCII, of AES-128 over `token{T}sequence{N}` with
   * PKCS#7 padding (RFC 5652 section 6.3). The padding is made here: the device's native one writes
   * past its buffer.
   *
   * @param token the session's, as UTF-8
   * @param sequence a positive safe integer, larger than every one before
   */
  sign(token: Uint8Array, sequence: number): Uint8Array {
    const number = ascii(String(sequence));
    const length = beforeToken.length + token.length + beforeSequence.length + number.length;
    const padding = block - (length % block);
    const text = new Uint8Array(length + padding);
    let offset = 0;
    text.set(beforeToken, offset);
    offset += beforeToken.length;
    text.set(token, offset);
    offset += token.length;
    text.set(beforeSequence, offset);
    offset += beforeSequence.length;
    text.set(number, offset);
    text.fill(padding, length);
    const sealed = this.encrypt(text);
    const out = new Uint8Array(sealed.length * 2);
    writeHex(sealed, out, 0);
    return out;
  }

  private encrypt(text: Uint8Array): Uint8Array {
    if (this.#iv !== undefined) return this.#crypto.aes128CbcEncrypt(this.#key, this.#iv, text);
    // The device has CBC alone, which is ECB for one block under a vector of zeros.
    for (let at = 0; at < text.length; at += block) {
      text.set(this.#crypto.aes128CbcEncrypt(this.#key, zeros, text.slice(at, at + block)), at);
    }
    return text;
  }
}

/** How long the value of option 2101 is with a token of `tokenLength` bytes, at any sequence below 10^10. */
export function longestSignature(tokenLength: number): number {
  return signatureLength(tokenLength, 10);
}

/** The same at a sequence of so many digits. */
function signatureLength(tokenLength: number, digits: number): number {
  const length = beforeToken.length + tokenLength + beforeSequence.length + digits;
  return 2 * block * (Math.floor(length / block) + 1);
}

/**
 * What an authentication costs, in bytes of a signature that is longer by a block: its exchange takes as many joules as
 * 96 such signatures at coverage level 0, 86 at level 1 and 42 at level 2, mostly to wait for the answer with radio and
 * board on (simulated, profile `field`; docs/coap.md). What is the most of these is taken, as no level has more.
 */
const renewalCost = 96 * 2 * block;

/**
 * From which sequence on a new session is cheaper than this one, as its signatures have become longer by a block of
 * AES: 100 with EnOS's tokens of 16 characters. Infinity where they never do, or so soon that it does not pay.
 */
export function renewedFrom(tokenLength: number): number {
  let first = 10;
  for (let digits = 2; digits < 10; digits++, first *= 10) {
    if (signatureLength(tokenLength, digits) === signatureLength(tokenLength, 1)) continue;
    return (first - 1) * 2 * block >= renewalCost ? first : Infinity;
  }
  return Infinity;
}

function vector(iv: InitialisationVector, key: Uint8Array): Uint8Array | undefined {
  if (iv === "ecb") return undefined;
  if (iv === "zero") return zeros;
  if (iv === "key") return key;
  const bytes = iv.length === 2 * block ? readHex(ascii(iv), 0, iv.length) : undefined;
  if (bytes === undefined) throw new SettingsError(`iv must be "zero", "key", "ecb" or 32 hex digits`);
  return bytes;
}
