/**
 * The bytes that the device keeps over deep sleep. The ESP32 loses its RAM and the firmware starts anew at
 * every wake; a few hundred bytes in the domain of the real-time clock stay, as long as there is power.
 *
 *     0         2          4
 *     +---------+----------+---------+--------+
 *     | form u16| length   | body    | CRC-32 |        little-endian, length of the body u16
 *     +---------+----------+---------+--------+
 *
 *     body: at, wall, until, next, epoch, candidate, slept: 7 x f64 | taken u32 | flags u8 | modem n u8
 *           | n x f64 | what `PersistentState.snapshot` gave
 *
 * The device can do without: if the record is missing or damaged, it starts as after a loss of power.
 */
import { crc32 } from "../journal/crc";

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

const form = 0xd05e;
const headLength = 4;
const crcLength = 4;
const fixedLength = 7 * 8 + 6;
const longestModem = 16;
const askedFlag = 1;

/** Room that a record takes at most, bytes: with the longest token there is. */
export const deepSleepRecordLength = 512;

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
  const body = fixedLength + 8 * modem.length + memory.length;
  if (modem.length > longestModem || headLength + body + crcLength > deepSleepRecordLength) return undefined;
  const bytes = new Uint8Array(headLength + body + crcLength);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, form, true);
  view.setUint16(2, body, true);
  const { at, wall, until, next, epoch = NaN, candidate = NaN, slept } = record;
  const times = [at, wall, until, next, epoch, candidate, slept];
  for (let i = 0; i < times.length; i++) view.setFloat64(headLength + 8 * i, times[i], true);
  view.setUint32(60, record.taken, true);
  bytes[64] = record.askedInVain ? askedFlag : 0;
  bytes[65] = modem.length;
  for (let i = 0; i < modem.length; i++) view.setFloat64(headLength + fixedLength + 8 * i, modem[i], true);
  bytes.set(memory, headLength + fixedLength + 8 * modem.length);
  view.setUint32(headLength + body, crc32(bytes, 0, headLength + body), true);
  return bytes;
}

/** What `encodeDeepSleepRecord` made; undefined for anything else. Never throws. */
export function decodeDeepSleepRecord(bytes: Uint8Array): DeepSleepRecord | undefined {
  if (bytes.length < headLength + fixedLength + crcLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = headLength + view.getUint16(2, true);
  if (view.getUint16(0, true) !== form || end + crcLength > bytes.length) return undefined;
  if (end < headLength + fixedLength || view.getUint32(end, true) !== crc32(bytes, 0, end)) return undefined;
  const time = (i: number): number => view.getFloat64(headLength + 8 * i, true);
  const [at, wall, until, next, slept] = [time(0), time(1), time(2), time(3), time(6)];
  const count = bytes[65];
  const memoryAt = headLength + fixedLength + 8 * count;
  if (count > longestModem || memoryAt > end) return undefined;
  // With wrong times the firmware would sleep for ever, or never take a reading.
  if (!(at >= 0 && until > at && until < Infinity && wall >= 0 && wall < Infinity)) return undefined;
  if (!(next >= at && slept >= 0 && slept < Infinity)) return undefined;
  const modem: number[] = [];
  for (let i = 0; i < count; i++) modem.push(view.getFloat64(headLength + fixedLength + 8 * i, true));
  return {
    at,
    wall,
    until,
    next,
    taken: view.getUint32(60, true),
    epoch: known(time(4)),
    candidate: known(time(5)),
    slept,
    askedInVain: (bytes[64] & askedFlag) !== 0,
    modem,
    memory: bytes.slice(memoryAt, end),
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
