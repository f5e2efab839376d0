/**
 * The blocks of the journal's ring: which are in use, in which order they were taken, how often each
 * was erased.
 *
 *     0        4          8         12       16                        32          + 1 unit
 *     +--------+----------+---------+--------+-------------------------+-----------+------- - - -
 *     | "ENJ1" | sequence | erases  | CRC-32 | the same 16 bytes again | reclaimed | records
 *     +--------+----------+---------+--------+-------------------------+-----------+------- - - -
 *
 * The header is there twice, so that one flipped bit does not cost a block of readings. `reclaimed` is a mark:
 * the records of the block are being copied elsewhere, and then it is erased. Before an erase the header is
 * overwritten: an erase that power cuts short may bring old marks back, but never a header.
 */
import { crc32 } from "./crc";
import { mostFew } from "./few-records";
import { blank } from "./flash";
import { roundUp } from "./record";
import type { Flash } from "./flash";

const magic = 0x314a4e45;
const copyLength = 16;
const headerLength = 2 * copyLength;
const largestSequence = 0xffff_ffff;

/** The states of a block, one byte each in the table. */
export const BlockState = Object.freeze({
  /** The whole block is erased. */
  free: 0,
  /** The block has records. */
  used: 1,
  /** The block is neither blank nor in use, and has to be erased first. */
  dirty: 2,
  /** The block could not be erased, and is not used until the next start. */
  bad: 3,
});

/** Bytes in front of the tables, which are journal-index.ts's. */
export const tableHead = 28 + 8 * mostFew;
/** Bytes of the tables for one block. */
const tableEntry = 11;

/**
 * The table of blocks. It lies in one stretch of RAM, as it is kept over deep sleep, so that it need not be
 * gone through to be kept and taken up again.
 */
export class Blocks {
  readonly flash: Flash;
  readonly blockLength: number;
  readonly count: number;
  /** Least number of bytes written, a power of two of at least 4. */
  readonly unit: number;
  /** All of the following, behind `tableHead` bytes. */
  table: Uint8Array;
  /** Number of each used block, in the order in which they were taken. */
  sequences!: Uint32Array;
  /** How often each was erased. */
  erases!: Uint32Array;
  /** Bytes of records that wait, per block. */
  live!: Uint16Array;
  /** Of `BlockState`. */
  states!: Uint8Array;
  /** The highest of `sequences` so far. */
  lastSequence = 0;

  /**
   * Reads all headers, unless `kept` is a table of such a partition, which is taken as it is.
   *
   * @throws RangeError for a partition that cannot be used
   */
  constructor(flash: Flash, kept?: Uint8Array) {
    const { size, blockLength, blocks, writeAlign } = flash.status();
    const unit = Math.max(4, writeAlign ?? 4);
    if (!(blocks >= 3) || !(blockLength >= 512 && blockLength <= 0x1_0000) || size < blocks * blockLength) {
      throw new RangeError(
        `a journal takes 3 blocks of 512 to 65536 bytes or more, got ${blocks} of ${blockLength}`,
      );
    }
    if ((unit & (unit - 1)) !== 0 || unit > 64) {
      throw new RangeError(`a journal takes flash that writes 64 bytes at once at most, got ${unit}`);
    }
    this.flash = flash;
    this.blockLength = blockLength;
    this.count = blocks;
    this.unit = unit;
    const length = tableHead + tableEntry * blocks;
    this.table = kept?.buffer.byteLength === length ? kept : new Uint8Array(length);
    this.#divide();
    if (this.table !== kept) this.#readAll();
  }

  /** The tables within `table`. */
  #divide(): void {
    const { buffer } = this.table;
    const { count } = this;
    this.sequences = new Uint32Array(buffer, tableHead, count);
    this.erases = new Uint32Array(buffer, tableHead + 4 * count, count);
    this.live = new Uint16Array(buffer, tableHead + 8 * count, count);
    this.states = new Uint8Array(buffer, tableHead + 10 * count, count);
  }

  /** Offset within a block of its first record. */
  get start(): number {
    return roundUp(headerLength, this.unit) + this.unit;
  }

  /** Blocks that can be taken at once. */
  get free(): number {
    let free = 0;
    for (let i = 0; i < this.count; i++) if (this.states[i] === BlockState.free) free += 1;
    return free;
  }

  /** Whether a block can be taken at once: asked for each record, so it does not count them. */
  get hasFree(): boolean {
    return this.states.indexOf(BlockState.free) >= 0;
  }

  /** The number under which a used block was taken. */
  sequenceOf(block: number): number {
    return this.sequences[block] ?? 0;
  }

  /** How often a block was erased. */
  erasesOf(block: number): number {
    return this.erases[block] ?? 0;
  }

  /** The used block that was taken last, or -1. */
  newest(): number {
    let newest = -1;
    for (let i = 0; i < this.count; i++) {
      if (this.states[i] !== BlockState.used) continue;
      if (newest < 0 || this.sequenceOf(i) > this.sequenceOf(newest)) newest = i;
    }
    return newest;
  }

  /** Takes the free block that was erased least, and returns its number; -1 when there is none. */
  take(): number {
    let taken = -1;
    for (let i = 0; i < this.count; i++) {
      if (this.states[i] === BlockState.free && (taken < 0 || this.erasesOf(i) < this.erasesOf(taken)))
        taken = i;
    }
    if (taken < 0 || this.lastSequence === largestSequence) return -1;
    this.lastSequence += 1;
    const header = new Uint8Array(roundUp(headerLength, this.unit)).fill(blank);
    const view = new DataView(header.buffer);
    view.setUint32(0, magic, true);
    view.setUint32(4, this.lastSequence, true);
    view.setUint32(8, this.erasesOf(taken), true);
    view.setUint32(12, crc32(header, 0, 12), true);
    header.copyWithin(copyLength, 0, copyLength);
    // Set before the write: even if that fails, the block may not be blank any more.
    this.states[taken] = BlockState.dirty;
    this.flash.write(header, taken * this.blockLength);
    this.sequences[taken] = this.lastSequence;
    this.states[taken] = BlockState.used;
    return taken;
  }

  /** Notes that the block's records are being copied to another. */
  markReclaimed(block: number): void {
    this.flash.write(new Uint8Array(this.unit), block * this.blockLength + this.start - this.unit);
  }

  /** A block whose records were being copied when the power failed, or -1. */
  reclaimed(): number {
    const mark = new Uint8Array(this.unit);
    for (let i = 0; i < this.count; i++) {
      if (this.states[i] !== BlockState.used) continue;
      this.flash.read(mark, i * this.blockLength + this.start - this.unit);
      // Any bit: to copy a block for nothing costs an erase, not to finish one costs readings sent twice.
      if (!isBlank(mark)) return i;
    }
    return -1;
  }

  /** Erases a block whose records are not needed any more. @throws what the flash throws: then it is bad */
  erase(block: number): void {
    const used = this.states[block] === BlockState.used;
    this.states[block] = BlockState.bad;
    if (used) this.flash.write(new Uint8Array(roundUp(headerLength, this.unit)), block * this.blockLength);
    this.flash.eraseBlock(block);
    this.erases[block] = this.erasesOf(block) + 1;
    this.states[block] = BlockState.free;
  }

  /** Whether a block's header in flash is the one that the table says. */
  hasHeader(block: number): boolean {
    const header = new Uint8Array(headerLength);
    this.flash.read(header, block * this.blockLength);
    const copy = readCopy(header, 0) ? 0 : readCopy(header, copyLength) ? copyLength : -1;
    return copy >= 0 && new DataView(header.buffer).getUint32(copy + 4, true) === this.sequenceOf(block);
  }

  /** Whether `length` bytes of a block from `offset` on are blank, or those up to its end if they are fewer. */
  isBlankAt(block: number, offset: number, length: number): boolean {
    const bytes = new Uint8Array(Math.min(length, this.blockLength - offset));
    if (bytes.length > 0) this.flash.read(bytes, block * this.blockLength + offset);
    return isBlank(bytes);
  }

  #readAll(): void {
    const buffer = new Uint8Array(256);
    const header = buffer.subarray(0, headerLength);
    let most = 0;
    for (let i = 0; i < this.count; i++) {
      this.flash.read(header, i * this.blockLength);
      const copy = readCopy(header, 0) ? 0 : readCopy(header, copyLength) ? copyLength : -1;
      if (copy < 0) {
        this.states[i] = this.#isErased(i, buffer) ? BlockState.free : BlockState.dirty;
        continue;
      }
      const view = new DataView(header.buffer);
      this.states[i] = BlockState.used;
      const sequence = view.getUint32(copy + 4, true);
      const erases = view.getUint32(copy + 8, true);
      this.sequences[i] = sequence;
      this.erases[i] = erases;
      if (sequence > this.lastSequence) this.lastSequence = sequence;
      if (erases > most) most = erases;
    }
    // A block without a header has lost its count, and is taken to be as worn as the most worn one.
    for (let i = 0; i < this.count; i++) if (this.states[i] !== BlockState.used) this.erases[i] = most;
  }

  #isErased(block: number, buffer: Uint8Array): boolean {
    const end = (block + 1) * this.blockLength;
    for (let at = block * this.blockLength; at < end; at += buffer.length) {
      this.flash.read(buffer, at);
      if (!isBlank(buffer)) return false;
    }
    return true;
  }
}

/** Whether all bytes are blank, as after an erase. */
export function isBlank(bytes: Uint8Array): boolean {
  const { length, byteOffset } = bytes;
  // A view of words is worth it for more than a few.
  if (length >= 64 && ((length | byteOffset) & 3) === 0) {
    const words = new Int32Array(bytes.buffer, byteOffset, length >> 2);
    for (let i = 0; i < words.length; i++) if (words[i] !== -1) return false;
    return true;
  }
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== blank) return false;
  return true;
}

function readCopy(bytes: Uint8Array, at: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(at, true) !== magic) return false;
  return view.getUint32(at + 12, true) === crc32(bytes, at, at + 12);
}
