/** The protocol's primitives from node:crypto, for firmware that runs on Node without an engine around it. */
import { createCipheriv, createHash, hash } from "node:crypto";
import type { Cipher } from "node:crypto";
import type { Cryptography } from "../../../firmware/enos/sign";

const block = 16;

/** AES in CBC that goes on from one message to the next. */
interface Chain {
  readonly cipher: Cipher;
  /** The last block that came out of it, which the next one that goes in is combined with. */
  last: Uint8Array;
}

/**
 * AES by key. To make one costs more than to sign a message with it, and so does each call of it: one goes on for ever, and
 * what it has of the message before is taken out of the next one's first block. A signer has its key in one array for as
 * long as it lives.
 */
const chains = new WeakMap<Uint8Array, Chain>();

function chainOf(key: Uint8Array): Chain {
  let chain = chains.get(key);
  if (chain === undefined) {
    const last = new Uint8Array(block);
    chain = { cipher: createCipheriv("aes-128-cbc", key, last).setAutoPadding(false), last };
    chains.set(key, chain);
  }
  return chain;
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
    // A part of a block would stay in the cipher, for the next message.
    if (data.length % block !== 0)
      throw new RangeError(`AES-CBC takes whole blocks of 16, got ${data.length} bytes`);
    if (data.length === 0) return new Uint8Array(0);
    const chain = chainOf(key);
    const input = data.slice();
    for (let i = 0; i < block; i++) input[i] ^= iv[i] ^ chain.last[i];
    const { buffer, byteOffset, length } = chain.cipher.update(input);
    const sealed = new Uint8Array(buffer, byteOffset, length);
    chain.last = sealed.slice(length - block);
    return sealed;
  },
  aes128Ctr: (key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array =>
    new Uint8Array(createCipheriv("aes-128-ctr", key, counter).update(data)),
});
