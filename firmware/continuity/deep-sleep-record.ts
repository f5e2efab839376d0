/**
 * The bytes that the device keeps over deep sleep, a part of retained memory. The ESP32 loses its RAM and the
 * firmware starts anew at every wake.
 *
 *     at, wall, until, next, epoch, candidate, slept, wake, start, retry at, day began, spent, in vain since:
 *     13 x f64 | taken u32 | in vain u16 | flags, retries, empty, mute: 4 x u8
 *     | modem n u8 | n x f64 | what `PersistentState.snapshot` gave                                    little-endian
 *
 * The device can do without: if the record is missing or damaged, it starts as after a loss of power.
 */
import { partOverhead, retainedParts } from "./retained-memory";

/**
 * What the device has to know after deep sleep. Times without "epoch" are ms of the device's monotonic clock,
 * which goes on in deep sleep.
 */
export interface SleepState {
  /** When something is due again. */
  readonly until: number;
  /** When the next reading is due, Infinity for none, and how many were taken. */
  readonly next: number;
  readonly taken: number;
  /** Epoch ms at monotonic zero, and the value that was told once and not believed; undefined where unknown. */
  readonly epoch: number | undefined;
  readonly candidate: number | undefined;
  /** Slept since the network told the time, ms: that long the clock ran without its crystal. */
  readonly slept: number;
  /** A request that was to keep the session alive has had no answer. */
  readonly askedInVain: boolean;
  /** Not all is done that was to be: something waits for a link, or for an answer to the next try. */
  readonly waits: boolean;
  /** The cloud has not been told the firmware's version since the start. */
  readonly versionUntold: boolean;
  /** Readings of which the cloud gets nothing, since it was spoken to last. */
  readonly empty: number;
  /** The uploader's next try, and how many there were in a row. */
  readonly retries: RetryState;
  /** What the radio was on for in vain today. */
  readonly radio: SpentBudget;
  /** Exchanges without an answer. */
  readonly unanswered: Unanswered;
  /** What `PersistentState.snapshot` gave. */
  readonly memory: Uint8Array;
}

/** How far the pauses between tries have grown. */
export interface RetryState {
  /** When the next try is due, ms; a time that is past for at once. */
  readonly at: number;
  readonly failures: number;
}

/** What is spent of a budget that is anew each day. */
export interface SpentBudget {
  /** ms */
  readonly spent: number;
  /** When the day began, ms; undefined while nothing is spent. */
  readonly dayBegan: number | undefined;
  /** All of it is spent, and the radio is off until the day is over. */
  readonly suspended: boolean;
}

/** What the supervisor counts. */
export interface Unanswered {
  /** Since the modem was reset last. */
  readonly mute: number;
  /** Since the last answer, and when the first of them ended, ms. */
  readonly inVain: number;
  readonly since: number;
}

/** What the board keeps over one deep sleep. */
export interface DeepSleepRecord extends SleepState {
  /** When it fell asleep, and the board's own wall clock then, epoch ms (1970 when it was never set). */
  readonly at: number;
  readonly wall: number;
  /** When the board is told to wake. */
  readonly wake: number;
  /** From that moment to the firmware's first turn, ms, as it was measured last; undefined before the first time. */
  readonly start: number | undefined;
  /** What `Modem.remembered` gave. */
  readonly modem: readonly number[];
}

const takenAt = 13 * 8;
const inVainAt = takenAt + 4;
const flagsAt = inVainAt + 2;
const countAt = flagsAt + 4;
const fixedLength = countAt + 1;
const longestModem = 20;
const flag = Object.freeze({ asked: 1, waits: 2, versionUntold: 4, suspended: 8 });

/** Room that a record takes at most, bytes: with the longest token there is. */
export const deepSleepRecordLength = retainedParts.deepSleep.length - partOverhead;

/** Shorter than this the ESP32 saves nothing by deep sleep, ms. */
// Starting takes about 0.5 s at 40 to 50 mA, and as long again until the firmware is where it was; waiting
// takes 20 to 30 mA (ESP32 datasheet, modem sleep at 80 to 160 MHz): they cost the same after one to two
// seconds. All beyond that is a margin, for flash and UART that are opened anew.
export const shortestSleep = 10_000;

/** The board is woken this much before something is due, ms, as long as nobody knows how long its start takes. */
const usualLead = 1_500;

/** The longest that it is woken before something is due, ms: no start takes longer unless a clock has gone wrong. */
const longestLead = 10_000;

/** So much later than measured the board is ready, ms: a start that ends too early waits, for which it takes another turn. */
const lateRather = 10;

/**
 * How much before something is due the board is to be woken, ms, so that it is ready then.
 *
 * @param start how long its start took last, ms; undefined where that is unknown
 * @param before the same of the start before. The shorter one counts, for one that had more to do than usual says nothing
 *   of the next
 */
export function leadOf(start: number | undefined, before: number | undefined): number {
  const shorter = start === undefined || before! < start ? before : start;
  return shorter === undefined ? usualLead : Math.max(0, Math.min(shorter - lateRather, longestLead));
}

/** The share by which the clock of deep sleep may be wrong: an RC oscillator, over the range of temperature. */
export const clockTolerance = 0.05;

/** The bytes, or undefined when they do not fit. */
export function encodeDeepSleepRecord(record: DeepSleepRecord): Uint8Array | undefined {
  const { modem, memory } = record;
  const length = fixedLength + 8 * modem.length + memory.length;
  if (modem.length > longestModem || length > deepSleepRecordLength) return undefined;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const { at, wall, until, next, epoch = NaN, candidate = NaN, slept, wake, start = NaN } = record;
  const { retries, radio, unanswered } = record;
  const { dayBegan = NaN, spent } = radio;
  const times = [at, wall, until, next, epoch, candidate, slept, wake, start, retries.at, dayBegan, spent];
  times.push(unanswered.since);
  for (let i = 0; i < times.length; i++) view.setFloat64(8 * i, times[i], true);
  view.setUint32(takenAt, record.taken, true);
  view.setUint16(inVainAt, Math.min(unanswered.inVain, 0xffff), true);
  if (record.askedInVain) bytes[flagsAt] |= flag.asked;
  if (record.waits) bytes[flagsAt] |= flag.waits;
  if (record.versionUntold) bytes[flagsAt] |= flag.versionUntold;
  if (radio.suspended) bytes[flagsAt] |= flag.suspended;
  bytes[flagsAt + 1] = Math.min(retries.failures, 0xff);
  bytes[flagsAt + 2] = Math.min(record.empty, 0xff);
  bytes[flagsAt + 3] = Math.min(unanswered.mute, 0xff);
  bytes[countAt] = modem.length;
  for (let i = 0; i < modem.length; i++) view.setFloat64(fixedLength + 8 * i, modem[i], true);
  bytes.set(memory, fixedLength + 8 * modem.length);
  return bytes;
}

/** What `encodeDeepSleepRecord` made; undefined for anything else. Never throws. */
export function decodeDeepSleepRecord(bytes: Uint8Array): DeepSleepRecord | undefined {
  if (bytes.length < fixedLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const time = (i: number): number => view.getFloat64(8 * i, true);
  const at = time(0);
  const wall = time(1);
  const until = time(2);
  const next = time(3);
  const slept = time(6);
  const flags = bytes[flagsAt];
  const count = bytes[countAt];
  const memoryAt = fixedLength + 8 * count;
  if (count > longestModem || memoryAt > bytes.length) return undefined;
  // With wrong times the firmware would sleep for ever, or never take a reading.
  if (!(at >= 0 && until > at && until < Infinity && wall >= 0 && wall < Infinity)) return undefined;
  if (!(next >= at && slept >= 0 && slept < Infinity)) return undefined;
  const modem: number[] = [];
  for (let i = 0; i < count; i++) modem.push(view.getFloat64(fixedLength + 8 * i, true));
  return {
    at,
    wall,
    until,
    next,
    taken: view.getUint32(takenAt, true),
    epoch: known(time(4)),
    candidate: known(time(5)),
    slept,
    wake: time(7),
    start: known(time(8)),
    askedInVain: (flags & flag.asked) !== 0,
    waits: (flags & flag.waits) !== 0,
    versionUntold: (flags & flag.versionUntold) !== 0,
    empty: bytes[flagsAt + 2],
    retries: { at: known(time(9)) ?? 0, failures: bytes[flagsAt + 1] },
    radio: {
      spent: known(time(11)) ?? 0,
      dayBegan: known(time(10)),
      suspended: (flags & flag.suspended) !== 0,
    },
    unanswered: {
      mute: bytes[flagsAt + 3],
      inVain: view.getUint16(inVainAt, true),
      since: known(time(12)) ?? 0,
    },
    modem,
    memory: bytes.slice(memoryAt),
  };
}

/**
 * The share by which that clock is taken to be wrong from one contact to the next, where it is not very hot or cold.
 * Assumed: no board was measured. Where it is more, a session that has lapsed costs a request in vain, and no reading.
 */
export const sleepDrift = 0.0025;

/**
 * ms of the monotonic clock at a wake at which the board's wall clock says `wall`, epoch ms; undefined when
 * that cannot be: the clock went back, or far beyond what the board was to sleep for.
 */
export function wokenAt(record: DeepSleepRecord, wall: number): number | undefined {
  const asleep = wall - record.wall;
  const most = (record.until - record.at) * (1 + 2 * clockTolerance) + 60_000;
  return asleep >= 0 && asleep <= most ? record.at + asleep : undefined;
}

function known(time: number): number | undefined {
  return time > -Infinity && time < Infinity ? time : undefined;
}
