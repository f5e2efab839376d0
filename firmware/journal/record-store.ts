/**
 * Records in the blocks of the flash: written behind the last one, found, read, marked. The journal decides
 * which block is used next, and which records are given up when there is none.
 */
import { BlockState } from "./blocks";
import { isBlank } from "./checked-flash";
import {
  dated,
  encodeLateTime,
  encodeRecord,
  headerLength,
  isTime,
  isTwoFlips,
  lateTimeLength,
  readLateTime,
  readTried,
  recordLength,
  roundUp,
  verifyRecord,
} from "./record";
import { RecordCursor } from "./record-cursor";
import type { Blocks } from "./blocks";
import type { RecordHeader, Tried } from "./record";

/** A record that waits. */
export interface JournalRecord {
  readonly address: number;
  readonly id: number;
  readonly type: number;
  /** ms: epoch if `dated`, else uptime of the boot `boot`. */
  readonly time: number;
  readonly dated: boolean;
  readonly boot: number;
  readonly tried: Tried;
  readonly body: Uint8Array;
}

/** Type of the record that lists the blocks which are left out: see `RecordStore.writeNote`. */
const noteType = 0;

/** The records of one partition. */
export class RecordStore {
  readonly blocks: Blocks;
  /** Records that wait. */
  length = 0;
  /** The block that is written to, -1 for none yet, and where in it. */
  active = -1;
  end = 0;
  /** Address of the last record of that block, -1 for none. */
  last = -1;
  /** Walks over blocks. Records may be read and released during a walk, because `#lookup` does that. */
  readonly cursor: RecordCursor;
  readonly #lookup: RecordCursor;
  /** Blocks that have failed, and have records that are still to be copied. */
  leaving: number[] = [];
  /** Where the note is that lists the blocks which are left out; -1 for none. */
  noteAt = -1;
  readonly #scratch = new Uint8Array(256);

  constructor(blocks: Blocks) {
    this.blocks = blocks;
    this.cursor = new RecordCursor(this.blocks);
    this.#lookup = new RecordCursor(this.blocks);
  }

  /** Bytes of records that wait in a block. */
  liveIn(block: number): number {
    return this.blocks.live[block] ?? 0;
  }

  /** Bytes that a block has for records, the note in front of them left out. */
  get capacity(): number {
    const { blockLength, start, unit } = this.blocks;
    const out = this.out;
    return blockLength - start - (out > 0 ? recordLength(noteLength(out), true, unit) : 0);
  }

  /** Blocks that a note lists. */
  get out(): number {
    return this.blocks.bad.length + this.leaving.length;
  }

  /** Takes a free block to write to; false when there is none that can be written. */
  open(): boolean {
    const { blocks } = this;
    for (;;) {
      this.active = blocks.take();
      this.end = blocks.start;
      this.last = -1;
      if (this.active < 0) return false;
      if (this.out === 0 || this.writeNote()) return true;
      blocks.leaveOut(this.active);
    }
  }

  /**
   * Writes behind the last record, where the caller knows that there is room, and returns the address;
   * -1 when it does not read back as written.
   */
  write(header: RecordHeader, body: Uint8Array): number {
    const address = this.put(header, body);
    if (address < 0) return -1;
    this.blocks.live[this.active] = this.liveIn(this.active) + this.end - (address % this.blocks.blockLength);
    this.length += 1;
    return address;
  }

  /**
   * Writes down which blocks are left out; false when there is no room behind the last record, or it does not read
   * back. Each block that is taken begins with this note, so the newest one has it.
   *
   *     0 leaving u8 | 1 number of a block u16, the one that was left out first in front …
   *
   * `leaving` is how many at the end of the list have records that are still to be copied. The note's mark "alone"
   * says later that none has.
   */
  writeNote(): boolean {
    const { bad, unit, blockLength } = this.blocks;
    const out = bad.concat(this.leaving);
    const body = new Uint8Array(noteLength(out.length));
    body[0] = this.leaving.length;
    for (let i = 0; i < out.length; i++) {
      const block = out[i] ?? 0;
      body[1 + 2 * i] = block & 0xff;
      body[2 + 2 * i] = block >> 8;
    }
    if (this.end + recordLength(body.length, true, unit) > blockLength) return false;
    const header = { length: body.length, type: noteType, flags: dated, id: 0, time: 0, boot: 0 };
    const address = this.put(header, body);
    if (address >= 0) this.noteAt = address;
    return address >= 0;
  }

  /** Finds the newest note, and leaves out the blocks that it lists. */
  readNote(): void {
    const { blocks, cursor } = this;
    let before = Infinity;
    for (let block = blocks.newest(); block >= 0; block = blocks.newest(before)) {
      before = blocks.sequenceOf(block);
      let begun = false;
      let note: JournalRecord | undefined;
      for (let found = cursor.first(block); found; found = cursor.next()) {
        // One that power cut short does not count.
        if (cursor.header.type === noteType) note = this.sound(cursor.address) ?? note;
        // A block that begins with a record was taken when no block was left out.
        else if (cursor.address === block * blocks.blockLength + blocks.start) begun = true;
      }
      if (note !== undefined) return this.applyNote(note);
      if (begun) return;
    }
  }

  private sound(address: number): JournalRecord | undefined {
    const record = this.read(address);
    return record === "corrupt" ? undefined : record;
  }

  private applyNote({ address, body, tried }: JournalRecord): void {
    const { blocks } = this;
    this.noteAt = address;
    const leaving = tried === "no" ? (body[0] ?? 0) : 0;
    for (let i = 1; i + 1 < body.length; i += 2) {
      const block = (body[i] ?? 0) | ((body[i + 1] ?? 0) << 8);
      if (block >= blocks.count) continue;
      if (i < body.length - 2 * leaving) blocks.keepOut(block);
      else if (blocks.states[block] === BlockState.used) this.leaving.push(block);
    }
  }

  private put(header: RecordHeader, body: Uint8Array): number {
    const { flash, blockLength, unit } = this.blocks;
    const size = recordLength(body.length, (header.flags & dated) !== 0, unit);
    const needed = roundUp(headerLength + body.length, unit);
    // A record of an application's long message comes so seldom that no room for it is kept.
    const scratch = needed > this.#scratch.length ? new Uint8Array(needed) : this.#scratch;
    const written = scratch.subarray(0, needed);
    encodeRecord(header, body, this.blocks.sequenceOf(this.active), unit, written);
    const address = this.active * blockLength + this.end;
    // Set before the write: even if that fails, these bytes may not be blank any more.
    this.end += size;
    if (flash.write(written, address + 2 * unit)) return (this.last = address);
    // Overwritten, because the record may be one flipped bit away from a valid one and would be found later.
    if (!flash.mark(new Uint8Array(unit), address)) this.blocks.gone.push(address);
    return -1;
  }

  /** Marks the record as one that is not needed any more; false when the mark cannot be written. */
  release(address: number): boolean {
    const { flash, unit, gone } = this.blocks;
    const block = this.blocks.blockOf(address);
    if (!this.at(address)) {
      // When the block can be read again, the record is still one that is done with.
      if (!this.blocks.isReadable(block) && gone.indexOf(address) < 0) gone.push(address);
      return true;
    }
    if (this.#lookup.header.type !== noteType) {
      // Never below none: an index from deep sleep may not have counted it, see journal-index.ts.
      this.blocks.live[block] = Math.max(0, this.liveIn(block) - this.#lookup.size);
      this.length = Math.max(0, this.length - 1);
    }
    if (flash.mark(new Uint8Array(unit), address)) return true;
    gone.push(address);
    return false;
  }

  /** Tries the marks again that could not be written; gives the address of one that still cannot, or -1. */
  settle(): number {
    const { blocks } = this;
    const { flash, unit } = blocks;
    blocks.gone = blocks.gone.filter(
      (address) => !blocks.isReadable(blocks.blockOf(address)) || !flash.mark(new Uint8Array(unit), address),
    );
    return blocks.gone.find((address) => blocks.isReadable(blocks.blockOf(address))) ?? -1;
  }

  /** Whether flash says of all records that are done with that they are, those left out that nobody can read. */
  get settled(): boolean {
    const { blocks } = this;
    return !blocks.gone.some((address) => blocks.isReadable(blocks.blockOf(address)));
  }

  /** Whether a record that waits is there; then `#lookup` stands on it. */
  private at(address: number): boolean {
    return (
      this.#lookup.at(address) &&
      !this.#lookup.released &&
      (this.blocks.gone.length === 0 || this.blocks.gone.indexOf(address) < 0)
    );
  }

  /** Notes how a record was sent; false when that cannot be written. */
  markTried(address: number, how: "alone" | "timed"): boolean {
    const { flash, unit } = this.blocks;
    const mark = new Uint8Array(unit).fill(0xff);
    mark.fill(0, how === "alone" ? 0 : 2, how === "alone" ? 2 : 4);
    return flash.mark(mark, address + unit);
  }

  /**
   * Gives an undated record its time, epoch ms, in both places for it.
   *
   * @returns "used-up" when power cuts have used up the room for it, "failed" when flash does not take it
   */
  date(address: number, time: number): "dated" | "used-up" | "failed" {
    const { flash, unit } = this.blocks;
    if (!this.#lookup.at(address) || (this.#lookup.header.flags & dated) !== 0) return "used-up";
    const place = lateTimeLength(unit);
    const first = address + this.#lookup.size - 2 * place;
    const bytes = new Uint8Array(2 * place);
    if (!flash.read(bytes, first)) return "failed";
    let written = encodeLateTime(time, unit);
    const known = readLateTime(bytes, 0, unit);
    if (known !== undefined) written = encodeLateTime(known, unit);
    let copies = 0;
    let failed = false;
    for (let at = 0; at <= place; at += place) {
      if (isTime(bytes, at)) copies += 1;
      if (!isBlank(bytes.subarray(at, at + place))) continue;
      if (flash.write(written, first + at)) copies += 1;
      else failed = true;
    }
    if (copies > 0 || known !== undefined) return "dated";
    return failed ? "failed" : "used-up";
  }

  /** The record; "corrupt" when its bytes are no longer what they were, undefined when there is none. */
  read(address: number): JournalRecord | "corrupt" | undefined {
    const bytes = this.content(address);
    if (bytes === undefined) return undefined;
    const { blockLength, unit } = this.blocks;
    const { id, type, length, time, boot, flags } = this.#lookup.header;
    const salt = this.blocks.sequenceOf(Math.floor(address / blockLength));
    if (verifyRecord(bytes, length, salt) === "corrupt") return "corrupt";
    const isDated = (flags & dated) !== 0;
    const place = lateTimeLength(unit);
    const lateTime = isDated ? undefined : readLateTime(bytes, bytes.length - 2 * place, unit);
    return {
      address,
      id,
      type,
      time: lateTime ?? time,
      dated: isDated || lateTime !== undefined,
      boot,
      tried: readTried(this.#lookup.bytes, unit),
      body: bytes.subarray(headerLength, headerLength + length),
    };
  }

  /** Whether the body is not as it was, and two flipped bits do not explain it: a write that was cut short. */
  isTorn(address: number): boolean {
    const bytes = this.content(address);
    if (bytes === undefined) return false;
    const { length } = this.#lookup.header;
    const salt = this.blocks.sequenceOf(Math.floor(address / this.blocks.blockLength));
    return verifyRecord(bytes, length, salt) === "corrupt" && !isTwoFlips(bytes, length, salt);
  }

  /** All of a record but its marks, flipped bits of its header put right; undefined when it cannot be read. */
  private content(address: number): Uint8Array | undefined {
    const { flash, blockLength, unit } = this.blocks;
    if (!this.#lookup.at(address)) return undefined;
    const bytes = new Uint8Array(this.#lookup.size - 2 * unit);
    if (!flash.read(bytes, address + 2 * unit)) {
      this.blocks.hide(Math.floor(address / blockLength));
      return undefined;
    }
    bytes.set(this.#lookup.bytes.subarray(2 * unit));
    return bytes;
  }

  /** The header of the record that was read, marked or looked for last. */
  get lookedUp(): Readonly<RecordHeader> {
    return this.#lookup.header;
  }

  /** Calls back for each record of a block that waits. */
  eachIn(block: number, visit: (address: number, header: Readonly<RecordHeader>) => void): void {
    const { cursor } = this;
    for (let found = cursor.first(block); found; found = cursor.next()) {
      if (this.isWaiting(cursor)) visit(cursor.address, cursor.header);
    }
  }

  /** Whether the record on which a cursor stands waits for the cloud. */
  isWaiting({ released, header, address }: RecordCursor): boolean {
    if (released || header.type === noteType) return false;
    return this.blocks.gone.length === 0 || this.blocks.gone.indexOf(address) < 0;
  }

  /** Counts what waits anew, after blocks were copied or went out of reach. */
  count(): void {
    const { blocks, cursor } = this;
    this.length = 0;
    for (let block = 0; block < blocks.count; block++) {
      blocks.live[block] = 0;
      if (blocks.states[block] !== BlockState.used) continue;
      for (let found = cursor.first(block); found; found = cursor.next()) {
        if (!this.isWaiting(cursor)) continue;
        blocks.live[block] = this.liveIn(block) + cursor.size;
        this.length += 1;
      }
    }
  }

  /** Calls back for each record that waits, block by block. */
  each(visit: (address: number, header: Readonly<RecordHeader>) => void): void {
    const { count, states } = this.blocks;
    for (let block = 0; block < count; block++) {
      if (states[block] === BlockState.used && this.liveIn(block) > 0) this.eachIn(block, visit);
    }
  }
}

/** Length of the body of a note on so many blocks. */
function noteLength(blocks: number): number {
  return 1 + 2 * blocks;
}
