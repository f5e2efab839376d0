/** Retained memory in the test's own RAM. */
import { crc32 } from "../../../firmware/journal/crc";
import { RetainedMemory, retainedLength } from "../../../firmware/continuity/retained-memory";
import type { RetainedStore } from "../../../firmware/continuity/retained-memory";

/** The bytes, which a test may damage. */
export class RetainedRam implements RetainedStore {
  readonly bytes = new Uint8Array(retainedLength);

  read(offset: number, length: number): Uint8Array {
    return this.bytes.slice(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offset);
  }

  crc32(offset: number, length: number): number {
    return crc32(this.bytes, offset, offset + length);
  }

  /** What the firmware finds at a start for this reason. */
  start(reason = "deep-sleep"): RetainedMemory {
    return new RetainedMemory(this, reason);
  }
}
