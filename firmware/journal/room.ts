/**
 * Room in the journal. When a block is full, the spare block is taken; the records of the block that has the least to
 * keep are copied behind the new ones, and that block is erased and becomes the new spare. When that makes no room
 * either, the policy says which records are given up.
 *
 * A block that fails is left out: its records are copied elsewhere, and a note in flash lists it.
 */
import { BlockState } from "./blocks";
import { dated, recordLength } from "./record";
import type { FewRecords } from "./few-records";
import type { JournalOptions, LossReason } from "./journal-options";
import type { RecordStore } from "./record-store";
import type { RecordHeader, Tried } from "./record";

/** A record that was copied, and where the copy is. */
interface Copy {
  readonly id: number;
  readonly address: number;
}

/** A block of whose bytes more than this share waits is not worth copying. */
const fullShare = 0.75;
/** The share that still waits after records of the block were dropped or thinned out. */
const roomyShare = 0.5;
/** Places tried in a block for a record that does not read back as it was written. */
export const placesTried = 2;

/** Makes room, and moves records out of blocks. */
export class Room {
  readonly #records: RecordStore;
  readonly #options: JournalOptions;
  readonly #few: FewRecords;
  /** Address of a record whose new one is wanted when it is copied. */
  #followed = -1;
  /** Blocks are left out of which no note says so. */
  #unsaved = false;

  constructor(records: RecordStore, few: FewRecords, options: JournalOptions) {
    this.#records = records;
    this.#few = few;
    this.#options = options;
  }

  /** Sees to it that the active block has room for a record; false when there is none. */
  make(size: number): boolean {
    const { active, blocks } = this.#records;
    if (active >= 0 && !blocks.isReadable(active)) this.#records.active = -1;
    // Flash that failed as a whole for a while has cost more blocks than it may: they come back one by one.
    if (this.tooMany) {
      this.leaveEmpty();
      this.forgive();
    }
    if (this.#records.leaving.length > 0) this.evacuate();
    const made = this.makeRoom(size) || (this.forgive() && this.makeRoom(size));
    if (!this.#unsaved) return made;
    this.settle();
    // The note may have taken the room.
    return made && this.makeRoom(size);
  }

  private makeRoom(size: number): boolean {
    const records = this.#records;
    const { blocks } = records;
    const { policy } = this.#options;
    // An erase has failed before: the spare block can be had again while there is room to copy.
    if (records.active >= 0 && !blocks.hasFree) this.regainSpare();
    if (records.active >= 0 && records.end + size <= blocks.blockLength) return true;
    // Blocks without anything to keep cost one erase and no copy.
    while (blocks.free < 2 && this.eraseOneEmpty()) {}
    if (blocks.free >= 2) return records.open();
    // A block that failed has cost the spare one: all of the oldest block has to go.
    if (blocks.free === 0 && !this.forgive() && (!this.mayGiveUp || !this.emptyOne())) return false;
    let victim = this.leastLive();
    if (victim < 0) return records.open();
    const { capacity } = records;
    if (records.liveIn(victim) > capacity * fullShare || records.liveIn(victim) + size > capacity) {
      if (!this.mayGiveUp) return false;
      victim = policy === "thin" ? this.firstTaken() : this.oldestBlock();
      this.lighten(victim, Math.min(capacity * roomyShare, capacity - size));
      // All records of the block are pinned, because they are on their way to the cloud.
      if (records.liveIn(victim) + size > capacity) return false;
    }
    if (!records.open()) return false;
    this.reclaim(victim);
    return records.active >= 0 && records.end + size <= blocks.blockLength;
  }

  /** Gives up a record: it is told before flash says so, as the power may fail in between. */
  lose(address: number, id: number, type: number, reason: LossReason): void {
    this.#options.onLost(id, type, reason);
    this.#few.remove(address);
    this.#records.release(address);
  }

  /**
   * Leaves a block out that has failed, and copies what waits in it elsewhere.
   *
   * @param follow address of one of its records
   * @returns where that record is now; -1 when it is where it was
   */
  retire(block: number, follow = -1): number {
    const records = this.#records;
    if (records.blocks.states[block] !== BlockState.used) return -1;
    this.#followed = follow;
    this.leave(block);
    this.evacuate();
    if (this.forgive()) this.settle();
    return this.#followed === follow ? -1 : this.#followed;
  }

  /** Takes blocks up again that could not be read and can be now, and tells how many records came back with each. */
  retake(): boolean {
    const { blocks } = this.#records;
    const back = blocks.readAgain();
    if (back.length === 0) return false;
    this.#few.forget();
    this.hideCopied(back);
    for (let i = 0; i < back.length; i++) {
      const block = back[i] ?? 0;
      let waiting = 0;
      this.#records.eachIn(block, () => (waiting += 1));
      blocks.news.push({ block, what: "readable", records: waiting > 0 ? waiting : undefined });
    }
    return true;
  }

  /** Erases a block that a later append would have to erase, if there is one: it takes 45 ms and more. */
  prepare(): void {
    const { active, blocks } = this.#records;
    const free = blocks.states.indexOf(BlockState.free);
    if (free >= 0 && blocks.states.indexOf(BlockState.free, free + 1) >= 0) return;
    this.eraseOneEmpty(active);
    this.settle();
  }

  /** What a start has to finish. */
  finish(): void {
    const records = this.#records;
    const { out, active, noteAt, blocks } = records;
    // The power failed between the header of a block and its note: no record may come in front of that.
    if (out > 0 && active >= 0 && Math.floor(noteAt / blocks.blockLength) !== active) records.writeNote();
    this.evacuate();
    this.regainSpare();
    this.settle();
  }

  /** Whether more than half of all blocks are left out, or about to be: so many do not fail by themselves. */
  private get tooMany(): boolean {
    const { out, blocks } = this.#records;
    return out > blocks.count >> 1;
  }

  /** Whether what waits may go: not while no erase succeeds, or all of flash fails. */
  private get mayGiveUp(): boolean {
    const { states } = this.#records.blocks;
    return this.#options.policy !== "newest" && !this.tooMany && states.indexOf(BlockState.dirty) < 0;
  }

  /** Blocks that have failed and have nothing that waits are left out: there is nothing to be copied. */
  private leaveEmpty(): void {
    const records = this.#records;
    const { leaving } = records;
    records.leaving = leaving.filter((block) => records.liveIn(block) > 0);
    for (let i = 0; i < leaving.length; i++)
      if (records.leaving.indexOf(leaving[i] ?? 0) < 0) records.blocks.leaveOut(leaving[i] ?? 0);
  }

  private forgive(): boolean {
    const forgiven = this.tooMany && this.#records.blocks.forgive();
    if (forgiven) this.#unsaved = true;
    return forgiven;
  }

  /** At the end of what may have cost blocks: they are written down, and too many are not left out. */
  private settle(): void {
    if (!this.#unsaved) return;
    this.forgive();
    this.#unsaved = false;
    // Where there is no room for it, the next block that is taken has it.
    if (this.#records.active >= 0) this.#records.writeNote();
  }

  private leave(block: number): void {
    const records = this.#records;
    if (records.active === block) records.active = -1;
    if (records.leaving.indexOf(block) < 0) records.leaving.push(block);
  }

  /** Whether a block has records and has not failed. */
  private isSound(block: number): boolean {
    const { blocks, leaving } = this.#records;
    return blocks.states[block] === BlockState.used && (leaving.length === 0 || leaving.indexOf(block) < 0);
  }

  private erase(block: number): boolean {
    const { blocks } = this.#records;
    if (blocks.erase(block)) return true;
    if (blocks.states[block] === BlockState.bad) this.#unsaved = true;
    return false;
  }

  /** The emptied block that was erased least becomes free; false when there is none. */
  private eraseOneEmpty(except = -1): boolean {
    const { blocks } = this.#records;
    const { states, count } = blocks;
    for (;;) {
      let empty = -1;
      // Without the newest note the blocks that it lists would count again, until another one is written.
      const noted = this.#records.out > 0 ? blocks.newest() : -1;
      for (let i = 0; i < count; i++) {
        if (i === noted) continue;
        const useless = states[i] === BlockState.dirty || (this.isSound(i) && this.#records.liveIn(i) === 0);
        if (useless && i !== except && (empty < 0 || blocks.erasesOf(i) < blocks.erasesOf(empty))) empty = i;
      }
      if (empty < 0) return false;
      if (empty === this.#records.active) this.#records.active = -1;
      if (this.erase(empty)) return true;
      if (states[empty] === BlockState.dirty) return false;
    }
  }

  /** Takes a block to write to, one that has to be erased before where no other is left. */
  private open(): boolean {
    const records = this.#records;
    if (records.open()) return true;
    return !records.blocks.hasFree && (this.eraseOneEmpty() || this.forgive()) && records.open();
  }

  private leastLive(except = -1): number {
    const records = this.#records;
    const { blocks } = records;
    const { count } = blocks;
    let victim = -1;
    let least = Infinity;
    for (let i = 0; i < count; i++) {
      if (!this.isSound(i) || i === except) continue;
      const live = records.liveIn(i);
      if (live > least) continue;
      if (live === least && blocks.sequenceOf(i) >= blocks.sequenceOf(victim)) continue;
      least = live;
      victim = i;
    }
    return victim;
  }

  /** The block that was taken first. */
  private firstTaken(): number {
    const { blocks } = this.#records;
    const { count } = blocks;
    let first = -1;
    for (let i = 0; i < count; i++) {
      if (this.isSound(i) && (first < 0 || blocks.sequenceOf(i) < blocks.sequenceOf(first))) first = i;
    }
    return first;
  }

  /** The block of the oldest record that waits: copies of old ones stand in front of newer ones. */
  private oldestBlock(): number {
    const records = this.#records;
    let block = -1;
    let oldest = 0;
    records.each((address, { id }) => {
      if (this.#options.pinned(id) || (block >= 0 && ((id - oldest) | 0) >= 0)) return;
      const its = Math.floor(address / records.blocks.blockLength);
      if (!this.isSound(its)) return;
      oldest = id;
      block = its;
    });
    return block < 0 ? this.firstTaken() : block;
  }

  /** Gives up all of the oldest block; false when flash takes nothing, or something in it is on its way. */
  private emptyOne(): boolean {
    const victim = this.oldestBlock();
    // The mark shows whether the flash works at all: where it does not, nothing is given up.
    if (victim < 0 || !this.#records.blocks.markReclaimed(victim)) return false;
    this.lighten(victim, 0);
    return this.#records.liveIn(victim) === 0 && this.eraseOneEmpty();
  }

  /** Gives up records of a block until those that wait take no more than `most` bytes. */
  private lighten(block: number, most: number): void {
    const records = this.#records;
    let before = Infinity;
    for (
      let live = records.liveIn(block);
      this.#options.policy === "thin" && live > most && live < before;
      live = records.liveIn(block)
    ) {
      before = live;
      let odd = false;
      this.giveUp(block, most, "thinned", (type) => this.#options.thinnable(type) && (odd = !odd));
    }
    this.giveUp(block, most, "dropped", () => true);
  }

  private giveUp(block: number, most: number, reason: LossReason, mayGo: (type: number) => boolean): void {
    const records = this.#records;
    records.eachIn(block, (address, { id, type }) => {
      if (records.liveIn(block) > most && !this.#options.pinned(id) && mayGo(type))
        this.lose(address, id, type, reason);
    });
  }

  // Copying

  /** Copies what waits in a block behind what is there, and erases it. */
  private reclaim(victim: number): void {
    const records = this.#records;
    if (records.liveIn(victim) > 0) {
      if (!records.blocks.markReclaimed(victim)) return void this.retire(victim);
      if (!this.copyOff(victim, [])) return;
    }
    records.blocks.live[victim] = 0;
    this.erase(victim);
  }

  /** Copies what waits in a block; false when there is no block that takes it, or it cannot be read. */
  private copyOff(victim: number, copies: Copy[]): boolean {
    const records = this.#records;
    for (let there = copies; !this.copyAll([victim], there); there = this.copiesOf([victim])) {
      if (records.active >= 0) this.retire(records.active);
      if (records.active >= 0) continue;
      this.hideCopied([victim]);
      return false;
    }
    return records.blocks.isReadable(victim);
  }

  /** Copies what waits in the blocks that have failed, and leaves them out. */
  private evacuate(): void {
    const records = this.#records;
    const { blocks } = records;
    if (records.leaving.length === 0) return;
    while ((records.active >= 0 && records.writeNote()) || this.open()) {
      const { leaving } = records;
      const copied = this.copyAll(leaving, this.copiesOf(leaving));
      // What cannot be read may be at a later start: it is not left out, and another note says so.
      records.leaving = leaving.filter((block) => blocks.isReadable(block));
      if (copied && records.leaving.length < leaving.length) continue;
      if (copied && records.markTried(records.noteAt, "alone")) {
        for (let i = 0; i < leaving.length; i++) blocks.leaveOut(leaving[i] ?? 0);
        records.leaving = [];
        return records.count();
      }
      if (records.active < 0) break;
      this.leave(records.active);
    }
    // No block takes anything now: tried again with the next record.
    this.hideCopied(records.leaving);
  }

  /** What has been copied out of these blocks, before the rest could not be, does not count in them any more. */
  private hideCopied(sources: readonly number[]): void {
    const records = this.#records;
    const copied = this.copiesOf(sources).map(({ id }) => id);
    // A copy in one of these blocks is in a later one: each block that failed was copied to before.
    for (let i = sources.length - 1; i >= 0; i--) {
      const hidden: number[] = [];
      records.eachIn(sources[i] ?? 0, (address, { id }) => {
        if (copied.indexOf(id) >= 0) hidden.push(address);
        else copied.push(id);
      });
      records.blocks.gone = records.blocks.gone.concat(hidden);
    }
    records.count();
  }

  /**
   * Copies the records that wait in these blocks and have no copy yet.
   *
   * @param there those that have been copied before; those that are copied now come to it
   * @returns false when no block takes them
   */
  private copyAll(sources: readonly number[], there: Copy[]): boolean {
    const records = this.#records;
    const { blockLength, unit, flash } = records.blocks;
    const { failures } = flash;
    this.#few.forget();
    for (let i = 0; i < sources.length; i++) {
      const addresses: number[] = [];
      records.eachIn(sources[i] ?? 0, (address) => addresses.push(address));
      for (let j = 0; j < addresses.length; j++) {
        const from = addresses[j] ?? 0;
        const record = records.read(from);
        if (record === undefined) continue;
        if (record === "corrupt") {
          const { id, type } = records.lookedUp;
          this.lose(from, id, type, "corrupt");
          continue;
        }
        const { id, type, time, boot, body, tried } = record;
        let to = there.find((copy) => copy.id === id)?.address ?? -1;
        if (to < 0) {
          const size = recordLength(body.length, record.dated, unit);
          if ((records.active < 0 || records.end + size > blockLength) && !this.open()) {
            if (flash.failures !== failures || this.tooMany) return false;
            this.lose(from, id, type, "dropped");
            continue;
          }
          const header = { length: body.length, type, flags: record.dated ? dated : 0, id, time, boot };
          to = this.write(header, body, size);
          if (to < 0) return false;
          there.push({ id, address: to });
        }
        records.length -= 1;
        // The power may have failed after the copy and before its marks were set.
        if (!this.markAs(to, tried) && Math.floor(to / blockLength) === records.active) return false;
        if (from === this.#followed) this.#followed = to;
        this.#options.onMoved(id, to);
      }
    }
    return true;
  }

  private write(header: RecordHeader, body: Uint8Array, size: number): number {
    const records = this.#records;
    for (let i = 0; i < placesTried && records.end + size <= records.blocks.blockLength; i++) {
      const address = records.write(header, body);
      if (address >= 0) return address;
    }
    return -1;
  }

  private markAs(address: number, tried: Tried): boolean {
    const alone = tried === "alone" || tried === "both";
    const timed = tried === "timed" || tried === "both";
    return (
      (!alone || this.#records.markTried(address, "alone")) &&
      (!timed || this.#records.markTried(address, "timed"))
    );
  }

  /** The copies of what waits in these blocks that the others have. */
  private copiesOf(sources: readonly number[]): Copy[] {
    const records = this.#records;
    const { states, count } = records.blocks;
    const ids: number[] = [];
    const copies: Copy[] = [];
    for (let i = 0; i < sources.length; i++) records.eachIn(sources[i] ?? 0, (_, { id }) => ids.push(id));
    for (let block = 0; ids.length > 0 && block < count; block++) {
      if (states[block] !== BlockState.used || sources.indexOf(block) >= 0) continue;
      records.eachIn(block, (address, { id }) => {
        if (ids.indexOf(id) >= 0) copies.push({ id, address });
      });
    }
    return copies;
  }

  /** When the power failed while a block was copied into the active one, there is no spare block now. */
  private regainSpare(): void {
    const records = this.#records;
    const { blocks } = records;
    for (let marked = blocks.reclaimed(); marked >= 0; marked = blocks.reclaimed(marked + 1)) {
      if (marked !== records.active) this.finishReclaiming(marked);
    }
    if (records.active < 0 || blocks.free > 0 || this.eraseOneEmpty(records.active)) return;
    const victim = this.leastLive(records.active);
    if (victim >= 0 && records.end + records.liveIn(victim) <= blocks.blockLength) this.reclaim(victim);
  }

  private finishReclaiming(block: number): void {
    const records = this.#records;
    const { blocks, active } = records;
    let copies = this.copiesOf([block]);
    // Without a copy nothing was done yet, and nothing has to be: a mark cannot be taken back.
    if (copies.length === 0) return;
    const roomy = active >= 0 && records.end + records.liveIn(block) <= blocks.blockLength;
    if (!roomy && blocks.free === 0) {
      // Power cuts have wasted the room that there was.
      let others = active < 0 || records.out > 0;
      if (!others) {
        records.eachIn(active, (_, { id }) => {
          if (!copies.some((copy) => copy.id === id)) others = true;
        });
      }
      for (let i = 0; others && i < copies.length; i++) records.release(copies[i]?.address ?? 0);
      // It is as if nothing had been copied.
      if (others) return;
      // The active block holds nothing but copies: once more.
      records.active = -1;
      if (!this.erase(active)) return;
      records.count();
      copies = this.copiesOf([block]);
    }
    if (!roomy && !records.open()) return;
    if (!this.copyOff(block, copies)) return;
    records.blocks.live[block] = 0;
    this.erase(block);
  }
}
