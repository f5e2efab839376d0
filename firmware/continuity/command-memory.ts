/**
 * Which commands were executed, and what was answered: in storage, so that an id is executed once over deep
 * sleep, restarts and losses of power.
 *
 *     mark stored -> command executed -> outcome stored -> answer sent
 *
 * The mark is stored before the command is executed. A board that stops in between finds the mark without an
 * outcome, and does not execute the command again: it may have been executed.
 *
 *     marks, in two slots    next u8 | 52 x ( fingerprint | begun u32 )
 *     each outcome's key     fingerprint | code i32 | answer, or none where it was too long | CRC-32
 *
 * A fingerprint is the first 8 bytes of the SHA-256 of what tells a command from all others: the chance that a
 * new command is taken for one of 52 is 52 / 2^64. `begun` is in epoch seconds, 0 while the device has no time; it
 * only says in the log how old a command was that made room for another. Nothing is forgotten for its age: the time
 * is the network's, and one that is years ahead would have each command executed again.
 *
 * The marks are in retained memory as well, which outlives all but a loss of power: so that with storage that
 * fails an id is executed once over sleep and panics all the same.
 */
import { encodeUtf8 } from "../text/utf8";
import { crc32 } from "../journal/crc";
import { retainedParts } from "./retained-memory";
import { TwoSlotState } from "./two-slot-state";
import { reasonOf } from "../text/reason";
import type { Cryptography } from "../enos/sign";
import type { ContinuityEvent } from "./continuity-event";
import type { RetainedMemory } from "./retained-memory";
import type { ByteStore } from "./two-slot-state";

/** How a command came out. */
export interface CommandOutcome {
  readonly code: number;
  /** Payload of the answer; empty where it was too long to be kept. */
  readonly answer: Uint8Array;
}

/** What the memory is made of. */
export interface CommandMemoryOptions {
  /** Undefined when the board has none: what was executed is then known until it loses its power. */
  readonly store: ByteStore | undefined;
  /** Undefined when the board has none. */
  readonly retained: RetainedMemory | undefined;
  readonly crypto: Pick<Cryptography, "sha256">;
  /** Whoever knows the epoch ms at monotonic zero; undefined until the time is known. */
  readonly clock: { readonly epoch: number | undefined };
  readonly log: (event: ContinuityEvent) => void;
}

/** Version of the layout above: another one is not read. */
const form = 1;
/** Commands remembered: EnOS has at most 50 waiting for a device. */
const places = 52;
const fingerprintLength = 8;
const markLength = fingerprintLength + 4;
const tableLength = 1 + places * markLength;
const headLength = fingerprintLength + 4;
const crcLength = 4;
/** Longest answer that is kept, bytes: with it a partition of 24 KiB for NVS has room for all. */
const longestAnswer = 112;
/** No cloud sends a command again that is older than this, s: 30 days. The log is silent about those that made room. */
const lifetime = 2_592_000;

/** Remembers the last 52 commands that were handed to the application. */
export class CommandMemory {
  readonly #options: CommandMemoryOptions;
  /** Undefined without storage, or when it could not be read: then this boot leaves it as it is. */
  #slots: TwoSlotState | undefined;
  #isLoaded = false;
  /** The marks, where they are nowhere else. */
  #table: Uint8Array | undefined;
  /** The last access to storage, or to retained memory, went well. */
  #isStored: boolean;
  #isRetained = false;

  constructor(options: CommandMemoryOptions) {
    this.#options = options;
    const { store } = options;
    this.#slots = store === undefined ? undefined : new TwoSlotState(store, form, ["ca", "cb"]);
    this.#isStored = store !== undefined;
  }

  /** Whether what was executed is known after deep sleep and panics too. */
  get lasting(): boolean {
    return this.#isStored || this.#isRetained;
  }

  /** @param identity what no two commands have in common */
  fingerprint(identity: string): Uint8Array {
    return this.#options.crypto.sha256(encodeUtf8(identity)).subarray(0, fingerprintLength);
  }

  /** Whether the command was begun before, in this boot or an earlier one. */
  knows(fingerprint: Uint8Array): boolean {
    return find(this.marks(), fingerprint) >= 0;
  }

  /** How a command came out; undefined where that is not known. */
  outcome(fingerprint: Uint8Array): CommandOutcome | undefined {
    const place = find(this.marks(), fingerprint);
    if (place < 0) return undefined;
    let stored: ArrayBuffer | undefined;
    this.attempt((store) => (stored = store.read(`c${place}`)));
    if (stored === undefined) return undefined;
    const bytes = new Uint8Array(stored);
    const end = bytes.length - crcLength;
    if (end < headLength || !holds(bytes, 0, fingerprint)) return undefined;
    const view = new DataView(stored);
    if (view.getUint32(end, true) !== crc32(bytes, 0, end)) return undefined;
    return { code: view.getInt32(fingerprintLength, true), answer: bytes.subarray(headLength, end) };
  }

  /** Call before a command is executed, `now` in monotonic ms: it will not be again. The oldest of 52 makes room. */
  begin(fingerprint: Uint8Array, now: number): void {
    const { retained, log } = this.#options;
    const table = this.marks();
    const place = table[0] % places;
    const at = 1 + place * markLength;
    const seconds = this.seconds(now);
    if (mayComeAgain(table, at, seconds)) {
      const begun = begunAt(table, at);
      const age = begun === 0 || seconds === 0 ? undefined : 1000 * Math.max(0, seconds - begun);
      log(age === undefined ? { kind: "command forgotten" } : { kind: "command forgotten", age });
    }
    table.set(fingerprint, at);
    new DataView(table.buffer, table.byteOffset).setUint32(at + fingerprintLength, seconds, true);
    table[0] = (place + 1) % places;
    this.#isRetained = retained?.write(retainedParts.commands, table) === true;
    const stored = this.attempt((_, slots) => slots.save(table));
    this.#table = this.#isRetained || stored ? undefined : table;
  }

  /** Call once the command is executed and before its answer is sent. */
  finish(fingerprint: Uint8Array, { code, answer }: CommandOutcome): void {
    const place = find(this.marks(), fingerprint);
    if (place < 0) return;
    const kept = answer.length <= longestAnswer ? answer.length : 0;
    const end = headLength + kept;
    const bytes = new Uint8Array(end + crcLength);
    const view = new DataView(bytes.buffer);
    bytes.set(fingerprint);
    view.setInt32(fingerprintLength, code, true);
    if (kept > 0) bytes.set(answer, headLength);
    view.setUint32(end, crc32(bytes, 0, end), true);
    this.attempt((store) => store.write(`c${place}`, bytes));
  }

  /** The marks, read anew each time: commands are rare, and RAM is dear. */
  private marks(): Uint8Array {
    if (this.#table !== undefined) return this.#table;
    // Written at each mark, so it is never older than storage.
    let table = this.#options.retained?.read(retainedParts.commands);
    if (table === undefined) this.attempt((_, slots) => (table = slots.load()));
    return table?.length === tableLength ? table : new Uint8Array(tableLength);
  }

  /** Epoch seconds; 0 while the time is not known. */
  private seconds(now: number): number {
    const epoch = this.#options.clock.epoch;
    return epoch === undefined ? 0 : Math.min(0xffff_ffff, Math.max(0, Math.floor((epoch + now) / 1000)));
  }

  /** Works with the store. False when there is none, or when that failed, which the log tells once in a row. */
  private attempt(work: (store: ByteStore, slots: TwoSlotState) => void): boolean {
    const { store, log } = this.#options;
    const slots = this.#slots;
    if (store === undefined || slots === undefined) return false;
    try {
      if (!this.#isLoaded) slots.load();
      this.#isLoaded = true;
      work(store, slots);
      this.#isStored = true;
      return true;
    } catch (error) {
      // What cannot be read may be readable at a later start, so it is not written over.
      if (!this.#isLoaded) this.#slots = undefined;
      if (this.#isStored) log({ kind: "memory failed", reason: reasonOf(error) });
      this.#isStored = false;
      return false;
    }
  }
}

/** The newest place of a fingerprint; -1 when there is none. */
function find(table: Uint8Array, fingerprint: Uint8Array): number {
  for (let i = 1; i <= places; i++) {
    const place = (table[0] + places - i) % places;
    if (holds(table, 1 + place * markLength, fingerprint)) return place;
  }
  return -1;
}

/** Whether a mark is there whose command may be sent again, as far as the clock is right. */
function mayComeAgain(table: Uint8Array, at: number, seconds: number): boolean {
  let i = at;
  while (i < at + markLength && table[i] === 0) i += 1;
  if (i === at + markLength) return false;
  const begun = begunAt(table, at);
  return begun === 0 || seconds - begun < lifetime;
}

function begunAt(table: Uint8Array, at: number): number {
  return new DataView(table.buffer, table.byteOffset).getUint32(at + fingerprintLength, true);
}

function holds(bytes: Uint8Array, at: number, fingerprint: Uint8Array): boolean {
  for (let i = 0; i < fingerprintLength; i++) if (bytes[at + i] !== fingerprint[i]) return false;
  return true;
}
