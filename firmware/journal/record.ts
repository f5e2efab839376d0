/**
 * One record of the journal in flash. Little-endian; a unit is what the flash writes at least, 4 bytes
 * or more.
 *
 *     0           1 unit      2 units                                   + 24
 *     +-----------+-----------+------------------------------------------+--------+-----+----------------+
 *     | released  | tried     | header, 24 bytes                         | body   | pad | times, if      |
 *     | 1 unit    | 1 unit    |                                          |        |     | undated: 2 x 8 |
 *     +-----------+-----------+------------------------------------------+--------+-----+----------------+
 *
 *     header   0 length of body u16 | 2 type u8 | 3 flags u8 | 4 id u32 | 8 time u48 | 14 boot u16
 *              16 CRC-32 of header 0 to 15 and body | 20 zero u16 | 22 CRC-16 of header 0 to 21
 *
 * Header and body are one write. The marks are units of their own that are cleared later, without
 * touching what is written already: `released` is the end of the record; of `tried` the first half says
 * that it was sent under its own id, the second that it was sent with its time. A record that was made
 * before the device had a wall clock has its uptime for a time, and room for the true one, twice, as
 * power may fail in the first: time u48 | CRC-16.
 *
 * Both checksums start from the number of the block, so that what an earlier life of the block left
 * behind is not taken for a record of this one.
 */
import { bitCount } from "./checked-flash";
import { crc16, crc32 } from "./crc";
import { blank } from "./flash";
import { areTwoFlips, clearLastTwo, flipBit, mendByCrc16, oneFlip } from "./flipped-bits";

/** Length of a header, bytes. */
export const headerLength = 24;
const crcAt = 16;
const headerCrcAt = 22;
const timeLength = 8;
/** So many clear bits make a mark count as set: half of them, so that one flipped bit changes nothing. */
const releasedBits = 16;

/** `flags`: the time is epoch ms, not uptime. */
export const dated = 0x01;

/** Whether the record was sent already, and how. */
export type Tried = "no" | "alone" | "timed" | "both";

/** The header of a record. One object is used for all, because the journal walks over hundreds. */
export interface RecordHeader {
  /** Bytes of the body. */
  length: number;
  /** Type of the record, which the journal's owner defines. */
  type: number;
  flags: number;
  id: number;
  /** ms: epoch, or uptime of the boot in which it was made. */
  time: number;
  /** Number of that boot, 16 bits. */
  boot: number;
}

/** How many bytes a record takes in flash. */
export function recordLength(bodyLength: number, isDated: boolean, unit: number): number {
  const body = roundUp(headerLength + bodyLength, unit);
  return 2 * unit + body + (isDated ? 0 : 2 * roundUp(timeLength, unit));
}

/** `length` rounded up to a multiple of the unit, which is a power of two. */
export function roundUp(length: number, unit: number): number {
  return (length + unit - 1) & -unit;
}

/** Writes header and body into `out`, padded to a whole unit; returns the bytes to be written. */
export function encodeRecord(
  header: RecordHeader,
  body: Uint8Array,
  salt: number,
  unit: number,
  out: Uint8Array,
): number {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  view.setUint16(0, body.length, true);
  out[2] = header.type;
  out[3] = header.flags;
  view.setUint32(4, header.id, true);
  setUint48(view, 8, header.time);
  view.setUint16(14, header.boot, true);
  out.set(body, headerLength);
  const end = headerLength + body.length;
  view.setUint32(crcAt, contentCrc(out, body.length, salt), true);
  view.setUint16(20, 0, true);
  view.setUint16(headerCrcAt, crc16(out, 0, headerCrcAt, salt), true);
  const padded = roundUp(end, unit);
  out.fill(blank, end, padded);
  return padded;
}

/** Reads the header at `at`; false when there is none. */
export function readHeader(bytes: Uint8Array, at: number, salt: number, header: RecordHeader): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(at + headerCrcAt, true) !== crc16(bytes, at, at + headerCrcAt, salt)) return false;
  header.length = view.getUint16(at, true);
  header.type = view.getUint8(at + 2);
  header.flags = view.getUint8(at + 3);
  header.id = view.getUint32(at + 4, true);
  header.time = getUint48(view, at + 8);
  header.boot = view.getUint16(at + 14, true);
  return true;
}

/**
 * Whether the body behind this header, which is sound and starts at 0, is as it was written. One bit that has
 * flipped since is put right in `bytes`: no other single bit gives the same checksum at these lengths. So are two of
 * its last four bytes that should be clear, as a write leaves them that power cut short at its very end.
 */
export function verifyRecord(
  bytes: Uint8Array,
  bodyLength: number,
  salt: number,
): "sound" | "mended" | "corrupt" {
  const wrong = wrongCrc(bytes, bodyLength, salt);
  if (wrong === 0) return "sound";
  const end = headerLength + bodyLength;
  const bit = oneFlip(wrong, bodyLength);
  if (bit < 0) return clearLastTwo(bytes, wrong, end, Math.min(4, bodyLength)) ? "mended" : "corrupt";
  flipBit(bytes, 8 * headerLength + bit);
  return "mended";
}

/** Whether two flipped bits explain a body that is "corrupt", and not a write that was cut short. */
export function isTwoFlips(bytes: Uint8Array, bodyLength: number, salt: number): boolean {
  return areTwoFlips(wrongCrc(bytes, bodyLength, salt), bodyLength);
}

/** Puts up to `most` flipped bits of a header right, if `confirm` says so of the body that it then has. */
export function mendHeader(
  bytes: Uint8Array,
  salt: number,
  most: 1 | 2,
  confirm: (flips: number) => boolean,
): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wrong = view.getUint16(headerCrcAt, true) ^ crc16(bytes, 0, headerCrcAt, salt);
  return wrong !== 0 && mendByCrc16(bytes, wrong, headerCrcAt, most, confirm);
}

/** CRC-32 as stored and as computed, exclusive or. */
function wrongCrc(bytes: Uint8Array, bodyLength: number, salt: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (view.getUint32(crcAt, true) ^ contentCrc(bytes, bodyLength, salt)) >>> 0;
}

function contentCrc(bytes: Uint8Array, bodyLength: number, salt: number): number {
  const header = crc32(bytes, 0, crcAt, salt);
  return crc32(bytes, headerLength, headerLength + bodyLength, header);
}

/** Whether the mark that starts at `at` says that the record is done with. */
export function isReleased(bytes: Uint8Array, at: number): boolean {
  let clear = 0;
  for (let i = at; i < at + 4; i++) clear += 8 - bitCount(bytes[i] ?? blank);
  return clear >= releasedBits;
}

/** What the mark that starts at `at` says was sent. */
export function readTried(bytes: Uint8Array, at: number): Tried {
  const alone = bitCount(bytes[at] ?? blank) + bitCount(bytes[at + 1] ?? blank) < 12;
  const timed = bitCount(bytes[at + 2] ?? blank) + bitCount(bytes[at + 3] ?? blank) < 12;
  if (alone) return timed ? "both" : "alone";
  return timed ? "timed" : "no";
}

/**
 * The time that an undated record was given since, from the two places for it at `at`; undefined when it was given
 * none. What has flipped in both is put right where the other has not.
 */
export function readLateTime(bytes: Uint8Array, at: number, unit: number): number | undefined {
  const second = at + lateTimeLength(unit);
  if (isTime(bytes, at)) return timeAt(bytes, at);
  if (isTime(bytes, second)) return timeAt(bytes, second);
  // One flipped bit in each place: the two differ in these two, or agree on one that is wrong. A place that power has
  // torn differs in many.
  let differing = 0;
  for (let i = 0; i < timeLength; i++) differing += bitCount((bytes[at + i] ?? 0) ^ (bytes[second + i] ?? 0));
  if (differing !== 0 && differing !== 2) return undefined;
  const mixed = bytes.slice(at, at + timeLength);
  for (let bit = 0; bit < 8 * timeLength; bit++) {
    const byte = bit >> 3;
    const differs = (((bytes[at + byte] ?? 0) ^ (bytes[second + byte] ?? 0)) >> (bit & 7)) & 1;
    if (differing !== 0 && differs === 0) continue;
    flipBit(mixed, bit);
    if (isTime(mixed, 0)) return timeAt(mixed, 0);
    flipBit(mixed, bit);
  }
  return undefined;
}

/** Whether the place at `at` holds a sound time. */
export function isTime(bytes: Uint8Array, at: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return crc16(bytes, at, at + 6) === view.getUint16(at + 6, true);
}

function timeAt(bytes: Uint8Array, at: number): number {
  return getUint48(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at);
}

/** A late time as bytes, for one of its two places. */
export function encodeLateTime(time: number, unit: number): Uint8Array {
  const out = new Uint8Array(roundUp(timeLength, unit)).fill(blank);
  const view = new DataView(out.buffer);
  setUint48(view, 0, time);
  view.setUint16(6, crc16(out, 0, 6), true);
  return out;
}

/** Bytes from one place for the time to the other. */
export function lateTimeLength(unit: number): number {
  return roundUp(timeLength, unit);
}

function setUint48(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  view.setUint32(at, value - high * 0x1_0000_0000, true);
  view.setUint16(at + 4, high, true);
}

function getUint48(view: DataView, at: number): number {
  return view.getUint16(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}
