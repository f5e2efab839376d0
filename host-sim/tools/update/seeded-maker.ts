/**
 * A maker for simulated runs: the same seed gives the same key and, unlike OpenSSL, the same signatures, so that a run is
 * the same byte for byte. Real makers' keys are in keys.ts.
 */
import { createHash } from "node:crypto";
import { publicKeyOf, seededNonce, signDigest } from "../../sim/board/ecdsa";
import { Random } from "../../sim/time/random";

/** Signs packages. */
export class SeededMaker {
  /** x and y in hexadecimal, as the setting `updateKey` has them. */
  readonly publicKey: string;
  readonly #privateKey: Uint8Array;

  constructor(seed: string | number) {
    const key = new Random(`${seed}/maker`).bytes(32);
    // Less than the order of the curve, whose first four bytes are all ones.
    key[0] &= 0x7f;
    this.#privateKey = key;
    this.publicKey = Buffer.from(publicKeyOf(key)).toString("hex");
  }

  /** r and s over the SHA-256 of what is signed. */
  readonly sign = (signed: Uint8Array): Uint8Array => {
    const digest = createHash("sha256").update(signed).digest();
    return signDigest(this.#privateKey, digest, seededNonce(this.#privateKey, digest));
  };
}
