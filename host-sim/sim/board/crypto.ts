/**
 * The host's end of the guest's `crypt` module: OpenSSL, by way of node:crypto.
 */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { verifyDigest } from "./ecdsa";
import { cipherDecrypt, cipherMode, commandHeader, digests } from "./protocol";

const block = 16;

/** Digests of one guest: those of long messages are begun before all of the message is there. */
export class BoardDigests {
  readonly #begun = new Map<number, Hash>();

  /** Answers a `digest` command. What was begun stays, as the guest may go on. */
  digest(command: Uint8Array): Uint8Array {
    const hash = this.#begun.get(numberOf(command))?.copy() ?? newHash(command);
    return hash.update(command.subarray(commandHeader)).digest();
  }

  /** Takes a `digestPart` command. */
  part(command: Uint8Array): void {
    const number = numberOf(command);
    if (command.length === commandHeader) return void this.#begun.delete(number);
    const hash = this.#begun.get(number) ?? newHash(command);
    this.#begun.set(number, hash.update(command.subarray(commandHeader)));
  }
}

function numberOf(command: Uint8Array): number {
  return command[2] | (command[3] << 8);
}

function newHash(command: Uint8Array): Hash {
  return createHash(digests[command[1]].name.toLowerCase());
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

/** Answers a `verify` command. */
export function verify(command: Uint8Array): Uint8Array {
  const [key, digest, end] = [commandHeader, commandHeader + 64, commandHeader + 96];
  const isRight = verifyDigest(
    command.subarray(key, digest),
    command.subarray(digest, end),
    command.subarray(end),
  );
  return Uint8Array.of(isRight ? 1 : 0);
}
