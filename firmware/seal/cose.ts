/**
 * What sealing takes of COSE (RFC 9052, RFC 9053), over the runtime's SHA-256 and AES, so that any implementation of
 * COSE can judge the envelopes: AES-CCM-16-64-128 and HMAC 256/64, the structures that these authenticate, and one
 * block of HKDF.
 *
 *     Enc_structure, 5.3    83 | 68 "Encrypt0" | 43 a1 01 0a | external          { 1: 10 }, AES-CCM-16-64-128
 *     MAC_structure, 6.3    84 | 64 "MAC0" | 43 a1 01 04 | external | payload    { 1: 4 }, HMAC 256/64
 *
 * They are CBOR (RFC 8949), and nothing of them is sent. CCM, RFC 3610 with a nonce of 13 bytes (L = 2) and a tag of 8
 * (M = 8), takes one native call for the CBC-MAC and one for the counter mode:
 *
 *     MAC over     59 | nonce | length of the plain text u16 | length of the additional data u16 | additional data
 *                     | 0 ... to the end of the block | plain text | 0 ... to the end of the block
 *     encrypted    MAC, 16 bytes, of which 8 are sent | plain text          from counter block 01 | nonce | 0 u16 on
 */
import { ascii } from "../text/ascii";
import { join } from "./join";
import type { Cryptography } from "../enos/sign";

const block = 16;
/** Bytes of SHA-256's block. */
const hashBlock = 64;
/** Bytes of a tag. */
export const tagLength = 8;

// prettier-ignore
/** What a structure begins with: array, context and protected header. */
export const encrypt0: Uint8Array =
  Uint8Array.of(0x83, 0x68, 0x45, 0x6e, 0x63, 0x72, 0x79, 0x70, 0x74, 0x30, 0x43, 0xa1, 0x01, 0x0a);
export const mac0: Uint8Array = Uint8Array.of(0x84, 0x64, 0x4d, 0x41, 0x43, 0x30, 0x43, 0xa1, 0x01, 0x04);

/**
 * A structure.
 *
 * @param label of the external data, ASCII
 * @param more of them, behind the label
 * @param payload as a byte string of CBOR; empty where there is none
 */
export function structure(
  start: Uint8Array,
  label: string,
  more: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  const length = label.length + more.length;
  // A byte string's length is in the first byte, in one behind it, or in two (RFC 8949 section 3).
  const head =
    length < 24
      ? Uint8Array.of(0x40 | length)
      : length < 256
        ? Uint8Array.of(0x58, length)
        : Uint8Array.of(0x59, length >> 8, length);
  return join(start, head, ascii(label), more, payload);
}

/** HMAC-SHA-256 (RFC 2104), 32 bytes. @param key at most 64 bytes: a longer one would have to be hashed first */
export function hmac(crypto: Cryptography, key: Uint8Array, data: Uint8Array): Uint8Array {
  const inner = new Uint8Array(hashBlock).fill(0x36);
  const outer = new Uint8Array(hashBlock).fill(0x5c);
  for (let i = 0; i < key.length; i++) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  return crypto.sha256(join(outer, crypto.sha256(join(inner, data))));
}

/**
 * The first 32 bytes of HKDF-Expand (RFC 5869 section 2.3), T(1) = HMAC(key, label | more | 01).
 *
 * @param label ASCII
 */
export function expand(crypto: Cryptography, key: Uint8Array, label: string, more: Uint8Array): Uint8Array {
  return hmac(crypto, key, join(ascii(label), more, Uint8Array.of(1)));
}

/**
 * Cipher text and tag, 8 bytes more than `plain`.
 *
 * @param additional data that is authenticated along, 1 to 65,279 bytes
 * @param plain at most 65,535 bytes
 */
export function seal(
  crypto: Cryptography,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const sealed = count(crypto, key, nonce, mac(crypto, key, nonce, additional, plain), plain);
  return join(sealed.subarray(block), sealed.subarray(0, tagLength));
}

/**
 * The plain text; undefined where the tag is not that of this key, nonce, additional data and cipher text.
 *
 * @param sealed cipher text and tag, 8 to 65,543 bytes
 */
export function open(
  crypto: Cryptography,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const tagAt = sealed.length - tagLength;
  const opened = count(crypto, key, nonce, sealed.subarray(tagAt), sealed.subarray(0, tagAt));
  const plain = opened.subarray(block);
  return sameTag(opened, mac(crypto, key, nonce, additional, plain)) ? plain : undefined;
}

/** Whether the first 8 bytes of both are the same, in a time that does not tell how many of them are. */
export function sameTag(a: Uint8Array, b: Uint8Array): boolean {
  let different = 0;
  for (let i = 0; i < tagLength; i++) different |= a[i] ^ b[i];
  return different === 0;
}

/** The CBC-MAC, 16 bytes of which the tag is made. */
function mac(
  crypto: Cryptography,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const { length } = plain;
  const more = additional.length;
  const lengths = Uint8Array.of(length >> 8, length, more >> 8, more);
  const pad = new Uint8Array(-(2 + more) & (block - 1));
  const end = new Uint8Array(-length & (block - 1));
  const blocks = join(Uint8Array.of(0x59), nonce, lengths, additional, pad, plain, end);
  return crypto.aes128CbcEncrypt(key, new Uint8Array(block), blocks).subarray(-block);
}

/** Encrypts, or decrypts, a MAC and the text behind it in counter mode. */
function count(
  crypto: Cryptography,
  key: Uint8Array,
  nonce: Uint8Array,
  tag: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const counter = join(Uint8Array.of(0x01), nonce, new Uint8Array(2));
  return crypto.aes128Ctr(key, counter, join(tag, new Uint8Array(block - tag.length), text));
}
