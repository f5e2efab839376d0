/**
 * Reads an image of the journal by docs/journal-format.md alone: no line of the firmware's, CRC-32 from zlib,
 * CRC-16 bit by bit. It is slow, and the judge of whether page and firmware say the same.
 */
import { crc32 } from "node:zlib";

/** A record that waits. */
export interface ImageRecord {
  readonly id: number;
  readonly type: number;
  /** ms: epoch when `dated`, else uptime of the boot `boot`. */
  readonly time: number;
  readonly dated: boolean;
  readonly boot: number;
  readonly tried: "no" | "alone" | "timed" | "both";
  /** Hex. */
  readonly body: string;
}

/** The records of an image that wait, by ascending id from the oldest. */
export function readImage(image: Buffer, blockLength: number, unit: number): ImageRecord[] {
  const blocks = [];
  for (let at = 0; at + blockLength <= image.length; at += blockLength) {
    const block = image.subarray(at, at + blockLength);
    const sequence = sequenceOf(block);
    if (sequence !== undefined) blocks.push({ sequence, block });
  }
  blocks.sort((a, b) => a.sequence - b.sequence);
  const records = new Map<number, ImageRecord>();
  for (const each of blocks) {
    const there = readBlock(each.block, each.sequence, unit);
    // The copy of a record that is being moved is the same record, and may lack a mark.
    for (const record of there) if (!records.has(record.id)) records.set(record.id, record);
  }
  return [...records.values()].sort((a, b) => (a.id - b.id) | 0);
}

function sequenceOf(block: Buffer): number | undefined {
  for (const copy of [block.subarray(0, 16), block.subarray(16, 32)]) {
    if (copy.toString("latin1", 0, 4) !== "ENJ1") continue;
    if (copy.readUInt32LE(12) === crc32(copy.subarray(0, 12))) return copy.readUInt32LE(4);
  }
  return undefined;
}

function readBlock(block: Buffer, sequence: number, unit: number): ImageRecord[] {
  const round = (n: number): number => Math.ceil(n / unit) * unit;
  const records: ImageRecord[] = [];
  let at = round(32) + unit;
  while (at + 2 * unit + 24 <= block.length) {
    const content = block.subarray(at + 2 * unit);
    const sound = soundContent(content, sequence);
    if (sound === "none") {
      at += unit;
      continue;
    }
    const { length, flags } = sound;
    const dated = (flags & 1) !== 0;
    const timesAt = at + 2 * unit + round(24 + length);
    const size = 2 * unit + round(24 + length) + (dated ? 0 : 2 * round(8));
    const released = clearBits(block.subarray(at, at + 4)) >= 16;
    const { bytes } = sound;
    if (!released && bytes !== undefined) {
      const late = dated
        ? undefined
        : (lateTime(block.subarray(timesAt)) ?? lateTime(block.subarray(timesAt + round(8))));
      const alone = clearBits(block.subarray(at + unit, at + unit + 2)) >= 5;
      const timed = clearBits(block.subarray(at + unit + 2, at + unit + 4)) >= 5;
      records.push({
        id: bytes.readUInt32LE(4),
        type: bytes[2],
        time: late ?? bytes.readUIntLE(8, 6),
        dated: dated || late !== undefined,
        boot: bytes.readUInt16LE(14),
        tried: alone ? (timed ? "both" : "alone") : timed ? "timed" : "no",
        body: bytes.toString("hex", 24, 24 + length),
      });
    }
    at += size;
  }
  return records;
}

/** A header and its body, put right where one bit of it had flipped; without `bytes` when the body is lost. */
function soundContent(
  content: Buffer,
  sequence: number,
): { length: number; flags: number; bytes: Buffer | undefined } | "none" {
  const headerSound = (header: Buffer): boolean =>
    header.readUInt16LE(22) === crc16(header.subarray(0, 22), sequence & 0xffff);
  const bodySound = (bytes: Buffer): boolean => {
    const length = bytes.readUInt16LE(0);
    if (24 + length > bytes.length) return false;
    const before = crc32(bytes.subarray(0, 16), sequence);
    return bytes.readUInt32LE(16) === crc32(bytes.subarray(24, 24 + length), before);
  };
  if (content.subarray(0, 24).every((byte) => byte === 0xff)) return "none";
  if (!headerSound(content)) {
    const mended = withOneFlip(content, 24, (bytes) => headerSound(bytes) && bodySound(bytes));
    if (mended === undefined) return "none";
    return { length: mended.readUInt16LE(0), flags: mended[3], bytes: mended };
  }
  const length = content.readUInt16LE(0);
  if (24 + length > content.length) return "none";
  const bytes = bodySound(content) ? content : withOneFlip(content, 24 + length, bodySound);
  return { length, flags: content[3], bytes };
}

function withOneFlip(content: Buffer, length: number, sound: (bytes: Buffer) => boolean): Buffer | undefined {
  for (let bit = 0; bit < 8 * length; bit++) {
    const bytes = Buffer.from(content);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    if (sound(bytes)) return bytes;
  }
  return undefined;
}

function lateTime(bytes: Buffer): number | undefined {
  return bytes.readUInt16LE(6) === crc16(bytes.subarray(0, 6), 0xffff) ? bytes.readUIntLE(0, 6) : undefined;
}

function clearBits(bytes: Buffer): number {
  let clear = 0;
  for (const byte of bytes) for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) === 0) clear += 1;
  return clear;
}

/** IBM-3740, with another initial register. */
function crc16(bytes: Buffer, initial: number): number {
  let register = initial;
  for (const byte of bytes) {
    register ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      register = (register & 0x8000) !== 0 ? ((register << 1) ^ 0x1021) & 0xffff : (register << 1) & 0xffff;
    }
  }
  return register;
}
