/**
 * A seal with a master of somebody's own: he knows the envelope to its last byte, and has no key of the product's. Written
 * from the format's description with node:crypto, and sharing nothing with the firmware's or the script's.
 *
 *     0x08 | t << 1 | (c - 1)   u8
 *     name                      t = 0: the first 14 digits of an IMEI, u48;  t = 1: length u8 | text
 *     salt, 8 bytes | counter, c bytes | ciphertext | tag, 8 bytes
 */
import { createCipheriv } from "node:crypto";
import { deviceKeyOf, rootOf, upKeys } from "../../model/seal/keys";

const tagLength = 8;

/** Seals as a device does that was provisioned from this master. */
export class OwnSeal {
  readonly root: Buffer;
  readonly #salt: Uint8Array;
  #counter = 0;

  /**
   * @param master 32 bytes
   * @param salt 8 bytes
   */
  constructor(master: Uint8Array, salt: Uint8Array) {
    this.root = rootOf(master);
    this.#salt = salt;
  }

  /** The envelope of an upload in the name of a device. */
  seal(productKey: string, deviceKey: string, plain: Uint8Array): Uint8Array {
    const counter = this.#counter++ & 0xffff;
    const { key, nonce } = upKeys(deviceKeyOf(this.root, productKey, deviceKey), this.#salt);
    nonce[11] ^= counter >> 8;
    nonce[12] ^= counter & 0xff;
    const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: tagLength });
    cipher.setAAD(encStructure(`up ${productKey}/${deviceKey}`), { plaintextLength: plain.length });
    const text = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const counted = counter < 0x100 ? [counter] : [counter >> 8, counter & 0xff];
    const isImei = /^\d{15}$/.test(deviceKey) && checkDigit(deviceKey) === Number(deviceKey[14]);
    const head = 0x08 | (isImei ? 0 : 2) | (counted.length - 1);
    const name = isImei
      ? imei(deviceKey)
      : Buffer.concat([Buffer.of(deviceKey.length), Buffer.from(deviceKey)]);
    return Buffer.concat([Buffer.of(head), name, this.#salt, Buffer.from(counted), text]);
  }
}

/** Enc_structure of RFC 9052 section 5.3: ["Encrypt0", h'a1010a', external]. */
function encStructure(external: string): Buffer {
  const bytes = Buffer.from(external);
  const head =
    bytes.length < 24
      ? [0x40 | bytes.length]
      : bytes.length < 0x100
        ? [0x58, bytes.length]
        : [0x59, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([
    Buffer.of(0x83, 0x68),
    Buffer.from("Encrypt0"),
    Buffer.of(0x43, 0xa1, 0x01, 0x0a, ...head),
    bytes,
  ]);
}

function imei(digits: string): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(Number(digits.slice(0, 14)), 0, 6);
  return bytes;
}

/** 3GPP TS 23.003, annex B: Luhn. */
function checkDigit(digits: string): number {
  let sum = 0;
  for (let i = 0; i < 14; i++) {
    const digit = Number(digits[i]) * (i % 2 === 1 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return (10 - (sum % 10)) % 10;
}
