/**
 * Readings and messages that wait for the cloud, in raw flash: an append-only ring that survives the
 * loss of power at any moment, of any write and of any erase, and blocks that fail.
 *
 *     append -> one write, then it is kept       release -> its mark is cleared
 *
 * What is written is read back, so what is called kept is in flash. The hardware's exceptions end here: a block that
 * refuses, lies or forgets is left out (see room.ts), and the owner is told.
 *
 * RAM has no index, only a few numbers per block: to find the oldest records the journal walks over all
 * headers once.
 */
import { BlockState, Blocks } from "./blocks";
import { FewRecords } from "./few-records";
import { journalIndex, takeUpIndex } from "./journal-index";
import { dated, recordLength } from "./record";
import { RecordStore } from "./record-store";
import { Room, placesTried } from "./room";
import type { Flash } from "./flash";
import type { JournalOptions } from "./journal-options";
import type { RecordHeader } from "./record";
import type { JournalRecord } from "./record-store";

export type { FullPolicy, JournalOptions, LossReason } from "./journal-options";
export type { JournalRecord } from "./record-store";

/** The result of `append`. */
export type Appended =
  /** The record is at this address and outlives any loss of power. */
  | { readonly kind: "kept"; readonly address: number }
  | { readonly kind: "full" }
  /** No block takes it, and why. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Longer than a block has room for. */
  | { readonly kind: "too-large" };

/** What a boot found. */
export interface Recovery {
  /** Records that wait. */
  readonly waiting: number;
  /** Stretches of a block that are no record: writes cut short, or worse. */
  readonly damaged: number;
  /** Records in whose header flipped bits were put right. */
  readonly mended: number;
}

/** Writes of a record, in two places of a block and then in another block, before it is given up. */
const writesTried = 4;

/** The journal: `append`, `oldest`, `read`, `release`. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #records: RecordStore;
  readonly #room: Room;
  readonly #boot: number;
  readonly #few: FewRecords;
  /** Whether a record that waits may lack its time. */
  #undated = false;
  readonly recovery: Recovery;

  /**
   * Finds what is there; costs one walk over all headers, unless the index says where the journal stands.
   *
   * @param boot number of this boot, 16 bits: undated records of it are told from older ones
   * @param index what `index` gave before the board slept deeply, in a buffer of its own, which becomes the
   *   journal's: it holds only as long as nothing has been written since
   * @throws RangeError for a partition that cannot be used; Error for one of which no block can be read
   */
  constructor(flash: Flash, boot: number, options: JournalOptions, index?: Uint8Array) {
    this.#options = options;
    this.#boot = boot & 0xffff;
    const standing = index === undefined ? undefined : takeUpIndex(flash, index);
    this.#records = standing?.records ?? new RecordStore(new Blocks(flash));
    this.#few = standing?.few ?? new FewRecords();
    this.#undated = standing?.undated ?? false;
    this.#room = new Room(this.#records, this.#few, options);
    this.recovery = standing === undefined ? this.recover() : { waiting: this.length, damaged: 0, mended: 0 };
  }

  /**
   * Where the journal stands, for the next opening, if nothing is written until then; to be copied at once.
   * Undefined when the next opening has to walk.
   */
  index(): Uint8Array | undefined {
    return journalIndex({ records: this.#records, few: this.#few, undated: this.#undated });
  }

  /** Records that wait. */
  get length(): number {
    return this.#records.length;
  }

  /** Whether flash says of all records that are done with that they are. */
  get settled(): boolean {
    return this.#records.settled && this.#records.leaving.length === 0;
  }

  /** How often each block was erased. */
  get erases(): Uint32Array {
    return this.#records.blocks.erases;
  }

  /** Writes a record to flash. */
  append(type: number, id: number, time: number, isDated: boolean, body: Uint8Array): Appended {
    const records = this.#records;
    const { flash, blockLength, start, unit, states } = records.blocks;
    // What comes back may have been out of reach when the others got their time.
    if (states.indexOf(BlockState.unreadable) >= 0 && this.#room.retake()) this.#undated = true;
    const size = recordLength(body.length, isDated, unit);
    if (size > blockLength - start) return { kind: "too-large" };
    const header = { length: body.length, type, flags: isDated ? dated : 0, id, time, boot: this.#boot };
    const failures = flash.failures;
    let address = -1;
    let misses = 0;
    for (let i = 0; address < 0 && i < writesTried; i++) {
      const before = flash.failures;
      if (this.#room.make(size)) {
        address = records.write(header, body);
        misses = address < 0 ? misses + 1 : 0;
      } else if (flash.failures === before) break;
      if (misses < placesTried) continue;
      // What waits in the block is copied while it can be read.
      this.#room.retire(records.active);
      misses = 0;
    }
    if (address >= 0 && records.blocks.gone.length > 0) {
      const gone = records.settle();
      const moved = gone < 0 ? -1 : this.#room.retire(this.#records.blocks.blockOf(gone), address);
      if (moved >= 0) address = moved;
    }
    this.tell();
    if (address >= 0) {
      this.#few.add(address, id);
      if (!isDated) this.#undated = true;
      return { kind: "kept", address };
    }
    return flash.failures === failures ? { kind: "full" } : { kind: "failed", reason: flash.reason };
  }

  /** Marks the record as one that is not needed any more. */
  release(address: number): void {
    this.#few.remove(address);
    if (!this.#records.release(address)) this.#room.retire(this.#records.blocks.blockOf(address));
    this.tell();
    if (this.length > 0) return;
    this.#few.known = true;
    this.#undated = false;
  }

  /** Notes how a record is about to be sent, so that it will be sent so again after a loss of power. */
  markTried(address: number, how: "alone" | "timed"): void {
    if (!this.#records.markTried(address, how)) {
      const copy = this.#room.retire(this.#records.blocks.blockOf(address), address);
      if (copy >= 0) this.#records.markTried(copy, how);
    }
    this.tell();
  }

  /** Gives an undated record its time, epoch ms; false when power cuts have used up the room for it. */
  date(address: number, time: number): boolean {
    let done = this.#records.date(address, time);
    if (done === "failed") {
      const copy = this.#room.retire(this.#records.blocks.blockOf(address), address);
      if (copy >= 0) done = this.#records.date(copy, time);
    }
    this.tell();
    return done === "dated";
  }

  /** Whether a record that waits may lack its time: one of an earlier start, or one appended without. */
  get undated(): boolean {
    return this.#undated;
  }

  /** All records that wait have their time. */
  allDated(): void {
    this.#undated = false;
  }

  /** Calls back for each record that waits, in no order; nothing may be appended meanwhile. */
  each(visit: (address: number, header: Readonly<RecordHeader>) => void): void {
    this.#records.each(visit);
    this.tell();
  }

  /**
   * Addresses of the oldest records that wait, by ascending id.
   *
   * @param most how many
   * @param skip ids that are not wanted
   */
  oldest(most: number, skip: (id: number) => boolean): number[] {
    const ids: number[] = [];
    const addresses: number[] = [];
    const few = this.#few;
    if (few.known) {
      for (let i = 0; i < few.count && addresses.length < most; i++)
        if (!skip(few.idOf(i))) addresses.push(few.addressOf(i));
      return addresses;
    }
    this.#records.each((address, { id }) => {
      // Ids count up and wrap: the difference tells which is older.
      let place = ids.length;
      while (place > 0 && ((id - (ids[place - 1] ?? id)) | 0) < 0) place -= 1;
      if (place >= most || skip(id)) return;
      ids.splice(place, 0, id);
      addresses.splice(place, 0, address);
      if (ids.length > most) {
        ids.pop();
        addresses.pop();
      }
    });
    this.tell();
    return addresses;
  }

  /**
   * To be called while nothing is awaited: the ESP32 hears nothing of its UART while it erases flash. What an append
   * would have to erase is erased now.
   */
  prepare(): void {
    this.#room.prepare();
    this.tell();
  }

  /** The record, or undefined when its bytes have changed: `onLost` is told, and the record is released. */
  read(address: number): JournalRecord | undefined {
    const record = this.#records.read(address);
    if (record === "corrupt") {
      const { id, type } = this.#records.lookedUp;
      this.#room.lose(address, id, type, "corrupt");
    }
    this.tell();
    return record === "corrupt" ? undefined : record;
  }

  /** Tells of blocks that have failed. */
  private tell(): void {
    const records = this.#records;
    const { news } = records.blocks;
    if (news.length === 0) return;
    records.blocks.news = [];
    for (let i = 0; i < news.length; i++) {
      const each = news[i];
      if (each === undefined) continue;
      const before = records.length;
      if (each.what === "unreadable") {
        this.#few.forget();
        records.count();
      }
      const gone = before - records.length;
      this.#options.onBlock?.(gone > 0 ? { ...each, records: gone } : each);
      // So that it is told once.
      if (each.what === "lost") records.blocks.clearHeader(each.block);
    }
  }

  // Start

  private recover(): Recovery {
    const records = this.#records;
    const { cursor, blocks } = records;
    records.readNote();
    let damaged = 0;
    let mended = 0;
    for (let block = 0; block < blocks.count; block++) {
      if (blocks.states[block] !== BlockState.used) continue;
      for (let found = cursor.first(block); found; found = cursor.next()) {
        if (cursor.mended) mended += 1;
        if (!records.isWaiting(cursor)) continue;
        blocks.live[block] = records.liveIn(block) + cursor.size;
        records.length += 1;
        this.#few.add(cursor.address, cursor.header.id);
        if ((cursor.header.flags & dated) === 0) this.#undated = true;
      }
      damaged += cursor.damaged;
    }
    this.tell();
    records.active = blocks.newest();
    if (records.active >= 0) {
      records.end = cursor.endOf(records.active);
      damaged += this.checkLast();
    }
    this.#room.finish();
    this.tell();
    return { waiting: records.length, damaged, mended };
  }

  /**
   * Releases a last record that was cut short by a loss of power: nobody was told that it was kept. Two flipped bits
   * are no such thing, and are told when it is read.
   *
   * @returns how many were found
   */
  private checkLast(): number {
    const { cursor, active, blocks } = this.#records;
    let last = -1;
    let end = blocks.start;
    for (let found = cursor.first(active); found; found = cursor.next()) {
      last = cursor.released ? -1 : cursor.address;
      this.#records.last = cursor.address;
      end = cursor.address + cursor.size - active * blocks.blockLength;
    }
    if (cursor.damaged > 0 && cursor.damagedAt >= end) {
      // Not even its header was written: marked, so that nobody looks for flipped bits in it again.
      blocks.flash.mark(new Uint8Array(blocks.unit), active * blocks.blockLength + end);
    }
    if (last < 0 || !this.#records.isTorn(last)) return 0;
    this.release(last);
    return 1;
  }
}
