/**
 * Readings and messages that wait for the cloud, in raw flash: an append-only ring that survives the
 * loss of power at any moment, of any write and of any erase.
 *
 *     append -> one write, then it is kept       release -> its mark is cleared
 *
 * When a block is full, the spare block is taken. The records of the block that has the least to keep are
 * copied behind the new ones, and that block is erased and becomes the new spare. When that makes no room
 * either, the journal is full: the policy says which records are given up, and the owner is told of each.
 *
 * RAM has no index, only a few numbers per block: to find the oldest records the journal walks over all
 * headers once.
 */
import { BlockState, Blocks } from "./blocks";
import { FewRecords } from "./few-records";
import { journalIndex, takeUpIndex } from "./journal-index";
import { dated, recordLength, verifyRecord } from "./record";
import { RecordStore } from "./record-store";
import type { Flash } from "./flash";
import type { RecordHeader } from "./record";
import type { JournalRecord } from "./record-store";
import type { Tried } from "./record";

export type { JournalRecord } from "./record-store";

/** Which records are given up when there is no room. */
export type FullPolicy =
  /** The oldest records. */
  | "oldest"
  /** The record that was to be appended. */
  | "newest"
  /** Every second of the oldest readings, again and again, so that the past becomes coarser but stays. */
  | "thin";

/** Why a record was lost: for want of room, or because its bytes are no longer those that were written. */
export type LossReason = "dropped" | "thinned" | "corrupt";

/** What the owner of the journal sets, and is told. */
export interface JournalOptions {
  readonly policy: FullPolicy;
  /** Types of records that thinning out may take. */
  readonly thinnable: (type: number) => boolean;
  /** Whether a record must stay for now, because it is on its way to the cloud. */
  readonly pinned: (id: number) => boolean;
  readonly onLost: (id: number, type: number, reason: LossReason) => void;
  /** A record has another address now. */
  readonly onMoved: (id: number, address: number) => void;
}

/** The result of `append`. */
export type Appended =
  /** The record is at this address and outlives any loss of power. */
  | { readonly kind: "kept"; readonly address: number }
  | { readonly kind: "full" }
  /** Longer than a block has room for. */
  | { readonly kind: "too-large" };

/** What a boot found. */
export interface Recovery {
  /** Records that wait. */
  readonly waiting: number;
  /** Stretches of a block that are no record: writes cut short, or worse. */
  readonly damaged: number;
  /** Records of which one flipped bit was put right. */
  readonly mended: number;
}

/** A record that was copied, and where the copy is. */
interface Copy {
  readonly id: number;
  readonly address: number;
}

/** A block of whose bytes more than this share waits is not worth copying. */
const fullShare = 0.75;
/** The share that still waits after records of the block were dropped or thinned out. */
const roomyShare = 0.5;
/** Places tried for a record that does not read back as it was written. */
const writeAttempts = 3;

/** The journal: `append`, `oldest`, `read`, `release`. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #records: RecordStore;
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
   * @throws RangeError for a partition that cannot be used, and whatever the flash throws
   */
  constructor(flash: Flash, boot: number, options: JournalOptions, index?: Uint8Array) {
    this.#options = options;
    this.#boot = boot & 0xffff;
    const standing = index === undefined ? undefined : takeUpIndex(flash, index);
    this.#records = standing?.records ?? new RecordStore(new Blocks(flash));
    this.#few = standing?.few ?? new FewRecords();
    this.#undated = standing?.undated ?? false;
    this.recovery =
      standing === undefined ? this.#recover() : { waiting: this.length, damaged: 0, mended: 0 };
  }

  /** Where the journal stands, for the next opening, if nothing is written until then; to be copied at once. */
  index(): Uint8Array {
    return journalIndex({ records: this.#records, few: this.#few, undated: this.#undated });
  }

  /** Records that wait. */
  get length(): number {
    return this.#records.length;
  }

  /** How often each block was erased. */
  get erases(): Uint32Array {
    return this.#records.blocks.erases;
  }

  /** Writes a record to flash. @throws whatever the flash throws */
  append(type: number, id: number, time: number, isDated: boolean, body: Uint8Array): Appended {
    const size = recordLength(body.length, isDated, this.#records.blocks.unit);
    if (size > this.#records.capacity) return { kind: "too-large" };
    const header = { length: body.length, type, flags: isDated ? dated : 0, id, time, boot: this.#boot };
    for (let attempt = 0; attempt < writeAttempts; attempt++) {
      if (!this.#makeRoom(size)) return { kind: "full" };
      const address = this.#records.write(header, body);
      if (address < 0) continue;
      this.#few.add(address, id);
      if (!isDated) this.#undated = true;
      return { kind: "kept", address };
    }
    return { kind: "full" };
  }

  /** Marks the record as one that is not needed any more. */
  release(address: number): void {
    this.#few.remove(address);
    this.#records.release(address);
    if (this.length > 0) return;
    this.#few.known = true;
    this.#undated = false;
  }

  /** Notes how a record is about to be sent, so that it will be sent so again after a loss of power. */
  markTried(address: number, how: "alone" | "timed"): void {
    this.#records.markTried(address, how);
  }

  /** Gives an undated record its time, epoch ms; false when power cuts have used up the room for it. */
  date(address: number, time: number): boolean {
    return this.#records.date(address, time);
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
    return addresses;
  }

  /** The record, or undefined when its bytes have changed: `onLost` is told, and the record is released. */
  read(address: number): JournalRecord | undefined {
    const record = this.#records.read(address);
    if (record !== "corrupt") return record;
    let id = 0;
    let type = 0;
    this.#records.each((at, header) => {
      if (at === address) ({ id, type } = header);
    });
    this.#lose(address, id, type, "corrupt");
    return undefined;
  }

  #lose(address: number, id: number, type: number, reason: LossReason): void {
    this.release(address);
    this.#options.onLost(id, type, reason);
  }

  // Room

  #makeRoom(size: number): boolean {
    const records = this.#records;
    const { blocks, capacity } = records;
    // An erase has failed before: the spare block can be had again while there is room to copy.
    if (records.active >= 0 && !blocks.hasFree) this.#regainSpare();
    if (records.active >= 0 && records.end + size <= blocks.blockLength) return true;
    // Blocks without anything to keep cost one erase and no copy.
    while (blocks.free < 2 && this.#eraseOneEmpty()) {}
    if (blocks.free >= 2) return records.open();
    let victim = this.#leastLive();
    if (victim < 0) return false;
    if (records.liveIn(victim) > capacity * fullShare || records.liveIn(victim) + size > capacity) {
      if (this.#options.policy === "newest") return false;
      victim = this.#options.policy === "thin" ? this.#firstTaken() : this.#oldestBlock();
      this.#lighten(victim, Math.min(capacity * roomyShare, capacity - size));
      // All records of the block are pinned, because they are on their way to the cloud.
      if (records.liveIn(victim) + size > capacity) return false;
    }
    if (!records.open()) return false;
    this.#reclaim(victim);
    return records.end + size <= blocks.blockLength;
  }

  /** The emptied block that was erased least becomes free; false when there is none. */
  #eraseOneEmpty(except = -1): boolean {
    const { blocks } = this.#records;
    const { states, count } = blocks;
    let empty = -1;
    for (let i = 0; i < count; i++) {
      const useless =
        states[i] === BlockState.dirty || (states[i] === BlockState.used && this.#records.liveIn(i) === 0);
      if (useless && i !== except && (empty < 0 || blocks.erasesOf(i) < blocks.erasesOf(empty))) empty = i;
    }
    if (empty >= 0 && empty === this.#records.active) this.#records.active = -1;
    if (empty >= 0) this.#records.blocks.erase(empty);
    return empty >= 0;
  }

  #leastLive(except = -1): number {
    const records = this.#records;
    const { blocks } = records;
    const { states, count } = blocks;
    let victim = -1;
    let least = Infinity;
    for (let i = 0; i < count; i++) {
      if (states[i] !== BlockState.used || i === except) continue;
      const live = records.liveIn(i);
      if (live > least) continue;
      if (live === least && blocks.sequenceOf(i) >= blocks.sequenceOf(victim)) continue;
      least = live;
      victim = i;
    }
    return victim;
  }

  /** The block that was taken first. */
  #firstTaken(): number {
    const { blocks } = this.#records;
    const { states, count } = blocks;
    let first = -1;
    for (let i = 0; i < count; i++) {
      if (states[i] === BlockState.used && (first < 0 || blocks.sequenceOf(i) < blocks.sequenceOf(first)))
        first = i;
    }
    return first;
  }

  /** The block of the oldest record that waits: copies of old ones stand in front of newer ones. */
  #oldestBlock(): number {
    const [oldest] = this.oldest(1, this.#options.pinned);
    return oldest === undefined ? this.#firstTaken() : Math.floor(oldest / this.#records.blocks.blockLength);
  }

  /** Gives up records of a block until those that wait take no more than `most` bytes. */
  #lighten(block: number, most: number): void {
    const records = this.#records;
    let before = Infinity;
    for (
      let live = records.liveIn(block);
      this.#options.policy === "thin" && live > most && live < before;
      live = records.liveIn(block)
    ) {
      before = live;
      let odd = false;
      this.#giveUp(block, most, "thinned", (type) => this.#options.thinnable(type) && (odd = !odd));
    }
    this.#giveUp(block, most, "dropped", () => true);
  }

  #giveUp(block: number, most: number, reason: LossReason, mayGo: (type: number) => boolean): void {
    const records = this.#records;
    records.eachIn(block, (address, { id, type }) => {
      if (records.liveIn(block) > most && !this.#options.pinned(id) && mayGo(type))
        this.#lose(address, id, type, reason);
    });
  }

  /** Copies what waits in a block behind what is there, and erases it. */
  #reclaim(victim: number): void {
    const { blocks } = this.#records;
    if (this.#records.liveIn(victim) > 0) {
      blocks.markReclaimed(victim);
      this.#copyAll(victim, []);
    }
    blocks.live[victim] = 0;
    blocks.erase(victim);
  }

  /** @param there those that have been copied before */
  #copyAll(victim: number, there: readonly Copy[]): void {
    const records = this.#records;
    this.#few.forget();
    let left = records.liveIn(victim);
    records.eachIn(victim, (from, { id, type, flags, length }) => {
      records.length -= 1;
      left -= recordLength(length, (flags & dated) !== 0, records.blocks.unit);
      const copy = there.find((each) => each.id === id);
      const record = records.read(from);
      if (copy !== undefined) {
        // The power may have failed after the copy and before its marks were set.
        if (record !== undefined && record !== "corrupt") this.#markAs(copy.address, record.tried);
        return;
      }
      if (record === undefined || record === "corrupt") return this.#options.onLost(id, type, "corrupt");
      const { time, boot, body, tried } = record;
      const header = { length: body.length, type, flags: record.dated ? dated : 0, id, time, boot };
      const size = recordLength(body.length, record.dated, records.blocks.unit);
      let address = records.write(header, body);
      // The original is still there: another place, as long as there is room for those that follow too.
      for (let attempt = 1; address < 0 && attempt < writeAttempts; attempt++) {
        if (records.end + size + left > records.blocks.blockLength) break;
        address = records.write(header, body);
      }
      if (address < 0) return this.#options.onLost(id, type, "corrupt");
      this.#markAs(address, tried);
      this.#options.onMoved(id, address);
    });
  }

  #markAs(address: number, tried: Tried): void {
    if (tried === "alone" || tried === "both") this.#records.markTried(address, "alone");
    if (tried === "timed" || tried === "both") this.#records.markTried(address, "timed");
  }

  // Start

  #recover(): Recovery {
    const records = this.#records;
    const { cursor, blocks } = records;
    let damaged = 0;
    let mended = 0;
    for (let block = 0; block < blocks.count; block++) {
      if (blocks.states[block] !== BlockState.used) continue;
      for (let found = cursor.first(block); found; found = cursor.next()) {
        if (cursor.mended) mended += 1;
        if (cursor.released) continue;
        blocks.live[block] = records.liveIn(block) + cursor.size;
        records.length += 1;
        this.#few.add(cursor.address, cursor.header.id);
        if ((cursor.header.flags & dated) === 0) this.#undated = true;
      }
      damaged += cursor.damaged;
    }
    records.active = blocks.newest();
    if (records.active >= 0) {
      records.end = cursor.endOf(records.active);
      this.#checkLast();
    }
    try {
      this.#regainSpare();
    } catch {
      // A block that cannot be erased must not keep the others from being read.
    }
    return { waiting: records.length, damaged, mended };
  }

  /** Releases a last record that was cut short by a loss of power: nobody was told that it was kept. */
  #checkLast(): void {
    const { cursor, active, blocks } = this.#records;
    let last = -1;
    let length = 0;
    for (let found = cursor.first(active); found; found = cursor.next()) {
      last = cursor.address;
      length = cursor.header.length;
    }
    this.#records.last = last;
    if (last < 0 || cursor.released) return;
    const { unit, flash } = blocks;
    const bytes = new Uint8Array(recordLength(length, true, unit) - 2 * unit);
    flash.read(bytes, last + 2 * unit);
    if (verifyRecord(bytes, length, blocks.sequenceOf(active)) === "corrupt") this.release(last);
  }

  /** When the power failed while a block was copied into the active one, there is no spare block now. */
  #regainSpare(): void {
    const { blocks, active } = this.#records;
    const marked = blocks.reclaimed();
    if (marked >= 0 && marked !== active) this.#finishReclaiming(marked);
    if (this.#records.active < 0 || blocks.free > 0 || this.#eraseOneEmpty(this.#records.active)) return;
    const victim = this.#leastLive(this.#records.active);
    if (victim >= 0 && this.#records.end + this.#records.liveIn(victim) <= blocks.blockLength)
      this.#reclaim(victim);
  }

  #finishReclaiming(block: number): void {
    const records = this.#records;
    const { blocks } = records;
    const copied = this.#waitingIn(records.active);
    const there = this.#waitingIn(block);
    const roomy = records.end + records.liveIn(block) <= blocks.blockLength;
    if (roomy || blocks.free > 0) {
      if (!roomy) records.open();
      this.#copyAll(block, copied);
    } else if (copied.every(({ id }) => there.some((each) => each.id === id))) {
      // Power cuts have wasted the room that there was. It holds nothing but copies: once more.
      records.length -= copied.length;
      blocks.live[records.active] = 0;
      blocks.erase(records.active);
      records.open();
      this.#copyAll(block, []);
    } else {
      return;
    }
    blocks.live[block] = 0;
    blocks.erase(block);
  }

  #waitingIn(block: number): Copy[] {
    const found: Copy[] = [];
    this.#records.eachIn(block, (address, { id }) => found.push({ id, address }));
    return found;
  }
}
