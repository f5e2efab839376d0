/** The protocol's primitives from node:crypto, for firmware that runs on Node without an engine around it. */
import { createCipheriv, createHash, hash } from "node:crypto";
import type { Cipher } from "node:crypto";
import type { Cryptography } from "../../../firmware/enos/sign";

const block = 16;

/**
 * AES by key. To make one costs more than to sign a message with it, and in ECB, without padding, it keeps nothing from one
 * use to the next. A signer has its key in one array for as long as it lives.
 */
const ciphers = new WeakMap<Uint8Array, Cipher>();

function cipherOf(key: Uint8Array): Cipher {
  let cipher = ciphers.get(key);
  if (cipher === undefined) {
    cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    ciphers.set(key, cipher);
  }
  return cipher;
}

/** SHA-256, AES-128-CBC and AES-128-CTR. */
export const nodeCryptography: Cryptography = Object.freeze({
  sha256: (data: Uint8Array): Uint8Array => new Uint8Array(hash("sha256", data, "buffer")),
  newSha256: () => {
    const digest = createHash("sha256");
    return {
      write: (bytes: Uint8Array): void => void digest.update(bytes),
      close: (): Uint8Array => new Uint8Array(digest.digest()),
    };
  },
  aes128CbcEncrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
    const cipher = cipherOf(key);
    const sealed = new Uint8Array(data.length);
    const input = new Uint8Array(block);
    for (let at = 0; at < data.length; at += block) {
      for (let i = 0; i < block; i++) input[i] = data[at + i] ^ (at === 0 ? iv[i] : sealed[at - block + i]);
      sealed.set(cipher.update(input), at);
    }
    return sealed;
  },
  aes128Ctr: (key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array =>
    new Uint8Array(createCipheriv("aes-128-ctr", key, counter).update(data)),
});
