/** Unpredictable numbers for firmware on this PC: tokens and message ids go onto a real network. */
import { randomBytes } from "node:crypto";

/** A number in [0, 1). */
export function randomFraction(): number {
  return randomBytes(4).readUInt32BE() / 0x1_0000_0000;
}
