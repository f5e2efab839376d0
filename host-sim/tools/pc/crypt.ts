/** The protocol's primitives from node:crypto. */
import { createCipheriv, createHash } from "node:crypto";
import type { Cryptography } from "../../../firmware/enos/sign";

/** SHA-256, AES-128-CBC and AES-128-CTR for firmware that runs on Node without an engine around it. */
export const nodeCryptography: Cryptography = {
  sha256: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  newSha256() {
    const hash = createHash("sha256");
    return { write: (bytes) => void hash.update(bytes), close: () => new Uint8Array(hash.digest()) };
  },
  aes128CbcEncrypt(key, iv, data) {
    const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
    return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]));
  },
  aes128Ctr: (key, counter, data) => new Uint8Array(createCipheriv("aes-128-ctr", key, counter).update(data)),
};
