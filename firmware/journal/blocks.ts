/**
 * The blocks of the journal's ring: which are in use, in which order they were taken, how often each
 * was erased, and which are left out because they fail.
 *
 *     0                                   32          + 1 unit
 *     +-----------------------------------+-----------+------- - - -
 *     | header, twice: see block-header   | reclaimed | records
 *     +-----------------------------------+-----------+------- - - -
 *
 * `reclaimed` is a mark: the records of the block are being copied elsewhere, and then it is erased. Before an erase
 * the header is overwritten: an erase that power cuts short may bring old marks back, but never a header.
 */
import { blockHeaderLength, encodeBlockHeader, erasesIn, mendBlockHeader, sequenceIn } from "./block-header";
import { CheckedFlash, isBlank } from "./checked-flash";
import { mostFew } from "./few-records";
import { blank } from "./flash";
import { headerLength, isReleased, recordLength, roundUp } from "./record";
import type { Flash } from "./flash";

const largestSequence = 0xffff_ffff;

/** The states of a block, one byte each in the table. */
export const BlockState = Object.freeze({
  /** The whole block is erased. */
  free: 0,
  /** The block has records. */
  used: 1,
  /** The block is neither blank nor in use, and has to be erased first. */
  dirty: 2,
  /** The block has failed, and is left out: neither written nor erased. */
  bad: 3,
  /** The block cannot be read. It is tried again, as its records may still be there. */
  unreadable: 4,
});

/** Bytes in front of the tables, which are journal-index.ts's. */
export const tableHead = 32 + 8 * mostFew;
/** Bytes of the tables for one block. */
const tableEntry = 11;

/** What has become of a block that failed. */
export interface BlockNews {
  readonly block: number;
  /**
   * `left-out`: it is not used any more, and its records are elsewhere; `unreadable`: they are out of reach;
   * `readable`: they are within reach again; `lost`: its header is beyond repair, so it will be erased.
   */
  readonly what: "left-out" | "unreadable" | "readable" | "lost";
  /** Records that waited in it and went out of reach, or came back, where that is known. */
  readonly records: number | undefined;
}

/**
 * The table of blocks. It lies in one stretch of RAM, as it is kept over deep sleep, so that it need not be
 * gone through to be kept and taken up again.
 */
export class Blocks {
  readonly flash: CheckedFlash;
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
  /** Blocks that are left out, the one that has been so for longest first: at most half of all. */
  readonly bad: number[] = [];
  /** Addresses of records that are done with although flash does not say so, as their marks could not be written. */
  gone: number[] = [];
  /** What has become of blocks since this was emptied. */
  news: BlockNews[] = [];

  /**
   * Reads all headers, unless `kept` is a table of such a partition, which is taken as it is.
   *
   * @throws RangeError for a partition that cannot be used; Error for one of which no block can be read
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
    this.flash = new CheckedFlash(flash);
    this.blockLength = blockLength;
    this.count = blocks;
    this.unit = unit;
    const length = tableHead + tableEntry * blocks;
    this.table = kept?.buffer.byteLength === length ? kept : new Uint8Array(length);
    this.divide();
    if (this.table !== kept) this.readAll();
    for (let i = this.states.indexOf(BlockState.bad); i >= 0; i = this.states.indexOf(BlockState.bad, i + 1))
      this.bad.push(i);
  }

  /** The tables within `table`. */
  private divide(): void {
    const { buffer } = this.table;
    const { count } = this;
    this.sequences = new Uint32Array(buffer, tableHead, count);
    this.erases = new Uint32Array(buffer, tableHead + 4 * count, count);
    this.live = new Uint16Array(buffer, tableHead + 8 * count, count);
    this.states = new Uint8Array(buffer, tableHead + 10 * count, count);
  }

  /** Offset within a block of its first record. */
  get start(): number {
    return roundUp(blockHeaderLength, this.unit) + this.unit;
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

  isReadable(block: number): boolean {
    return this.states[block] !== BlockState.unreadable;
  }

  /** The used block that was taken last, of those before `sequence` where that is given; -1 for none. */
  newest(before = Infinity): number {
    let newest = -1;
    for (let i = 0; i < this.count; i++) {
      if (this.states[i] !== BlockState.used || this.sequenceOf(i) >= before) continue;
      if (newest < 0 || this.sequenceOf(i) > this.sequenceOf(newest)) newest = i;
    }
    return newest;
  }

  /**
   * Takes the free block that was erased least, and returns its number; -1 when there is none that can be written.
   * Those that cannot are left out, unless all of the chip fails.
   */
  take(): number {
    for (;;) {
      let taken = -1;
      for (let i = 0; i < this.count; i++) {
        if (this.states[i] === BlockState.free && (taken < 0 || this.erasesOf(i) < this.erasesOf(taken)))
          taken = i;
      }
      if (taken < 0 || this.lastSequence === largestSequence) return -1;
      this.lastSequence += 1;
      const header = new Uint8Array(roundUp(blockHeaderLength, this.unit)).fill(blank);
      encodeBlockHeader(header, this.lastSequence, this.erasesOf(taken));
      if (this.flash.write(header, taken * this.blockLength)) {
        this.sequences[taken] = this.lastSequence;
        this.states[taken] = BlockState.used;
        return taken;
      }
      if (!this.judge(taken)) return -1;
    }
  }

  /** Notes that the block's records are being copied to another; false when that cannot be written. */
  markReclaimed(block: number): boolean {
    return this.flash.mark(new Uint8Array(this.unit), block * this.blockLength + this.start - this.unit);
  }

  /** A block, from `first` on, whose records were being copied when the power failed, or -1. */
  reclaimed(first = 0): number {
    const mark = new Uint8Array(this.unit);
    for (let i = first; i < this.count; i++) {
      if (this.states[i] !== BlockState.used) continue;
      if (!this.flash.read(mark, i * this.blockLength + this.start - this.unit)) continue;
      // Any bit: to copy a block for nothing costs an erase, not to finish one costs readings sent twice.
      if (!isBlank(mark)) return i;
    }
    return -1;
  }

  /** Whether a block's header in flash is the one that the table says. */
  hasHeader(block: number): boolean {
    const header = new Uint8Array(blockHeaderLength);
    if (!this.flash.read(header, block * this.blockLength) || !mendBlockHeader(header)) return false;
    return sequenceIn(header) === this.sequenceOf(block);
  }

  /** Whether `length` bytes of a block from `offset` on are blank, or those up to its end if they are fewer. */
  isBlankAt(block: number, offset: number, length: number): boolean {
    const bytes = new Uint8Array(Math.min(length, this.blockLength - offset));
    return (
      bytes.length === 0 || (this.flash.read(bytes, block * this.blockLength + offset) && isBlank(bytes))
    );
  }

  /** Erases a block whose records are not needed any more; when that fails it is left out. */
  erase(block: number): boolean {
    const used = this.states[block] === BlockState.used;
    // Set before the erase: if power fails in it, that is how the next start finds it.
    this.states[block] = BlockState.dirty;
    if (used) this.clearHeader(block);
    if (!this.flash.erase(block, this.blockLength)) {
      this.judge(block);
      return false;
    }
    this.erases[block] = this.erasesOf(block) + 1;
    this.states[block] = BlockState.free;
    this.forgetGone(block);
    return true;
  }

  /** Overwrites the header of a block that is about to be erased. */
  clearHeader(block: number): void {
    this.flash.mark(new Uint8Array(roundUp(blockHeaderLength, this.unit)), block * this.blockLength);
  }

  /** A free or dirty block has failed: it is left out if it is the only one that does, and else is dirty. */
  private judge(block: number): boolean {
    if (this.flash.isolated) this.leaveOut(block);
    else this.states[block] = BlockState.dirty;
    return this.flash.isolated;
  }

  /** The block has failed: it is neither written nor erased from now on. */
  leaveOut(block: number): void {
    this.states[block] = BlockState.bad;
    this.bad.push(block);
    this.forgetGone(block);
    this.news.push({ block, what: "left-out", records: undefined });
  }

  /** The block's old records are no more: a mark that is written later would be one of a new record. */
  private forgetGone(block: number): void {
    if (this.gone.length > 0) this.gone = this.gone.filter((at) => this.blockOf(at) !== block);
  }

  /** The block in which an address is. */
  blockOf(address: number): number {
    return Math.floor(address / this.blockLength);
  }

  /**
   * The block that has been left out for longest gets another chance. It has to be erased first, as what was in it is
   * elsewhere; false when that fails.
   */
  forgive(): boolean {
    const block = this.bad[0];
    if (block === undefined) return false;
    this.takeBack(block, BlockState.dirty);
    return this.erase(block);
  }

  /** The block gets another chance, in this state. */
  takeBack(block: number, state: number): void {
    this.bad.splice(this.bad.indexOf(block), 1);
    this.states[block] = state;
    this.news = this.news.filter((each) => each.block !== block);
  }

  /** At a start: the block was left out in an earlier one. */
  keepOut(block: number): void {
    this.states[block] = BlockState.bad;
    this.bad.push(block);
    this.news = this.news.filter((each) => each.block !== block);
  }

  /** The block cannot be read. */
  hide(block: number): void {
    if (this.states[block] === BlockState.unreadable) return;
    this.states[block] = BlockState.unreadable;
    this.news.push({ block, what: "unreadable", records: undefined });
  }

  /** Tries the blocks again that could not be read. @returns those that can be now and have records */
  readAgain(): number[] {
    const back: number[] = [];
    for (let i = this.states.indexOf(BlockState.unreadable); i >= 0;) {
      if (this.flash.isReadable(i * this.blockLength, this.blockLength) && this.readOne(i)) back.push(i);
      i = this.states.indexOf(BlockState.unreadable, i + 1);
    }
    return back;
  }

  private readAll(): void {
    for (let i = 0; i < this.count; i++) this.readOne(i);
    if (this.states.every((state) => state === BlockState.unreadable)) throw new Error(this.flash.reason);
    let most = 0;
    for (let i = 0; i < this.count; i++) most = Math.max(most, this.erasesOf(i));
    // A block without a header has lost its count, and is taken to be as worn as the most worn one.
    for (let i = 0; i < this.count; i++) if (this.states[i] !== BlockState.used) this.erases[i] = most;
    // What cannot be read may be later, and its number must not have been given twice then.
    if (this.news.length > 0) this.lastSequence = Math.min(largestSequence, this.lastSequence + this.count);
  }

  /** Reads a block's header, and says whether it is in use. */
  private readOne(block: number): boolean {
    const header = new Uint8Array(blockHeaderLength);
    const at = block * this.blockLength;
    this.states[block] = BlockState.dirty;
    if (!this.flash.read(header, at)) this.hide(block);
    else if (mendBlockHeader(header)) {
      this.states[block] = BlockState.used;
      this.sequences[block] = sequenceIn(header);
      this.erases[block] = erasesIn(header);
      this.lastSequence = Math.max(this.lastSequence, this.sequenceOf(block));
    } else if (this.flash.isBlank(at, this.blockLength)) this.states[block] = BlockState.free;
    else this.lose(block, header);
    return this.states[block] === BlockState.used;
  }

  /** Tells of a block with records that wait and without a header, but of none that was about to be erased. */
  private lose(block: number, header: Uint8Array): void {
    let zeros = 0;
    for (let i = 0; i < header.length; i++) if (header[i] === 0) zeros += 1;
    if (zeros > header.length / 2) return;
    const { unit, blockLength, start } = this;
    const bytes = new Uint8Array(2 * unit + headerLength);
    const view = new DataView(bytes.buffer);
    const first = block * blockLength;
    let waiting = 0;
    let at = start;
    if (!this.flash.read(bytes.subarray(0, unit), first + start - unit)) return;
    if (!isBlank(bytes.subarray(0, unit))) return;
    while (at + bytes.length <= blockLength && this.flash.read(bytes, first + at) && !isBlank(bytes)) {
      const flags = view.getUint8(2 * unit + 3);
      const size = recordLength(view.getUint16(2 * unit, true), (flags & 1) !== 0, unit);
      // Without the block's number no checksum can tell a record: only its form does.
      if (flags > 1 || view.getUint16(2 * unit + 20, true) !== 0 || at + size > blockLength) break;
      if (!isReleased(bytes, 0)) waiting += 1;
      at += size;
    }
    if (waiting > 0) this.news.push({ block, what: "lost", records: waiting });
  }
}
