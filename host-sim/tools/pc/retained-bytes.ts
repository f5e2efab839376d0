/** What a board keeps in the memory that outlives its restarts, for as long as this process lives. */
import { crc32 } from "node:zlib";
import { retainedLength } from "../../../firmware/continuity/retained-memory";
import type { RetainedStore } from "../../../firmware/continuity/retained-memory";

/** That memory, in this process's own. */
export class RetainedBytes implements RetainedStore {
  readonly #bytes = new Uint8Array(retainedLength);

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
  }

  crc32(offset: number, length: number): number {
    return crc32(this.#bytes.subarray(offset, offset + length));
  }
}
