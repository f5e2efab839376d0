/**
 * Memory that outlives deep sleep, and nothing else: see deep-sleep.c.
 */
import FFI from "mc/ffi";
import { dozeLength } from "../device/doze";

/** All of it. */
export function readRetained(): Uint8Array {
  const buffer = new ArrayBuffer(dozeLength);
  new FFI().retained_read(buffer, dozeLength);
  return new Uint8Array(buffer);
}

/** Writes its beginning, or all of it. */
export function writeRetained(bytes: Uint8Array): void {
  new FFI().retained_write(bytes.slice().buffer, bytes.length);
}
