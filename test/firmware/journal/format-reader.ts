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

interface Block {
  readonly number: number;
  readonly sequence: number;
  /** Those that wait, notes among them. */
  readonly records: readonly ImageRecord[];
  /** Its first place has a record that is no note. */
  readonly begun: boolean;
}

/** The records of an image that wait, by ascending id from the oldest. */
export function readImage(image: Buffer, blockLength: number, unit: number): ImageRecord[] {
  const blocks: Block[] = [];
  for (let number = 0; (number + 1) * blockLength <= image.length; number++) {
    const block = image.subarray(number * blockLength, (number + 1) * blockLength);
    const sequence = sequenceOf(block);
    if (sequence !== undefined) blocks.push({ number, sequence, ...readBlock(block, sequence, unit) });
  }
  blocks.sort((a, b) => a.sequence - b.sequence);
  const out = leftOut(blocks);
  const records = new Map<number, ImageRecord>();
  // What is still to be copied out of a block that is left out may have a copy, which comes first.
  const order = [
    ...blocks.filter(({ number }) => !out.listed.includes(number)),
    ...blocks.filter(({ number }) => out.leaving.includes(number)),
  ];
  for (const each of order) {
    // The copy of a record that is being moved is the same record, and may lack a mark.
    for (const record of each.records)
      if (record.type !== 0 && !records.has(record.id)) records.set(record.id, record);
  }
  return [...records.values()].sort((a, b) => (a.id - b.id) | 0);
}

/** The blocks that are left out, and those of them with records that are still to be copied. */
function leftOut(blocks: readonly Block[]): { listed: number[]; leaving: number[] } {
  for (const { records, begun } of [...blocks].reverse()) {
    const note = records.filter(({ type }) => type === 0).at(-1);
    if (note !== undefined) {
      const body = Buffer.from(note.body, "hex");
      const listed = Array.from({ length: (body.length - 1) / 2 }, (_, i) => body.readUInt16LE(1 + 2 * i));
      return { listed, leaving: note.tried === "no" ? listed.slice(listed.length - body[0]) : [] };
    }
    if (begun) break;
  }
  return { listed: [], leaving: [] };
}

function sequenceOf(block: Buffer): number | undefined {
  const sound = (copy: Buffer): boolean =>
    copy.toString("latin1", 0, 4) === "ENJ1" && copy.readUInt32LE(12) === crc32(copy.subarray(0, 12));
  const copies = [block.subarray(0, 16), block.subarray(16, 32)];
  const [first, second] = copies;
  for (const copy of copies) if (sound(copy)) return copy.readUInt32LE(4);
  // The bits in which they differ, from one or from the other.
  const differing: number[] = [];
  for (let bit = 0; bit < 128; bit++)
    if (((first[bit >> 3] ^ second[bit >> 3]) & (1 << (bit & 7))) !== 0) differing.push(bit);
  for (let choice = 0; differing.length <= 8 && choice < 1 << differing.length; choice++) {
    const copy = Buffer.from(first);
    differing.forEach((bit, i) => (copy[bit >> 3] ^= ((choice >> i) & 1) << (bit & 7)));
    if (sound(copy)) return copy.readUInt32LE(4);
  }
  const mended = copies.map((copy) => withOneFlip(copy, 16, sound)).find((copy) => copy !== undefined);
  return mended?.readUInt32LE(4);
}

function readBlock(
  block: Buffer,
  sequence: number,
  unit: number,
): { readonly records: ImageRecord[]; readonly begun: boolean } {
  const round = (n: number): number => Math.ceil(n / unit) * unit;
  const records: ImageRecord[] = [];
  const start = round(32) + unit;
  let begun = false;
  let due = true;
  let at = start;
  while (at + 2 * unit + 24 <= block.length) {
    const content = block.subarray(at + 2 * unit);
    const sound = soundContent(content, sequence, due);
    due = sound !== "none";
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
    if (at === start && sound.type !== 0) begun = true;
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
  return { records, begun };
}

/**
 * A header and its body, put right where bits of them had flipped, which is looked for where a header is due; without
 * `bytes` when the body is lost.
 */
function soundContent(
  content: Buffer,
  sequence: number,
  due: boolean,
): { length: number; type: number; flags: number; bytes: Buffer | undefined } | "none" {
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
    if (!due) return "none";
    const whole = (bytes: Buffer): boolean => headerSound(bytes) && bodySound(bytes);
    const bodyMended = (bytes: Buffer): Buffer | undefined =>
      bodySound(bytes) ? bytes : withOneFlip(bytes, 24 + bytes.readUInt16LE(0), whole);
    // One flipped bit in the header, and one in the body; or two in the header.
    const once = withOneFlip(content, 24, (bytes) => headerSound(bytes) && bodyMended(bytes) !== undefined);
    const twice = (): Buffer | undefined => {
      const first = withOneFlip(content, 24, (bytes) => withOneFlip(bytes, 24, whole) !== undefined);
      return first === undefined ? undefined : withOneFlip(first, 24, whole);
    };
    const put = once === undefined ? twice() : bodyMended(once);
    if (put === undefined) return "none";
    return { length: put.readUInt16LE(0), type: put[2], flags: put[3], bytes: put };
  }
  const length = content.readUInt16LE(0);
  if (24 + length > content.length) return "none";
  const bytes = bodySound(content) ? content : withOneFlip(content, 24 + length, bodySound);
  if (!due && bytes === undefined) return "none";
  return { length, type: content[2], flags: content[3], bytes };
}

function withOneFlip(content: Buffer, length: number, sound: (bytes: Buffer) => boolean): Buffer | undefined {
  for (let bit = 0; bit < 8 * Math.min(length, content.length); bit++) {
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
