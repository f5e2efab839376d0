/**
 * What a device at link depth keeps over restarts: key-value storage, and the memory that outlives deep sleep, in the
 * shapes of the firmware's own boards.
 */
import { crc32 } from "node:zlib";
import { retainedLength } from "../../../firmware/continuity/retained-memory";
import type { RetainedStore } from "../../../firmware/continuity/retained-memory";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { Random } from "../time/random";

/** Key-value storage whose format is "buffer". */
export class MemoryStore implements ByteStore {
  readonly #values = new Map<string, Uint8Array>();

  read(key: string): ArrayBuffer | undefined {
    return this.#values.get(key)?.slice().buffer as ArrayBuffer | undefined;
  }

  write(key: string, value: Uint8Array): void {
    const kept = this.#values.get(key);
    // Nearly always it is as long as the one before, whose place it takes: an array of this length costs V8 several allocations.
    if (kept?.length === value.length) kept.set(value);
    else this.#values.set(key, value.slice());
  }
}

/** Memory in the domain of the real-time clock. */
export class RetainedBytes implements RetainedStore {
  readonly #bytes = new Uint8Array(retainedLength);

  /** After a loss of power it holds anything. */
  scramble(random: Random): void {
    const words = new Uint32Array(this.#bytes.buffer);
    for (let i = 0; i < words.length; i++) words[i] = random.u32();
  }

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
