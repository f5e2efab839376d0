/**
 * Records in the blocks of the flash: written behind the last one, found, read, marked. The journal decides
 * which block is used next, and which records are given up when there is none.
 */
import { BlockState } from "./blocks";
import {
  dated,
  encodeLateTime,
  encodeRecord,
  headerLength,
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
  #scratch = new Uint8Array(256);

  constructor(blocks: Blocks) {
    this.blocks = blocks;
    this.cursor = new RecordCursor(this.blocks);
    this.#lookup = new RecordCursor(this.blocks);
  }

  /** Bytes of records that wait in a block. */
  liveIn(block: number): number {
    return this.blocks.live[block] ?? 0;
  }

  /** Bytes that a block has for records. */
  get capacity(): number {
    return this.blocks.blockLength - this.blocks.start;
  }

  /** Takes a free block to write to; false when there is none. */
  open(): boolean {
    const taken = this.blocks.take();
    if (taken < 0) return false;
    this.active = taken;
    this.end = this.blocks.start;
    this.last = -1;
    return true;
  }

  /**
   * Writes behind the last record, where the caller knows that there is room, and returns the address;
   * -1 when it does not read back as written.
   */
  write(header: RecordHeader, body: Uint8Array): number {
    const { flash, blockLength, unit } = this.blocks;
    const size = recordLength(body.length, (header.flags & dated) !== 0, unit);
    const needed = roundUp(headerLength + body.length, unit);
    if (this.#scratch.length < 2 * needed) this.#scratch = new Uint8Array(2 * needed);
    const written = this.#scratch.subarray(0, needed);
    encodeRecord(header, body, this.blocks.sequenceOf(this.active), unit, written);
    const address = this.active * blockLength + this.end;
    // Set before the write: even if that fails, these bytes may not be blank any more.
    this.end += size;
    flash.write(written, address + 2 * unit);
    const back = this.#scratch.subarray(needed, 2 * needed);
    flash.read(back, address + 2 * unit);
    for (let i = 0; i < needed; i++) {
      if (written[i] === back[i]) continue;
      // Overwritten, because the record may be one flipped bit away from a valid one and would be found later.
      flash.write(new Uint8Array(unit), address);
      return -1;
    }
    this.blocks.live[this.active] = this.liveIn(this.active) + size;
    this.length += 1;
    this.last = address;
    return address;
  }

  /** Marks the record as one that is not needed any more. */
  release(address: number): void {
    const { flash, blockLength, unit } = this.blocks;
    if (!this.#lookup.at(address) || this.#lookup.released) return;
    const block = Math.floor(address / blockLength);
    // Never below none: an index from deep sleep may not have counted it, see journal-index.ts.
    this.blocks.live[block] = Math.max(0, this.liveIn(block) - this.#lookup.size);
    this.length = Math.max(0, this.length - 1);
    flash.write(new Uint8Array(unit), address);
  }

  /** Notes how a record was sent. */
  markTried(address: number, how: "alone" | "timed"): void {
    const { flash, unit } = this.blocks;
    const mark = new Uint8Array(unit).fill(0xff);
    mark.fill(0, how === "alone" ? 0 : 2, how === "alone" ? 2 : 4);
    flash.write(mark, address + unit);
  }

  /** Gives an undated record its time, epoch ms; false when power cuts have used up the room for it. */
  date(address: number, time: number): boolean {
    const { flash, unit } = this.blocks;
    if (!this.#lookup.at(address) || (this.#lookup.header.flags & dated) !== 0) return false;
    const place = lateTimeLength(unit);
    const first = address + this.#lookup.size - 2 * place;
    const bytes = new Uint8Array(place);
    for (let at = first; at <= first + place; at += place) {
      flash.read(bytes, at);
      if (readLateTime(bytes, 0) !== undefined) return true;
      if (bytes.some((byte) => byte !== 0xff)) continue;
      flash.write(encodeLateTime(time, unit), at);
      return true;
    }
    return false;
  }

  /** The record; "corrupt" when its bytes are no longer what they were, undefined when there is none. */
  read(address: number): JournalRecord | "corrupt" | undefined {
    const { flash, blockLength, unit } = this.blocks;
    if (!this.#lookup.at(address)) return undefined;
    const { size } = this.#lookup;
    const { id, type, length, time, boot, flags } = this.#lookup.header;
    const tried = readTried(this.#lookup.bytes, unit);
    const bytes = new Uint8Array(size - 2 * unit);
    flash.read(bytes, address + 2 * unit);
    const salt = this.blocks.sequenceOf(Math.floor(address / blockLength));
    if (verifyRecord(bytes, length, salt) === "corrupt") return "corrupt";
    const isDated = (flags & dated) !== 0;
    const place = lateTimeLength(unit);
    const lateTime = isDated
      ? undefined
      : (readLateTime(bytes, bytes.length - 2 * place) ?? readLateTime(bytes, bytes.length - place));
    return {
      address,
      id,
      type,
      time: lateTime ?? time,
      dated: isDated || lateTime !== undefined,
      boot,
      tried,
      body: bytes.subarray(headerLength, headerLength + length),
    };
  }

  /** Calls back for each record of a block that waits. */
  eachIn(block: number, visit: (address: number, header: Readonly<RecordHeader>) => void): void {
    const { cursor } = this;
    for (let found = cursor.first(block); found; found = cursor.next()) {
      if (!cursor.released) visit(cursor.address, cursor.header);
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
