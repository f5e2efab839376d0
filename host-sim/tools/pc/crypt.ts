/** The protocol's two primitives from node:crypto. */
import { createCipheriv, createHash } from "node:crypto";
import type { Cryptography } from "../../../firmware/enos/sign";

/** SHA-256 and AES-128-CBC for firmware that runs on Node without an engine around it. */
export const nodeCryptography: Cryptography = {
  sha256: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  aes128CbcEncrypt(key, iv, data) {
    const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
    return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]));
  },
};
