/**
 * SHA-256 and AES from the runtime's native `crypt` module.
 */
import { BlockCipher, Digest, Mode } from "crypt";
import type { Cryptography, Sha256 } from "../enos/sign";

class NativeSha256 implements Sha256 {
  readonly #digest = new Digest("SHA256");

  write(bytes: Uint8Array): void {
    this.#digest.write(bytes);
  }

  close(): Uint8Array {
    return new Uint8Array(this.#digest.close());
  }
}

/** The `crypt` module behind the protocol's interface. */
export const moddableCryptography: Cryptography = Object.freeze({
  sha256(data: Uint8Array): Uint8Array {
    const digest = new NativeSha256();
    digest.write(data);
    return digest.close();
  },

  newSha256: (): Sha256 => new NativeSha256(),

  aes128CbcEncrypt: (key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array =>
    encrypt("CBC", key, iv, data),

  aes128Ctr: (key: Uint8Array, counter: Uint8Array, data: Uint8Array): Uint8Array =>
    encrypt("CTR", key, counter, data),
});

function encrypt(name: "CBC" | "CTR", key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  // Key and vector must be ArrayBuffers of their own, not views.
  const cipher = new BlockCipher("AES", key.slice().buffer as ArrayBuffer);
  const mode = new Mode(name, cipher, iv.slice().buffer as ArrayBuffer);
  return new Uint8Array(mode.encrypt(data));
}
