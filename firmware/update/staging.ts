/**
 * A stretch of the update's file in flash, from where it is still wanted to where it has come: a ring of blocks, of
 * which each holds the bytes of the file that belong together by their offset.
 *
 *     file     … | block 7 | block 8 | block 9 | …          ring of 3:   8 mod 3 = 2, 9 mod 3 = 0
 *                     ^ from           ^ end                            +----+----+----+
 *                                                                       | 9  | 7  | 8  |
 *                                                                       +----+----+----+
 *
 * A block is erased when the first byte goes into it. Blocks that fail are left out of the ring; all after them then
 * have other places, so that what was there is fetched again, from `from` on.
 */
import { isBlank } from "../journal/checked-flash";
import { blank } from "../journal/flash";
import { logBlocks } from "./state-log";
import { longestChunk } from "./package";
import type { CheckedFlash } from "../journal/checked-flash";
import type { StateLog } from "./state-log";

/** Bytes of the map of bad blocks; blocks of the ring beyond its bits are not used. */
export const badBlockBytes = 8;

/**
 * What became of bytes: `stored`; `rewound`, the flash was not blank there, as a loss of power leaves it, and `end` is
 * less than before; `bad-block`, likewise, and `bad` has changed; `no-room`, the flash has too few good blocks left.
 */
export type Stored = "stored" | "rewound" | "bad-block" | "no-room";

/** The ring. Nothing of it throws. */
export class Staging {
  readonly #flash: CheckedFlash;
  readonly #blockLength: number;
  readonly #blocks: number;
  /** A bit for each block of the ring that is not used. */
  readonly bad = new Uint8Array(badBlockBytes);
  #good = 0;
  #from = 0;
  #end = 0;
  /** The block of the file that was erased last since the start; -1 for none. */
  #erased = -1;
  /** Where the end is nothing may be written before an erase. */
  #soiled = false;

  constructor({ flash, blockLength, blocks }: Pick<StateLog, "flash" | "blockLength" | "blocks">) {
    this.#flash = flash;
    this.#blockLength = blockLength;
    this.#blocks = Math.min(blocks - logBlocks, 8 * badBlockBytes);
    this.#good = this.#blocks;
  }

  /** Offset in the file of the first byte that is kept. */
  get from(): number {
    return this.#from;
  }

  /** Offset in the file behind the last byte that is kept. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that the ring has room for behind its end. */
  get room(): number {
    const first = Math.floor(this.#from / this.#blockLength);
    return (first + this.#good) * this.#blockLength - this.#end;
  }

  /** Whether the longest chunk has room wherever it begins, beside a block that is being filled. */
  get usable(): boolean {
    return this.#good * this.#blockLength >= longestChunk + 2 * this.#blockLength;
  }

  /** Goes on with what is in flash, where `bad` says which blocks are not used. */
  resume(from: number, end: number): void {
    this.count();
    this.#from = from;
    this.#end = end;
    this.#erased = -1;
    this.#soiled = false;
  }

  /** Forgets all and begins at an offset. */
  restart(from: number): void {
    this.#from = from;
    this.rewind(from);
  }

  /** What lies before `from` is wanted no more. */
  release(from: number): void {
    this.#from = from;
  }

  /** What lies behind `from` is good for nothing, and will come again. */
  discard(): void {
    this.rewind(this.#from);
  }

  /** Puts bytes behind the end; where `room` is less, none of them. */
  put(bytes: Uint8Array): Stored {
    if (bytes.length > this.room) return "no-room";
    for (let done = 0; done < bytes.length;) {
      const within = this.#end % this.#blockLength;
      const part = bytes.subarray(done, done + this.#blockLength - within);
      const stored = this.putInBlock(part, within);
      if (stored !== "stored") return stored;
      done += part.length;
      this.#end += part.length;
    }
    return "stored";
  }

  /** Fills `buffer` with the file's bytes from `offset` on, which are there. */
  read(buffer: Uint8Array, offset: number): boolean {
    for (let done = 0; done < buffer.length;) {
      const at = offset + done;
      const within = at % this.#blockLength;
      const part = buffer.subarray(done, done + this.#blockLength - within);
      if (!this.#flash.read(part, this.placeOf(at - within) + within)) return false;
      done += part.length;
    }
    return true;
  }

  private putInBlock(bytes: Uint8Array, within: number): Stored {
    const start = this.#end - within;
    const block = start / this.#blockLength;
    const place = this.placeOf(start);
    if (within === 0 || this.#soiled) {
      if (!this.#flash.erase(place / this.#blockLength, this.#blockLength)) return this.leaveOut(place);
      this.#erased = block;
      this.#soiled = false;
    }
    const pad = within & 3;
    const at = place + within - pad;
    let written = bytes;
    if (pad !== 0 || (bytes.length & 3) !== 0) {
      written = new Uint8Array((pad + bytes.length + 3) & ~3).fill(blank);
      // What is there already stays as it is.
      if (pad !== 0 && !this.#flash.read(written.subarray(0, pad), at)) return this.leaveOut(place);
      written.set(bytes, pad);
    }
    const erased = this.#erased === block;
    if ((erased || this.takes(written, at)) && this.#flash.write(written, at)) return "stored";
    // In a block that was blank when this began to fill it, it is the flash.
    if (erased) return this.leaveOut(place);
    this.rewind(Math.max(this.#from, start));
    return "rewound";
  }

  /** Whether no bit would have to be set: it is blank there, or these bytes were being written when the power failed. */
  private takes(bytes: Uint8Array, at: number): boolean {
    const piece = new Uint8Array(128);
    for (let done = 0; done < bytes.length; done += piece.length) {
      const found = piece.subarray(0, Math.min(piece.length, bytes.length - done));
      if (!this.#flash.read(found, at + done)) return false;
      if (isBlank(found)) continue;
      for (let i = 0; i < found.length; i++) if ((bytes[done + i] & ~found[i]) !== 0) return false;
    }
    return true;
  }

  private rewind(end: number): void {
    this.#end = end;
    this.#soiled = end % this.#blockLength !== 0;
  }

  private leaveOut(place: number): Stored {
    const block = place / this.#blockLength - logBlocks;
    this.bad[block >> 3] |= 1 << (block & 7);
    this.count();
    this.rewind(this.#from);
    return this.usable ? "bad-block" : "no-room";
  }

  private isBad(block: number): boolean {
    return (this.bad[block >> 3] & (1 << (block & 7))) !== 0;
  }

  private count(): void {
    this.#good = 0;
    for (let block = 0; block < this.#blocks; block++) if (!this.isBad(block)) this.#good += 1;
  }

  /** Where in the partition a block of the file is, by the offset at which it starts. */
  private placeOf(start: number): number {
    let left = (start / this.#blockLength) % Math.max(1, this.#good);
    let block = 0;
    while (this.isBad(block) || left > 0) {
      if (!this.isBad(block)) left -= 1;
      block += 1;
    }
    return (logBlocks + block) * this.#blockLength;
  }
}
