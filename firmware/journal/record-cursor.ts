/**
 * Goes over the records of a block in flash, one after the other. It allocates nothing per record, and
 * no byte of a block is read much more than once.
 *
 * Bytes that are no record, such as a write that was cut short by a loss of power, are stepped over unit by
 * unit until a header fits, so that a damaged record does not hide those behind it.
 */
import { isBlank } from "./checked-flash";
import {
  dated,
  headerLength,
  isReleased,
  mendHeader,
  readHeader,
  recordLength,
  roundUp,
  verifyRecord,
} from "./record";
import type { Blocks } from "./blocks";
import type { RecordHeader } from "./record";

/** Bytes that are read from flash at once. */
const stretch = 256;

/** A place in one block. */
export class RecordCursor {
  readonly #blocks: Blocks;
  readonly #buffer = new Uint8Array(stretch);
  #bufferStart = -1;
  #bufferLength = 0;
  #block = 0;
  #at = 0;
  /** Behind the last byte of the block that is not blank, as far as it was walked. */
  #end = 0;

  /** Header of the record that was found last. */
  readonly header: RecordHeader = { length: 0, type: 0, flags: 0, id: 0, time: 0, boot: 0 };
  address = 0;
  /** Bytes that the record takes in flash. */
  size = 0;
  released = false;
  /** Whether one bit of its header had flipped and was put right. */
  mended = false;
  /** Marks and header of the record. */
  readonly bytes: Uint8Array;
  /** Stretches of the block, as far as it was walked, that are no record, and where the last one starts. */
  damaged = 0;
  damagedAt = 0;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
    this.bytes = new Uint8Array(2 * blocks.unit + headerLength);
  }

  /** Goes to a block's first record; false when it has none. */
  first(block: number): boolean {
    this.#block = block;
    this.#at = this.#blocks.start;
    this.#end = this.#at;
    this.#bufferStart = -1;
    this.damaged = 0;
    return this.find();
  }

  /** Goes to the next record of the block; false when there is none. */
  next(): boolean {
    return this.find();
  }

  /** Goes to the record at an address; false when there is none. */
  at(address: number): boolean {
    const { blockLength } = this.#blocks;
    this.#block = Math.floor(address / blockLength);
    this.#at = address - this.#block * blockLength;
    // The records next to it will not be read, so the buffer is not of use again.
    this.#bufferStart = -1;
    return this.look(true, this.bytes.length);
  }

  /** Where the next record of a block may be written: everything from there on is blank. */
  endOf(block: number): number {
    let found = this.first(block);
    while (found) found = this.next();
    return this.#end;
  }

  private find(): boolean {
    const { blockLength, unit } = this.#blocks;
    let expected = true;
    let inDamage = false;
    while (this.#blocks.isReadable(this.#block) && this.#at + this.bytes.length <= blockLength) {
      if (this.look(expected)) {
        this.#at += this.size;
        this.#end = this.#at;
        return true;
      }
      if (!this.#blocks.isReadable(this.#block)) return false;
      const clean = isBlank(this.bytes.subarray(0, unit));
      this.#at += unit;
      if (!clean) {
        if (!inDamage) {
          this.damaged += 1;
          this.damagedAt = this.#at - unit;
        }
        inDamage = true;
        this.#end = this.#at;
      }
      expected = false;
      if (clean) this.skipBlank();
    }
    // What is left is too short for a record, but may not be blank.
    while (this.#at < blockLength) {
      if (!this.load(this.#at, unit, stretch)) return false;
      const from = this.#at - this.#bufferStart;
      this.#at += unit;
      if (!isBlank(this.#buffer.subarray(from, from + unit))) this.#end = this.#at;
    }
    return false;
  }

  /** Goes on to where a record may start whose header, which is never blank, stands in what comes next. */
  private skipBlank(): void {
    const { blockLength, unit } = this.#blocks;
    const buffer = this.#buffer;
    const words = new Int32Array(buffer.buffer, 0, buffer.length >> 2);
    for (let at = this.#at; at < blockLength; at = this.#bufferStart + this.#bufferLength) {
      if (!this.load(at, unit, stretch)) return;
      const count = this.#bufferLength >> 2;
      for (let i = (at - this.#bufferStart) >> 2; i < count; i++) {
        if (words[i] === -1) continue;
        const first = roundUp(this.#bufferStart + 4 * i - this.bytes.length, unit);
        if (first > this.#at) this.#at = first;
        return;
      }
    }
    this.#at = blockLength & -unit;
  }

  /** Whether a record starts here. @param expected a record must start here, as the one before ended here */
  private look(expected: boolean, ahead = stretch): boolean {
    const { blockLength, unit } = this.#blocks;
    const { bytes, header } = this;
    if (this.#at + bytes.length > blockLength) return false;
    if (!this.load(this.#at, bytes.length, ahead)) return false;
    const from = this.#at - this.#bufferStart;
    bytes.set(this.#buffer.subarray(from, from + bytes.length));
    const salt = this.#blocks.sequenceOf(this.#block);
    this.mended = false;
    if (!readHeader(bytes, 2 * unit, salt, header) || !this.fits()) {
      // What is no record and marked as released is a write that was cut short, and known as such.
      if (!expected || isBlank(bytes) || isReleased(bytes, 0) || !this.mend(salt)) return false;
    } else if (!expected && this.verify(bytes.subarray(2 * unit), salt) === "corrupt") {
      // One place in 65,536 of damaged bytes looks like a header, whose length would hide what follows.
      return false;
    }
    this.address = this.#block * blockLength + this.#at;
    this.released = isReleased(bytes, 0);
    return true;
  }

  private fits(): boolean {
    const { blockLength, unit } = this.#blocks;
    this.size = recordLength(this.header.length, (this.header.flags & dated) !== 0, unit);
    return this.#at + this.size <= blockLength;
  }

  /** Puts flipped bits of the header right: one of it and one of its body, or two of it where the body is sound. */
  private mend(salt: number): boolean {
    const header = this.bytes.subarray(2 * this.#blocks.unit);
    this.mended = mendHeader(header, salt, 2, (flips) => {
      if (!readHeader(header, 0, salt, this.header) || !this.fits()) return false;
      const body = this.verify(header, salt);
      return body === "sound" || (flips === 1 && body === "mended");
    });
    return this.mended;
  }

  /** Whether the body in flash is the one that this header was written with. */
  private verify(header: Uint8Array, salt: number): "sound" | "mended" | "corrupt" {
    const { flash, blockLength, unit } = this.#blocks;
    const whole = new Uint8Array(headerLength + this.header.length);
    if (!flash.read(whole, this.#block * blockLength + this.#at + 2 * unit)) return "corrupt";
    whole.set(header.subarray(0, headerLength));
    return verifyRecord(whole, this.header.length, salt);
  }

  /** Sees to it that these bytes of the block are in the buffer; false when they cannot be read. */
  private load(at: number, length: number, ahead: number): boolean {
    if (
      this.#bufferStart >= 0 &&
      at >= this.#bufferStart &&
      at + length <= this.#bufferStart + this.#bufferLength
    )
      return true;
    const { flash, blockLength } = this.#blocks;
    this.#bufferStart = at;
    this.#bufferLength = Math.min(ahead, blockLength - at);
    if (flash.read(this.#buffer.subarray(0, this.#bufferLength), this.#block * blockLength + at)) return true;
    this.#bufferStart = -1;
    this.#blocks.hide(this.#block);
    return false;
  }
}
