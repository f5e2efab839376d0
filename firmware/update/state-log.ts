/**
 * What an update must not forget when the power fails: small records in flash, of which the newest of each kind
 * counts. They are appended to a block; once it is full, those that count go over to the next of four, which counts
 * from the moment at which its head, written last, is whole.
 *
 *     block:   0          4             8          12         16
 *              +----------+-------------+----------+----------+--------- - -
 *              | "EnUs"   | turn u32    | CRC-32   | ff       | records            little-endian
 *              +----------+-------------+----------+----------+--------- - -
 *
 *     record:  0        1        2             4            8
 *              +--------+--------+-------------+------------+---------- - -
 *              | kind   | ff     | length u16  | CRC-32     | body, to a multiple of 4
 *              +--------+--------+-------------+------------+---------- - -
 *
 * A record's CRC is over the block's turn, its first four bytes and its body, so that what an erase has left behind
 * passes for nothing. An empty body takes back the record before it. Two of the four blocks may be bad.
 */
import { CheckedFlash, isBlank } from "../journal/checked-flash";
import { crc32 } from "../journal/crc";
import { blank } from "../journal/flash";
import type { Flash, FlashStatus } from "../journal/flash";

/** Blocks at the start of the partition that the log has to itself. */
export const logBlocks = 4;
/** Longest body of a record, bytes. */
export const longestRecord = 512;
/** Kinds are 1 to 31; this room's own are 16 and above. */
const kinds = 32;

const blockHead = 16;
const recordHead = 8;
const magic = 0x73556e45;
/** A hint names no more records than this, so that its 59 bytes suffice. */
const hinted = 17;
const hintHead = 8;

/** The log, and the partition that it is in. Nothing of it throws. */
export class StateLog {
  /** The partition: what is behind the log's blocks is for `Staging`. */
  readonly flash: CheckedFlash;
  /** Bytes of a block, and how many there are. */
  readonly blockLength: number;
  readonly blocks: number;
  /** What is read back, here and in the other slot, goes through it. */
  readonly buffer = new Uint8Array(256);
  /** The block that counts; -1 before the first record. */
  #block = -1;
  #turn = 0;
  /** Where the next record goes within the block; behind its end where none may. */
  #end = 0;
  /** Where the newest record of each kind is within the block; 0 for none. */
  readonly #places = new Uint16Array(kinds);

  /** @param flash with blocks of 1 to 32 KiB, eight of them at least */
  private constructor(flash: Flash, status: FlashStatus) {
    this.flash = new CheckedFlash(flash, this.buffer);
    this.blockLength = status.blockLength;
    this.blocks = status.blocks;
  }

  /**
   * Finds what was written last.
   *
   * @param hint what `hint` gave at any time before: it saves reading the records, and is believed only as far as the
   *   flash agrees
   * @returns why there is no log in this partition
   */
  static open(flash: Flash, hint?: Uint8Array): StateLog | string {
    let status: FlashStatus;
    try {
      status = flash.status();
    } catch (error) {
      return error instanceof Error ? error.message : "unknown";
    }
    const { blocks, blockLength, writeAlign = 4 } = status;
    if (blocks < 2 * logBlocks || blockLength < 1024 || blockLength > 0x8000 || 4 % writeAlign !== 0) {
      return `expected 8 blocks of 1 to 32 KiB, written by 4 bytes, got ${blocks} of ${blockLength}, by ${writeAlign}`;
    }
    const log = new StateLog(flash, status);
    log.findBlock();
    if (log.#block >= 0 && !(hint !== undefined && log.takeHint(hint))) log.findRecords();
    return log;
  }

  /** The newest record of a kind; undefined when there is none, or its bytes have changed. */
  read(kind: number): Uint8Array | undefined {
    const at = this.#places[kind];
    const record = at === undefined || at === 0 ? undefined : this.readRecord(at);
    return record !== undefined && record[0] === kind ? record.subarray(recordHead) : undefined;
  }

  /**
   * Keeps a record in place of the one of its kind.
   *
   * @param body up to 512 bytes; empty to have none
   * @returns false when the flash fails: what counted before may count or be gone
   */
  write(kind: number, body: Uint8Array): boolean {
    if (!(kind >= 1 && kind < kinds) || body.length > longestRecord) return false;
    if (body.length === 0 && this.#places[kind] === 0) return true;
    const { blockLength } = this;
    if (this.#block >= 0 && this.#end + sizeOf(body.length) <= blockLength) {
      if (this.put(this.#block, this.#end, this.#turn, kind, body)) {
        this.#places[kind] = body.length === 0 ? 0 : this.#end;
        this.#end += sizeOf(body.length);
        return true;
      }
      // Nothing may follow what is half written.
      this.#end = blockLength;
    }
    return this.moveOn(kind, body);
  }

  /** Where all of it is, at most 59 bytes. */
  hint(): Uint8Array {
    const body = new Uint8Array(hintHead + 3 * hinted);
    let length = hintHead;
    for (let kind = 1; kind < kinds; kind++) {
      const at = this.#places[kind];
      if (at === 0) continue;
      if (length === body.length) return new Uint8Array(0);
      body[length] = kind;
      body[length + 1] = at;
      body[length + 2] = at >> 8;
      length += 3;
    }
    if (this.#block < 0) return new Uint8Array(0);
    const view = new DataView(body.buffer);
    view.setUint16(0, this.#block, true);
    view.setUint16(2, this.#end, true);
    view.setUint32(4, this.#turn, true);
    return body.subarray(0, length);
  }

  /** The block with the latest turn whose head is whole. */
  private findBlock(): void {
    const head = new Uint8Array(blockHead);
    for (let block = 0; block < logBlocks; block++) {
      if (!this.flash.read(head, block * this.blockLength)) continue;
      const view = new DataView(head.buffer);
      if (view.getUint32(0, true) !== magic || view.getUint32(8, true) !== crc32(head, 0, 8)) continue;
      const turn = view.getUint32(4, true);
      if (this.#block >= 0 && ((turn - this.#turn) | 0) < 0) continue;
      this.#block = block;
      this.#turn = turn;
    }
  }

  /** Whether a hint names this block, and nothing was written since. */
  private takeHint(hint: Uint8Array): boolean {
    if (hint.length < hintHead || (hint.length - hintHead) % 3 !== 0) return false;
    const view = new DataView(hint.buffer, hint.byteOffset, hint.length);
    const end = view.getUint16(2, true);
    if (view.getUint16(0, true) !== this.#block || view.getUint32(4, true) !== this.#turn) return false;
    // What is full may have been given up for a record that a loss of power has cut short.
    if (end < blockHead || end + recordHead > this.blockLength) return false;
    if (!this.isBlankFrom(end)) return false;
    for (let i = hintHead; i < hint.length; i += 3) {
      const at = view.getUint16(i + 1, true);
      if (hint[i] < kinds && at >= blockHead && at < end) this.#places[hint[i]] = at;
    }
    this.#end = end;
    return true;
  }

  private findRecords(): void {
    const { blockLength } = this;
    const from = this.#block * blockLength;
    const head = new Uint8Array(recordHead);
    let sound = true;
    let at = blockHead;
    while (at + recordHead <= blockLength) {
      if (!this.flash.read(head, from + at)) break;
      if (isBlank(head)) {
        // What follows a torn record is blank as far as one looks, and may not be so further on.
        if (sound && this.isBlankFrom(at)) this.#end = at;
        else this.#end = blockLength;
        return;
      }
      const length = head[2] | (head[3] << 8);
      if (length > longestRecord || at + sizeOf(length) > blockLength) break;
      const record = this.readRecord(at);
      if (record === undefined) sound = false;
      else this.#places[record[0]] = length === 0 ? 0 : at;
      at += sizeOf(length);
    }
    this.#end = blockLength;
  }

  /** Whether nothing is where the longest record would go. */
  private isBlankFrom(at: number): boolean {
    const piece = new Uint8Array(128);
    const end = Math.min(at + recordHead + longestRecord, this.blockLength);
    for (; at < end; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, end - at));
      if (!this.flash.read(part, this.#block * this.blockLength + at) || !isBlank(part)) return false;
    }
    return true;
  }

  /** A record with its head; undefined when it is not whole. */
  private readRecord(at: number): Uint8Array | undefined {
    const from = this.#block * this.blockLength + at;
    const head = new Uint8Array(recordHead);
    if (!this.flash.read(head, from)) return undefined;
    const length = head[2] | (head[3] << 8);
    if (length > longestRecord || head[0] === 0 || head[0] >= kinds) return undefined;
    const record = new Uint8Array(recordHead + length);
    if (!this.flash.read(record, from)) return undefined;
    const crc = new DataView(record.buffer).getUint32(4, true);
    return crc === checkOf(record, this.#turn) ? record : undefined;
  }

  private put(block: number, at: number, turn: number, kind: number, body: Uint8Array): boolean {
    const record = new Uint8Array(sizeOf(body.length)).fill(blank);
    record[0] = kind;
    record[2] = body.length;
    record[3] = body.length >> 8;
    record.set(body, recordHead);
    const check = checkOf(record.subarray(0, recordHead + body.length), turn);
    new DataView(record.buffer).setUint32(4, check, true);
    return this.flash.write(record, block * this.blockLength + at);
  }

  /** Makes another block the one that counts, with this record and the newest of all other kinds. */
  private moveOn(kind: number, body: Uint8Array): boolean {
    const first = this.#block < 0 ? 0 : this.#block + 1;
    for (let i = 0; i < logBlocks; i++) {
      const block = (first + i) % logBlocks;
      if (block !== this.#block && this.fill(block, kind, body)) return true;
    }
    return false;
  }

  private fill(block: number, kind: number, body: Uint8Array): boolean {
    const { blockLength } = this;
    if (!this.flash.erase(block, blockLength)) return false;
    const turn = (this.#turn + 1) >>> 0;
    const places = new Uint16Array(kinds);
    let end = blockHead;
    for (let each = 1; each < kinds; each++) {
      const kept = each === kind ? body : this.read(each);
      if (kept === undefined || kept.length === 0) continue;
      if (end + sizeOf(kept.length) > blockLength || !this.put(block, end, turn, each, kept)) return false;
      places[each] = end;
      end += sizeOf(kept.length);
    }
    const head = new Uint8Array(blockHead).fill(blank);
    const view = new DataView(head.buffer);
    view.setUint32(0, magic, true);
    view.setUint32(4, turn, true);
    view.setUint32(8, crc32(head, 0, 8), true);
    if (!this.flash.write(head, block * blockLength)) return false;
    this.#block = block;
    this.#turn = turn;
    this.#end = end;
    this.#places.set(places);
    return true;
  }
}

/** Bytes that a record takes. */
function sizeOf(length: number): number {
  return recordHead + ((length + 3) & ~3);
}

/** The CRC of a record in a block of this turn. */
function checkOf(record: Uint8Array, turn: number): number {
  return crc32(record, recordHead, record.length, crc32(record, 0, 4, turn));
}
