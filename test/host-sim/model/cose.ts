/**
 * Envelopes as the COSE messages of RFC 9052 that they stand for, byte by byte, for a COSE implementation that is not ours;
 * and back again.
 */
import { byteString, envelope, nameOf } from "./seal-oracle";
import type { Count } from "./seal-oracle";

const concat = (...parts: (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : part)));

/** `[ h'a1010a', { 4: name and salt, 6: counter }, ciphertext and tag ]`, tagged as COSE_Encrypt0. */
export function encrypt0OfUp(bytes: Uint8Array, deviceKey: string): Buffer {
  const saltAt = 1 + nameOf(deviceKey).length;
  const counterAt = saltAt + 8;
  const textAt = counterAt + 1 + (bytes[0] & 1);
  const kid = byteString(bytes.subarray(1, counterAt));
  const partialIv = byteString(bytes.subarray(counterAt, textAt));
  return concat("d08343a1010aa204", kid, "06", partialIv, byteString(bytes.subarray(textAt)));
}

/** The envelope of a COSE_Encrypt0 whose plain text has so many bytes. */
export function upOfEncrypt0(message: Uint8Array, deviceKey: string, count: Count, length: number): Buffer {
  return envelope(deviceKey, count, message.subarray(message.length - length - 8));
}

/** `[ h'a1010a', { 5: nonce }, ciphertext and tag ]` for each ciphertext of a command's envelope. */
export function encrypt0OfDown(bytes: Uint8Array): Buffer[] {
  const nonce = byteString(bytes.subarray(7, 20));
  const texts = bytes.subarray(20);
  const count = bytes[0] === 0x0e ? 1 : 2;
  const each = texts.length / count;
  return Array.from({ length: count }, (_none, i) =>
    concat("d08343a1010aa105", nonce, byteString(texts.subarray(i * each, (i + 1) * each))),
  );
}

/** `[ h'a10104', {}, request id and code, mac ]`, tagged as COSE_Mac0. */
export function mac0OfAnswer(bytes: Uint8Array): Buffer {
  return concat("d18443a10104a0", byteString(bytes.subarray(0, 6)), byteString(bytes.subarray(6)));
}
