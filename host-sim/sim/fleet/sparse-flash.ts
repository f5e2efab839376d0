/**
 * NOR flash of which only the blocks that hold something take memory: ten thousand journals, most of them nearly empty,
 * fit where a hundred whole ones would. The rules are MemoryFlash's, without its faults: an erase sets a block to ones, a
 * write clears bits, and one that would have to set a bit is a fault of the firmware.
 */
import type { Flash, FlashStatus } from "../../../firmware/journal/flash";

const blockLength = 4_096;
const blank = 0xff;

/** One partition. */
export class SparseFlash implements Flash {
  readonly #status: FlashStatus;
  readonly #blocks = new Map<number, Uint8Array>();
  /** Blocks erased so far. */
  erases = 0;

  /** @param size bytes, a multiple of 4096 */
  constructor(size: number) {
    this.#status = { size, blockLength, blocks: size / blockLength, writeAlign: 4 };
  }

  /** Bytes that it takes of this machine's memory. */
  get held(): number {
    return this.#blocks.size * blockLength;
  }

  status(): FlashStatus {
    return this.#status;
  }

  /** @throws RangeError for a place that does not exist */
  read(buffer: Uint8Array, offset: number): number {
    this.#check(offset, buffer.length);
    for (let at = 0; at < buffer.length;) {
      const { block, from, length } = stretch(offset + at, buffer.length - at);
      const bytes = this.#blocks.get(block);
      if (bytes === undefined) buffer.fill(blank, at, at + length);
      else if (length < 48) for (let i = 0; i < length; i++) buffer[at + i] = bytes[from + i];
      else buffer.set(bytes.subarray(from, from + length), at);
      at += length;
    }
    return buffer.length;
  }

  /** @throws RangeError for a place that does not exist, or bits that only an erase can set */
  write(buffer: Uint8Array, offset: number): void {
    this.#check(offset, buffer.length);
    for (let at = 0; at < buffer.length;) {
      const { block, from, length } = stretch(offset + at, buffer.length - at);
      let bytes = this.#blocks.get(block);
      if (bytes === undefined) {
        bytes = new Uint8Array(blockLength).fill(blank);
        this.#blocks.set(block, bytes);
      }
      for (let i = 0; i < length; i++) {
        const before = bytes[from + i];
        const given = buffer[at + i];
        if ((given & ~before) !== 0 && given !== blank) {
          throw new RangeError(`write at ${offset + at + i} would set bits: erase block ${block} first`);
        }
        bytes[from + i] = before & given;
      }
      at += length;
    }
  }

  /** @throws RangeError for a block that does not exist */
  eraseBlock(block: number): void {
    this.#check(block * blockLength, blockLength);
    this.#blocks.delete(block);
    this.erases += 1;
  }

  #check(offset: number, length: number): void {
    if (!(Number.isInteger(offset) && offset >= 0 && offset + length <= this.#status.size)) {
      throw new RangeError(`${length} bytes at ${offset} are not within ${this.#status.size}`);
    }
  }
}

/** What of `length` bytes from `offset` on lies in the first block that they touch. */
function stretch(offset: number, length: number): { block: number; from: number; length: number } {
  const from = offset % blockLength;
  return { block: (offset - from) / blockLength, from, length: Math.min(length, blockLength - from) };
}
