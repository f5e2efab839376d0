/** The protocol's primitives from node:crypto, for firmware that runs on Node without an engine around it. */
import { createCipheriv, createHash, hash } from "node:crypto";
import type { Cryptography } from "../../../firmware/enos/sign";

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
    const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
    return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]));
  },
  aes128Ctr: (key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array =>
    new Uint8Array(createCipheriv("aes-128-ctr", key, counter).update(data)),
});
