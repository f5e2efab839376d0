/**
 * The host's end of the guest's `crypt` module: OpenSSL, by way of node:crypto.
 */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { cipherDecrypt, cipherMode, commandHeader, digests } from "./protocol";

const block = 16;

/** Answers a `digest` command. */
export function digest(command: Uint8Array): Uint8Array {
  const name = digests[command[1]].name.toLowerCase();
  return createHash(name).update(command.subarray(commandHeader)).digest();
}

/** Answers a `cipher` command. */
export function cipher(command: Uint8Array): Uint8Array {
  const keyLength = command[2];
  const key = command.subarray(commandHeader, commandHeader + keyLength);
  const iv = command.subarray(commandHeader + keyLength, commandHeader + keyLength + block);
  const data = command.subarray(commandHeader + keyLength + block);
  const mode = command[1] & ~cipherDecrypt;
  const name = mode === cipherMode.cbc ? "cbc" : mode === cipherMode.ctr ? "ctr" : "ecb";
  const create = (command[1] & cipherDecrypt) !== 0 ? createDecipheriv : createCipheriv;
  // Whole blocks only, or CTR, so there is nothing to pad and `final` has nothing to add.
  return create(`aes-${8 * keyLength}-${name}`, key, mode === cipherMode.ecb ? null : iv)
    .setAutoPadding(false)
    .update(data);
}
