/**
 * Goes over the records of a block in flash, one after the other. It allocates nothing per record, and
 * no byte of a block is read much more than once.
 *
 * What is no record, such as a write that power has cut short, is stepped over unit by unit until a
 * header fits: a damaged one hides no other.
 */
import { isBlank } from "./blocks";
import {
  dated,
  headerLength,
  isReleased,
  mendHeader,
  readHeader,
  recordLength,
  verifyRecord,
} from "./record";
import type { Blocks } from "./blocks";
import type { RecordHeader } from "./record";

/** Read at once, bytes. */
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

  /** Of the record that was found last. */
  readonly header: RecordHeader = { length: 0, type: 0, flags: 0, id: 0, time: 0, boot: 0 };
  address = 0;
  /** All that it takes, bytes. */
  size = 0;
  released = false;
  /** One bit of its header had flipped. */
  mended = false;
  /** Its marks and header. */
  readonly bytes: Uint8Array;
  /** Stretches of the block, as far as it was walked, that are no record. */
  damaged = 0;

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
    return this.#find();
  }

  /** Goes to the next record of the block; false when there is none. */
  next(): boolean {
    return this.#find();
  }

  /** Goes to the record at an address; false when there is none. */
  at(address: number): boolean {
    const { blockLength } = this.#blocks;
    this.#block = Math.floor(address / blockLength);
    this.#at = address - this.#block * blockLength;
    // Nobody asks for its neighbours.
    this.#bufferStart = -1;
    return this.#look(true, this.bytes.length);
  }

  /** Where the next record of a block may be written: everything from there on is blank. */
  endOf(block: number): number {
    let found = this.first(block);
    while (found) found = this.next();
    return this.#end;
  }

  #find(): boolean {
    const { blockLength, unit } = this.#blocks;
    let expected = true;
    let inDamage = false;
    while (this.#at + this.bytes.length <= blockLength) {
      if (this.#look(expected)) {
        this.#at += this.size;
        this.#end = this.#at;
        return true;
      }
      const clean = isBlank(this.bytes.subarray(0, unit));
      this.#at += unit;
      if (!clean) {
        if (!inDamage) this.damaged += 1;
        inDamage = true;
        this.#end = this.#at;
      }
      expected = false;
    }
    // Too little for a record, but not blank for that.
    while (this.#at < blockLength) {
      this.#load(this.#at, unit, stretch);
      const from = this.#at - this.#bufferStart;
      this.#at += unit;
      if (!isBlank(this.#buffer.subarray(from, from + unit))) this.#end = this.#at;
    }
    return false;
  }

  /** Whether a record starts here. @param expected it is where the one before ended, so that a flip is worth mending */
  #look(expected: boolean, ahead = stretch): boolean {
    const { blockLength, unit } = this.#blocks;
    const { bytes, header } = this;
    if (this.#at + bytes.length > blockLength) return false;
    this.#load(this.#at, bytes.length, ahead);
    const from = this.#at - this.#bufferStart;
    bytes.set(this.#buffer.subarray(from, from + bytes.length));
    const salt = this.#blocks.sequenceOf(this.#block);
    this.mended = false;
    if (!readHeader(bytes, 2 * unit, salt, header) || !this.#fits()) {
      if (!expected || isBlank(bytes) || !this.#mend(salt)) return false;
    } else if (!expected && this.#verify(bytes.subarray(2 * unit), salt) === "corrupt") {
      // Behind damage one place in 65,536 looks like a header, and its length would hide what follows.
      return false;
    }
    this.address = this.#block * blockLength + this.#at;
    this.released = isReleased(bytes, 0);
    return true;
  }

  #fits(): boolean {
    const { blockLength, unit } = this.#blocks;
    this.size = recordLength(this.header.length, (this.header.flags & dated) !== 0, unit);
    return this.#at + this.size <= blockLength;
  }

  /** A header that one flip away is one, in front of a body that says so too. */
  #mend(salt: number): boolean {
    const header = this.bytes.subarray(2 * this.#blocks.unit);
    if (!mendHeader(header, salt) || !readHeader(header, 0, salt, this.header) || !this.#fits()) return false;
    this.mended = this.#verify(header, salt) === "sound";
    return this.mended;
  }

  /** Whether the body in flash is the one that this header was written with. */
  #verify(header: Uint8Array, salt: number): "sound" | "mended" | "corrupt" {
    const { flash, blockLength, unit } = this.#blocks;
    const whole = new Uint8Array(headerLength + this.header.length);
    flash.read(whole, this.#block * blockLength + this.#at + 2 * unit);
    whole.set(header);
    return verifyRecord(whole, this.header.length, salt);
  }

  /** Sees to it that these bytes of the block are in the buffer. */
  #load(at: number, length: number, ahead: number): void {
    if (
      this.#bufferStart >= 0 &&
      at >= this.#bufferStart &&
      at + length <= this.#bufferStart + this.#bufferLength
    )
      return;
    const { flash, blockLength } = this.#blocks;
    this.#bufferStart = at;
    this.#bufferLength = Math.min(ahead, blockLength - at);
    flash.read(this.#buffer.subarray(0, this.#bufferLength), this.#block * blockLength + at);
  }
}
