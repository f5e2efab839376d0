/**
 * The keys of sealed payloads, by HKDF with SHA-256 (RFC 5869) as node:crypto has it: neither the firmware's code nor the
 * parsing script's, so that it can judge both.
 *
 *     master        32 random bytes, in the operator's file
 *     root          HKDF-Extract(no salt, master)                                  the script's
 *     device key    HKDF-Expand(root, "enos-seal/1 device " + product key + "/" + device key)     the board's `sealKey`
 *     up            HKDF-Expand(device key, "enos-seal/1 up " + salt)              AES key 16, base nonce 13
 *     down          HKDF-Expand(device key, "enos-seal/1 down")                    AES key 16
 *     nonce key     HKDF-Expand(device key, "enos-seal/1 nonce")                   of commands
 *     proof         HKDF-Expand(device key, "enos-seal/1 proof")                   of answers
 *     mark          HKDF-Expand(device key, "enos-seal/1 mark"), 8 bytes           of a device's sealed readings
 *
 * Each is one block of 32 bytes. The device key is as good as random, so that no extraction stands before what is
 * derived from it (RFC 5869 section 3.3).
 */
import { createHmac } from "node:crypto";

/** Bytes of a master, a root and a device key, which are one block of SHA-256. */
export const keyLength = 32;

/** HKDF-Extract (RFC 5869 section 2.2); without a salt, which is then a block of zeros. */
export function extract(material: Uint8Array, salt: Uint8Array = new Uint8Array(keyLength)): Buffer {
  return createHmac("sha256", salt).update(material).digest();
}

/** The first block of HKDF-Expand (RFC 5869 section 2.3), 32 bytes. */
export function expand(key: Uint8Array, info: string | Uint8Array): Buffer {
  return createHmac("sha256", key).update(info).update(Uint8Array.of(1)).digest();
}

/** What the script holds, 32 bytes. */
export function rootOf(master: Uint8Array): Buffer {
  return extract(master);
}

/** A board's own key, 32 bytes. Neither of the two names has a slash in it. */
export function deviceKeyOf(root: Uint8Array, productKey: string, deviceKey: string): Buffer {
  return expand(root, `enos-seal/1 device ${productKey}/${deviceKey}`);
}

/** The AES key and the base nonce of what goes up behind one salt of 8 bytes. */
export function upKeys(
  deviceKey: Uint8Array,
  salt: Uint8Array,
): { readonly key: Buffer; readonly nonce: Buffer } {
  const block = expand(deviceKey, Buffer.concat([Buffer.from("enos-seal/1 up "), salt]));
  return { key: block.subarray(0, 16), nonce: block.subarray(16, 29) };
}

/** The AES key of commands. */
export function downKey(deviceKey: Uint8Array): Buffer {
  return expand(deviceKey, "enos-seal/1 down").subarray(0, 16);
}

/** Makes the nonces of commands. */
export function nonceKey(deviceKey: Uint8Array): Buffer {
  return expand(deviceKey, "enos-seal/1 nonce");
}

/** Makes the codes by which an answer proves where it comes from. */
export function proofKey(deviceKey: Uint8Array): Buffer {
  return expand(deviceKey, "enos-seal/1 proof");
}

/** What a sealed reading of the device has for a mark, 16 hex digits. */
export function markOf(deviceKey: Uint8Array): string {
  return expand(deviceKey, "enos-seal/1 mark").toString("hex", 0, 8);
}
