/**
 * The bytes that the device keeps over deep sleep, a part of retained memory. The ESP32 loses its RAM and the
 * firmware starts anew at every wake.
 *
 *     at, wall, until, next, epoch, candidate, slept: 7 x f64 | taken u32 | flags u8 | modem n u8
 *     | n x f64 | what `PersistentState.snapshot` gave                                  little-endian
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
  /** What `PersistentState.snapshot` gave. */
  readonly memory: Uint8Array;
}

/** What the board keeps over one deep sleep. */
export interface DeepSleepRecord extends SleepState {
  /** When it fell asleep, and the board's own wall clock then, epoch ms (1970 when it was never set). */
  readonly at: number;
  readonly wall: number;
  /** What `Modem.remembered` gave. */
  readonly modem: readonly number[];
}

const takenAt = 7 * 8;
const flagsAt = takenAt + 4;
const countAt = flagsAt + 1;
const fixedLength = countAt + 1;
const longestModem = 16;
const askedFlag = 1;

/** Room that a record takes at most, bytes: with the longest token there is. */
export const deepSleepRecordLength = retainedParts.deepSleep.length - partOverhead;

/** Shorter than this the ESP32 saves nothing by deep sleep, ms. */
// Starting takes about 0.5 s at 40 to 50 mA, and as long again until the firmware is where it was; waiting
// takes 20 to 30 mA (ESP32 datasheet, modem sleep at 80 to 160 MHz): they cost the same after one to two
// seconds. All beyond that is a margin, for flash and UART that are opened anew.
export const shortestSleep = 10_000;

/** The board is woken this much before something is due, ms: starting takes time, and reading late is worse. */
export const wakeEarly = 1_500;

/** The share by which the clock of deep sleep may be wrong: an RC oscillator, over the range of temperature. */
export const clockTolerance = 0.05;

/** The bytes, or undefined when they do not fit. */
export function encodeDeepSleepRecord(record: DeepSleepRecord): Uint8Array | undefined {
  const { modem, memory } = record;
  const length = fixedLength + 8 * modem.length + memory.length;
  if (modem.length > longestModem || length > deepSleepRecordLength) return undefined;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const { at, wall, until, next, epoch = NaN, candidate = NaN, slept } = record;
  const times = [at, wall, until, next, epoch, candidate, slept];
  for (let i = 0; i < times.length; i++) view.setFloat64(8 * i, times[i], true);
  view.setUint32(takenAt, record.taken, true);
  bytes[flagsAt] = record.askedInVain ? askedFlag : 0;
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
    askedInVain: (bytes[flagsAt] & askedFlag) !== 0,
    modem,
    memory: bytes.slice(memoryAt),
  };
}

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
