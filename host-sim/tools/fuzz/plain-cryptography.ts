/**
 * Cryptography that hides nothing: what is fuzzed has signatures of the right length and nobody who checks them, and
 * runs in engines that have no crypto module.
 */
import type { Cryptography } from "../../../firmware/enos/sign";

export const plainCryptography: Cryptography = {
  sha256(data) {
    const digest = new Uint8Array(32);
    for (let i = 0; i < data.length; i++) digest[i & 31] = (digest[i & 31] * 31 + data[i] + i) & 0xff;
    return digest;
  },
  aes128CbcEncrypt: (_key, _iv, data) => data.slice(),
  aes128Ctr: (_key, _counter, data) => data.slice(),
};
