/**
 * Entries that wait for the cloud's acknowledgement. With a journal they outlive the loss of power: an
 * entry is in flash before anybody is told that it was taken, and in RAM there are the next few only.
 *
 *     append -> journal -> [ the next few in RAM ] -> sent -> release
 *                  |               ^
 *                  +-- unread -----+  fetched, oldest first, when few are left
 *
 * Without a journal, on a board that has no partition for it, entries wait in RAM, and the log says so.
 */
import { Journal } from "../journal/journal";
import { dateRecords } from "./dating";
import { EntryType, decodeEntry, encodeEntry } from "./entry-codec";
import { reasonOf } from "../text/reason";
import { retainedParts } from "../continuity/retained-memory";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { Flash } from "../journal/flash";
import type { BlockNews } from "../journal/blocks";
import type { FullPolicy, JournalOptions, LossReason } from "../journal/journal";
import type { JournalRecord } from "../journal/record-store";
import type { Thing } from "../model/thing";
import type { DeliveryEvent } from "./delivery-event";
import type { Completion, Entry, Message } from "./entry";

/** Which readings are sent first when many wait: those measured just now, or those that have waited longest. */
export type Order = "live" | "oldest";

export interface UploadQueueOptions {
  /** The journal's partition; undefined for none. */
  readonly flash: Flash | undefined;
  /** Where it is kept over deep sleep how the journal stands. */
  readonly retained?: RetainedMemory | undefined;
  /** Number of this boot. */
  readonly boot: number;
  readonly policy: FullPolicy;
  readonly order: Order;
  readonly thing: Thing;
  readonly log: (event: DeliveryEvent) => void;
}

/** Who sends the entries of a queue. */
export interface QueueOwner {
  /** Those of the request in flight: they must not be dropped, because they may have arrived already. */
  readonly entriesInFlight: readonly Entry[];
  /** Told of each entry that is lost on the device, after the log; `entry` when it is in RAM. */
  onLost(id: number, isReading: boolean, reason: LossReason | "unreadable", entry?: Entry): void;
  /**
   * When an entry of the journal was taken, monotonic ms, where that is known: what was taken before deep
   * sleep; -Infinity for one of an earlier start.
   */
  takenAt(record: JournalRecord): number;
}

/** What became of an entry that was handed in. */
export type Taken =
  /** It is in flash; in RAM only on a board without a journal, and for a message that is volatile. */
  | "kept"
  /** It waits in RAM only, as the journal cannot take it. */
  | "held"
  /** There is no room for the entry; `onLost` was told. */
  | "dropped"
  /** The entry could not be sent either, and why. */
  | { readonly refused: string };

interface Loss {
  readonly id: number;
  readonly isReading: boolean;
  readonly reason: LossReason | "unreadable";
  readonly entry: Entry | undefined;
}

/** Entries in RAM without a journal: a day and more of readings at 15 minutes. */
const ramLimit = 128;
/** Most entries in RAM with a journal, and how few of them may be left before more are fetched. */
const windowLimit = 32;
const windowLow = 8;
/** Most callbacks of messages that are in the journal only; beyond that the oldest is forgotten. */
const callbackLimit = 64;

/** The entries that wait, in the order in which they are sent. */
export class UploadQueue implements JournalOptions {
  readonly #options: UploadQueueOptions;
  readonly #owner: QueueOwner;
  #journal: Journal | undefined;
  #entries: Entry[] = [];
  /** Entries that the journal could not take when they came. */
  #held: Entry[] = [];
  /** Entries that are in the journal only. */
  #unread = 0;
  /** Callbacks of messages that are in the journal only. */
  #callbacks: { readonly id: number; readonly done: (how: Completion) => void }[] = [];
  /** Losses to be told after the journal has finished: whoever is told may append at once. */
  #losses: Loss[] = [];
  /** A block with records has gone out of reach, or come back, so `#unread` is to be counted anew. */
  #miscounted = false;
  /** The journal has entries that are older than some in RAM: it gave them back late, or could not take a newer one. */
  #overtaken = false;
  /** What `date` was told last. */
  #epoch: number | undefined;

  constructor(options: UploadQueueOptions, owner: QueueOwner) {
    this.#options = options;
    this.#owner = owner;
    // Taken, not read: the index is true until the journal is written to, which may be at once.
    this.open(options.retained?.take(retainedParts.journal));
  }

  /** Whether RAM may be lost: all entries are in flash, and those that are settled are marked so there. */
  get safe(): boolean {
    for (let i = 0; i < this.#entries.length; i++) {
      const entry = this.#entries[i];
      if (entry.address === undefined && !(entry.kind === "message" && entry.toldAgain === true))
        return false;
    }
    return this.#journal?.settled !== false;
  }

  /** Keeps how the journal stands, so that it is opened quickly after deep sleep; nothing may change until then. */
  keepIndex(): void {
    const index = this.#journal?.index();
    if (index !== undefined) this.#options.retained?.write(retainedParts.journal, index);
  }

  /** To be called while nothing is awaited: see `Journal.prepare`. */
  prepare(): void {
    this.#journal?.prepare();
  }

  /** Whether entries outlive the loss of power. */
  get durable(): boolean {
    return this.#journal !== undefined;
  }

  /** How often the journal's most erased block was erased; undefined without a journal. */
  get erases(): number | undefined {
    return this.#journal?.erases.reduce((most, each) => Math.max(most, each), 0);
  }

  get length(): number {
    return this.#entries.length + this.#unread;
  }

  /** The next few entries, in the order in which they are sent. Not to be changed. */
  next(now: number, lateAfter: number): readonly Entry[] {
    if (this.#unread > 0 && (this.#entries.length <= windowLow || this.#overtaken)) {
      this.fetch();
      this.tellLosses();
    }
    if (this.#options.order === "oldest" || this.#entries.length < 2) return this.#entries;
    const live = this.#entries.filter((entry) => now - entry.takenAt <= lateAfter);
    if (live.length === 0 || live.length === this.#entries.length) return this.#entries;
    return live.concat(this.#entries.filter((entry) => now - entry.takenAt > lateAfter));
  }

  /** Takes an entry in. With a journal, one that is kept outlives a loss of power from then on. */
  append(entry: Entry): Taken {
    const taken = this.admit(entry);
    this.tellLosses();
    return taken;
  }

  private admit(entry: Entry): Taken {
    const { flash, thing, log } = this.#options;
    if (this.#journal === undefined && flash !== undefined) this.openAgain();
    const journal = this.#journal;
    if (journal === undefined || (entry.kind === "message" && entry.volatile)) {
      const taken = this.appendToRam(entry);
      return taken === "held" && (flash === undefined || entry.kind === "message") ? "kept" : taken;
    }
    const encoded = encodeEntry(thing, entry);
    if (typeof encoded === "string") return { refused: encoded };
    const { type, body } = encoded;
    const isDated = entry.time !== undefined;
    const appended = journal.append(type, entry.id, entry.time ?? entry.takenAt, isDated, body);
    if (appended.kind === "full") return this.drop(entry);
    if (appended.kind === "kept") {
      entry.address = appended.address;
      this.place(entry);
      if (this.#held.length > 0) this.keepHeld(journal);
      return "kept";
    }
    if (appended.kind === "failed") {
      log({ kind: "journal failed", reason: appended.reason });
      this.#held.push(entry);
      if (this.#unread > 0) this.#overtaken = true;
    }
    return this.appendToRam(entry);
  }

  /** The journal takes records again: also those that it could not take before. */
  private keepHeld(journal: Journal): void {
    const held = this.#held;
    this.#held = [];
    for (let i = 0; i < held.length; i++) {
      const entry = held[i];
      const encoded = this.indexOf(entry.id) < 0 ? "" : encodeEntry(this.#options.thing, entry);
      if (typeof encoded === "string") continue;
      const { id, time, takenAt } = entry;
      const appended = journal.append(encoded.type, id, time ?? takenAt, time !== undefined, encoded.body);
      if (appended.kind !== "kept") return void (this.#held = held.slice(i));
      const { address } = appended;
      entry.address = address;
      if (entry.kind !== "reading") continue;
      if (entry.sentAlone === true) journal.markTried(address, "alone");
      if (entry.sentWithTime === true) journal.markTried(entry.address, "timed");
    }
  }

  /** Removes an entry that is settled. */
  release(entry: Entry): void {
    const index = this.indexOf(entry.id);
    if (index < 0) return;
    const { address } = this.#entries.splice(index, 1)[0];
    if (address !== undefined) this.#journal?.release(address);
  }

  /** The entry with this id, if it is in RAM. */
  find(id: number): Entry | undefined {
    const index = this.indexOf(id);
    return index < 0 ? undefined : this.#entries[index];
  }

  /** Moves an entry behind all others that are in RAM. */
  postpone(entry: Entry): void {
    const index = this.indexOf(entry.id);
    if (index >= 0) this.#entries.push(this.#entries.splice(index, 1)[0]);
  }

  /** Notes how a reading is about to be sent: after a loss of power it must be sent the same way. */
  noteTried(entry: Entry, how: "alone" | "timed"): void {
    const mark = how === "alone" ? "sentAlone" : "sentWithTime";
    if (entry.kind !== "reading" || entry[mark] === true) return;
    entry[mark] = true;
    const { address } = entry;
    if (address !== undefined) this.#journal?.markTried(address, how);
  }

  /**
   * The wall clock is known now: whatever was taken before gets its time.
   *
   * @param epoch epoch ms at monotonic zero
   */
  date(epoch: number): void {
    for (let i = 0; i < this.#entries.length; i++) {
      const entry = this.#entries[i];
      if (entry.takenAt !== -Infinity) entry.time ??= Math.round(epoch + entry.takenAt);
    }
    this.#epoch = epoch;
    if (this.#journal !== undefined) this.dateRecords(this.#journal, epoch);
    this.tellLosses();
  }

  private dateRecords(journal: Journal, epoch: number): void {
    const estimated = dateRecords(journal, this.#options.boot, epoch);
    if (estimated > 0) this.#options.log({ kind: "journal dated", estimated });
    // Flash may have a time from before this clock was set, which then counts for the entry in RAM as well.
    for (let i = 0; i < this.#entries.length; i++) {
      const entry = this.#entries[i];
      const record = entry.address === undefined ? undefined : journal.read(entry.address);
      if (record?.dated === true) entry.time = record.time;
    }
  }

  /** Keeps an entry that is in the journal in RAM as well, if it belongs to the next few. */
  private place(entry: Entry): void {
    const { order } = this.#options;
    if (order === "oldest" && (this.#unread > 0 || this.#entries.length >= windowLimit)) {
      return this.leave(entry);
    }
    this.#entries.push(entry);
    if (this.#entries.length > windowLimit) this.evict();
  }

  /** Takes an entry out of RAM that the journal has: not one of the newest, which are sent first. */
  private evict(): void {
    const inFlight = this.#owner.entriesInFlight;
    for (let i = this.#entries.length - 1 - windowLow; i >= 0; i--) {
      const entry = this.#entries[i];
      if (entry.address === undefined || inFlight.indexOf(entry) >= 0) continue;
      this.#entries.splice(i, 1);
      return this.leave(entry);
    }
  }

  /** From now on the entry is in the journal alone; its callback is kept here. */
  private leave(entry: Entry): void {
    this.#unread += 1;
    if (entry.kind !== "message" || entry.done === undefined) return;
    this.#callbacks.push({ id: entry.id, done: entry.done });
    if (this.#callbacks.length <= callbackLimit) return;
    this.#callbacks.shift();
    this.#options.log({ kind: "journal callback forgotten" });
  }

  /** A message that the journal has lost, as far as RAM still has it: its id and its callback. */
  private callbackOf(id: number): Entry | undefined {
    const gone = {
      takenAt: -Infinity,
      time: undefined,
      topic: "",
      params: {},
      timed: false,
      volatile: false,
    };
    const entry = this.heard({ kind: "message", id, ...gone, done: undefined }) as Message;
    return entry.done === undefined ? undefined : entry;
  }

  /** The entry with the callback that was kept for it, if there is one. */
  private heard(entry: Entry): Entry {
    const index = entry.kind === "message" ? this.#callbacks.findIndex(({ id }) => id === entry.id) : -1;
    return index < 0 ? entry : { ...(entry as Message), done: this.#callbacks.splice(index, 1)[0].done };
  }

  private appendToRam(entry: Entry): Taken {
    if (this.#entries.length >= ramLimit) {
      const inFlight = this.#owner.entriesInFlight;
      // Only an entry that is in RAM alone makes room: all others are in flash as well.
      const index = this.#entries.findIndex(
        (each) => each.address === undefined && inFlight.indexOf(each) < 0,
      );
      if (index < 0) return this.drop(entry);
      this.drop(this.#entries.splice(index, 1)[0]);
    }
    this.#entries.push(entry);
    return "held";
  }

  private drop(entry: Entry): Taken {
    this.lose(entry.id, entry.kind === "reading", "dropped", entry);
    return "dropped";
  }

  /** The log has each loss at once, since the power may fail before flash says so. */
  private lose(id: number, isReading: boolean, reason: Loss["reason"], entry: Entry | undefined): void {
    this.#options.log({
      kind: isReading ? "report dropped" : "message dropped",
      id,
      // The journal's word "dropped" is "full" in the log: the store had no room.
      reason: reason === "dropped" ? "full" : reason,
    });
    this.#losses.push({ id, isReading, reason, entry });
  }

  private tellLosses(): void {
    if (this.#miscounted) this.recount();
    while (this.#losses.length > 0) {
      const { id, isReading, reason, entry } = this.#losses.shift()!;
      this.#owner.onLost(id, isReading, reason, entry);
    }
  }

  private recount(): void {
    const journal = this.#journal;
    this.#miscounted = false;
    if (journal === undefined) return;
    let inRam = 0;
    journal.each((_, { id }) => {
      if (this.indexOf(id) >= 0) inRam += 1;
    });
    this.#unread = journal.length - inRam;
    // What has come back was not there when the clock was set.
    if (this.#epoch !== undefined && journal.undated) this.dateRecords(journal, this.#epoch);
  }

  private fetch(): void {
    const journal = this.#journal;
    if (journal === undefined) return;
    const wanted = windowLimit - this.#entries.length;
    const addresses = journal.oldest(wanted, (id) => this.indexOf(id) >= 0);
    for (let i = 0; i < addresses.length; i++) {
      const record = journal.read(addresses[i]);
      if (record === undefined) continue;
      const takenAt = this.#owner.takenAt(record);
      const entry = decodeEntry(this.#options.thing, record, takenAt);
      this.#unread -= 1;
      if (entry !== undefined) {
        this.#entries.splice(this.placeOf(entry.id), 0, this.heard(entry));
        continue;
      }
      this.lose(record.id, record.type !== EntryType.message, "unreadable", undefined);
      journal.release(record.address);
    }
    this.#overtaken = false;
    // The journal has no more records, even if `#unread` says so.
    if (addresses.length < wanted) this.#unread = 0;
  }

  /** Where an entry of the journal goes in RAM: behind all others, where none of them has overtaken it. */
  private placeOf(id: number): number {
    let place = this.#entries.length;
    // Ids count up and wrap.
    while (this.#overtaken && place > 0 && ((id - this.#entries[place - 1].id) | 0) < 0) place -= 1;
    return place;
  }

  private indexOf(id: number): number {
    for (let i = 0; i < this.#entries.length; i++) if (this.#entries[i].id === id) return i;
    return -1;
  }

  private open(index?: Uint8Array): void {
    const { flash, boot, log } = this.#options;
    if (flash === undefined)
      return log({ kind: "journal none", reason: "what waits is lost with the power" });
    try {
      const journal = new Journal(flash, boot, this, index);
      this.#journal = journal;
      this.#unread = journal.length;
      const { waiting, damaged, mended } = journal.recovery;
      log({
        kind: "journal open",
        waiting,
        damaged: damaged > 0 ? damaged : undefined,
        mended: mended > 0 ? mended : undefined,
      });
    } catch (error) {
      log({ kind: "journal none", reason: reasonOf(error) });
    }
  }

  /** Opens a journal of which no block could be read at the start: what has waited in RAM meanwhile goes there, too. */
  private openAgain(): void {
    this.open();
    if (this.#journal === undefined) return;
    this.#held = this.#entries.filter((entry) => entry.kind === "reading" || !entry.volatile);
    this.#overtaken = this.#unread > 0;
    if (this.#epoch !== undefined) this.dateRecords(this.#journal, this.#epoch);
  }

  /** What the journal asks and tells, see `JournalOptions`: this, and what follows. */
  get policy(): FullPolicy {
    return this.#options.policy;
  }

  thinnable(type: number): boolean {
    return type !== EntryType.message;
  }

  pinned(id: number): boolean {
    return this.#owner.entriesInFlight.some((entry) => entry.id === id);
  }

  onMoved(id: number, address: number): void {
    const index = this.indexOf(id);
    if (index >= 0) this.#entries[index].address = address;
  }

  onBlock({ block, what, records: readings }: BlockNews): void {
    const { log } = this.#options;
    log({ kind: "journal block", block, what, ...(readings === undefined ? {} : { readings }) });
    this.#miscounted = true;
    if (what === "readable") this.#overtaken = true;
  }

  onLost(id: number, type: number, reason: LossReason): void {
    const index = this.indexOf(id);
    const entry = index < 0 ? this.callbackOf(id) : this.#entries.splice(index, 1)[0];
    if (index < 0) this.#unread -= 1;
    this.lose(id, type !== EntryType.message, reason, entry);
  }
}
