/**
 * What health has counted since the last report, and in all. It is one stretch of bytes, so that to keep it over deep
 * sleep and panics is one copy: retained memory has it after each contact, and key-value storage several times a day,
 * for after a loss of power.
 *
 *     0    spans since the last report, 5 f64      192  signal, noise, coverage: least, most, last, 9 i16
 *     40   spans in all, 5 f64                     210  resets of the modem at the last report, 5 u16
 *     80   counts since the last report, 14 u32    220  alarms told, u16
 *     136  counts in all, 14 u32                   222  last start, u8; u8 of two bits, `modemStays` and `isChanged`
 *     224  CRC of the versions told, u32           228  the log: the ring is in flash up to here, u16; its erases
 *     232  when this was kept, f64                      today, u16, with bit 15 for lines that are missing there
 *     240  when the cell may be asked for, f64     248  when the next report is due, f64
 *
 * Both of the last are in the time that the device has run in all: it goes on over each start.
 *
 * Numbers are as the processor has them: little-endian on each that this runs on.
 */
import { retainedParts } from "../continuity/retained-memory";
import { TwoSlotState } from "../continuity/two-slot-state";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { ByteStore } from "../continuity/two-slot-state";

/** What is counted, by its place. */
export const Count = Object.freeze({
  starts: 0,
  panics: 1,
  powerLosses: 2,
  authentications: 3,
  retransmissions: 4,
  unanswered: 5,
  lostFull: 6,
  lostDamaged: 7,
  refused: 8,
  /** The first of the modem's resets; the others follow in the order of `ResetEscalation`'s levels. */
  resets: 9,
});
/** How many places there are. */
export const counts = 14;

/** What is summed up, by its place: times in ms, energy in J. */
export const Span = Object.freeze({ time: 0, awake: 1, modemAwake: 2, connected: 3, joules: 4 });
const spans = 5;

/** What of the cell has a least, a most and a last value, by the place of the first of them. */
export const Seen = Object.freeze({ rsrp: 0, snr: 3, coverage: 6 });
const seenLength = 9;
/** Nothing was seen. */
const unseen = 0x7fff;

/** Levels of the modem's reset escalation. */
export const resetLevels = 5;

const gapBit = 0x8000;
const staysBit = 0x8000;
const changedBit = 0x4000;
const length = 256;
const form = 0x4ea2;
const keys: readonly string[] = Object.freeze(["health-a", "health-b"]);
/** The longest span that is believed, ms or J: of damaged bytes that passed for sound ones nothing is left. */
const longestSpan = 1e14;

/** The counts of the device's health. */
export class Tally {
  readonly #bytes = new Uint8Array(length);
  /** Since the last report, by `Span`; ms and J. */
  readonly spans = new Float64Array(this.#bytes.buffer, 0, spans);
  readonly allSpans = new Float64Array(this.#bytes.buffer, 40, spans);
  /** Since the last report, by `Count`. */
  readonly counts = new Uint32Array(this.#bytes.buffer, 80, counts);
  readonly allCounts = new Uint32Array(this.#bytes.buffer, 136, counts);
  readonly #seen = new Int16Array(this.#bytes.buffer, 192, seenLength);
  /** What the modem's driver had counted at the last report, by level. */
  readonly resetsBefore = new Uint16Array(this.#bytes.buffer, 210, resetLevels);
  readonly #words = new Uint16Array(this.#bytes.buffer, 220, 2);
  readonly #versions = new Uint32Array(this.#bytes.buffer, 224, 1);
  readonly #log = new Uint16Array(this.#bytes.buffer, 228, 2);
  readonly #at = new Float64Array(this.#bytes.buffer, 232, 3);
  readonly #retained: RetainedMemory;
  /** Nothing was kept: the device has never run with it. */
  readonly isNew: boolean;
  readonly #stored: TwoSlotState;
  /** When it was stored last, by the time that the device has run in all, ms. */
  #storedAt = -Infinity;

  /** Takes up what was kept. */
  constructor(retained: RetainedMemory, store: ByteStore) {
    this.#retained = retained;
    this.#stored = new TwoSlotState(store, form, keys);
    const kept = retained.read(retainedParts.health);
    const body = kept ?? this.stored();
    this.isNew = body?.length !== length;
    if (this.isNew) this.forgetSeen();
    else this.#bytes.set(body!);
    if (!(this.cellDue >= 0)) this.cellDue = 0;
    if (!(this.reportDue >= 0)) this.reportDue = 0;
    // The ring of the log has gone with the rest of retained memory.
    if (kept === undefined) {
      this.logSaved = 0;
      this.logGap = false;
    }
    for (let i = 0; i < spans; i++) {
      if (!(this.spans[i] >= 0 && this.spans[i] < longestSpan)) this.spans[i] = 0;
      if (!(this.allSpans[i] >= 0 && this.allSpans[i] < longestSpan)) this.allSpans[i] = 0;
    }
    this.#storedAt = this.allSpans[Span.time];
  }

  /** Counts `by` more of something, 0 and up. */
  count(what: number, by = 1): void {
    this.counts[what] += by;
    this.allCounts[what] += by;
  }

  /** Adds ms or J. */
  add(what: number, by: number): void {
    this.spans[what] += by;
    this.allSpans[what] += by;
  }

  /** A value of the cell was seen, by the place that `Seen` has for it. */
  see(what: number, value: number | undefined): void {
    if (value === undefined || !(value > -unseen && value < unseen)) return;
    const seen = this.#seen;
    const rounded = Math.round(value);
    if (seen[what] === unseen || rounded < seen[what]) seen[what] = rounded;
    if (seen[what + 1] === unseen || rounded > seen[what + 1]) seen[what + 1] = rounded;
    seen[what + 2] = rounded;
  }

  /** The least (0), the most (1) or the last (2) of what was seen; undefined when nothing was. */
  seen(what: number, which: number): number | undefined {
    const value = this.#seen[what + which];
    return value === unseen ? undefined : value;
  }

  /** Alarms that were told since the last daily report, by their bits. */
  get told(): number {
    return this.#words[0];
  }

  set told(mask: number) {
    this.#words[0] = mask;
  }

  /** Why the device started last, deep sleep apart: a number of start-reasons.ts. */
  get lastStart(): number {
    return this.#words[1] & 0xff;
  }

  set lastStart(reason: number) {
    this.#words[1] = (this.#words[1] & ~0xff) | reason;
  }

  /** Something was counted since alarms were looked for. */
  get isChanged(): boolean {
    return (this.#words[1] & changedBit) !== 0;
  }

  set isChanged(changed: boolean) {
    this.#words[1] = changed ? this.#words[1] | changedBit : this.#words[1] & ~changedBit;
  }

  /** The modem was awake when the board fell asleep, and nothing has it fall asleep. */
  get modemStays(): boolean {
    return (this.#words[1] & staysBit) !== 0;
  }

  set modemStays(stays: boolean) {
    this.#words[1] = stays ? this.#words[1] | staysBit : this.#words[1] & ~staysBit;
  }

  /** CRC-32 of the versions that were reported. */
  get versions(): number {
    return this.#versions[0];
  }

  set versions(crc: number) {
    this.#versions[0] = crc;
  }

  /** Up to where the ring of the log is in flash: its `at`. */
  get logSaved(): number {
    return this.#log[0];
  }

  set logSaved(at: number) {
    this.#log[0] = at;
  }

  /** Lines went out of the ring that flash has not. */
  get logGap(): boolean {
    return (this.#log[1] & gapBit) !== 0;
  }

  set logGap(gap: boolean) {
    this.#log[1] = gap ? this.#log[1] | gapBit : this.#log[1] & ~gapBit;
  }

  /** Erases that the log has cost since the last daily report. */
  get logErases(): number {
    return this.#log[1] & ~gapBit;
  }

  set logErases(erases: number) {
    this.#log[1] = (this.#log[1] & gapBit) | Math.min(erases, gapBit - 1);
  }

  /** When it was kept last, monotonic ms, which go on in deep sleep only. */
  get keptAt(): number {
    return this.#at[0];
  }

  /** When the modem may be asked for its cell, ms by the time that the device has run in all. */
  get cellDue(): number {
    return this.#at[1];
  }

  set cellDue(time: number) {
    this.#at[1] = time;
  }

  /** When the next daily report is due, ms by the same. */
  get reportDue(): number {
    return this.#at[2];
  }

  set reportDue(time: number) {
    this.#at[2] = time;
  }

  /** What comes counts for the next report. @param isDaily the one of the day: the log has new erases */
  closeReport(isDaily: boolean): void {
    this.spans.fill(0);
    this.counts.fill(0);
    this.forgetSeen();
    if (isDaily) this.#log[1] &= gapBit;
  }

  /** Puts it into retained memory; `now` is monotonic, ms. */
  keep(now: number): void {
    this.#at[0] = now;
    this.#retained.write(retainedParts.health, this.#bytes);
  }

  /**
   * Puts it into storage as well, when that was done long ago.
   *
   * @param every the time between two, ms
   * @throws what the store throws
   */
  store(every: number): void {
    const now = this.allSpans[Span.time];
    if (now - this.#storedAt < every) return;
    // One that fails is not tried again at once.
    this.#storedAt = now;
    this.#stored.save(this.#bytes);
  }

  private stored(): Uint8Array | undefined {
    try {
      return this.#stored.load();
    } catch {
      // Whoever writes to the store next says what is wrong with it.
      return undefined;
    }
  }

  private forgetSeen(): void {
    this.#seen.fill(unseen);
  }
}
