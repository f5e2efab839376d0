/**
 * Chance for firmware on this PC, from the system's own generator: its tokens and message ids go onto a real
 * network, where a stranger's guess at them is all that stands between him and a forged answer.
 */
import { randomBytes } from "node:crypto";

/** So many bytes that nobody can foretell. */
export function platformRandomBytes(length: number): Uint8Array {
  return randomBytes(length);
}

/** A number in [0, 1). */
export function randomFraction(): number {
  return randomBytes(4).readUInt32BE() / 0x1_0000_0000;
}
