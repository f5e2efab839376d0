/**
 * Cryptography that hides nothing: what is fuzzed has signatures of the right length and nobody who checks them, and
 * runs in engines that have no crypto module.
 */
import type { Cryptography } from "../../../firmware/enos/sign";

export const plainCryptography: Cryptography = {
  sha256(data) {
    const digest = plainCryptography.newSha256();
    digest.write(data);
    return digest.close();
  },
  newSha256() {
    const digest = new Uint8Array(32);
    let length = 0;
    return {
      write(bytes) {
        for (let i = 0; i < bytes.length; i++, length++)
          digest[length & 31] = (digest[length & 31] * 31 + bytes[i] + length) & 0xff;
      },
      close: () => digest,
    };
  },
  aes128CbcEncrypt: (_key, _iv, data) => data.slice(),
  aes128Ctr: (_key, _counter, data) => data.slice(),
};
