/**
 * The log's last lines in flash: two blocks that are filled in turn, so that there are always the lines of one whole
 * block but for the moment after an erase of the older one. 4 KiB each hold some hours to days of lines.
 *
 *     block   0        4          8                12       16
 *             +--------+----------+----------------+--------+-------------------------
 *             | "EnLg" | sequence | erases of both | CRC-32 | pieces ...
 *             +--------+----------+----------------+--------+-------------------------
 *     piece   0            2          4         8                 a multiple of 4
 *             +------------+----------+---------+-------- - - - --+
 *             | length u16 | ~length  | CRC-32  | text            |       all little-endian
 *             +------------+----------+---------+-------- - - - --+
 *
 * A piece is written at once and never changed. Where a loss of power has cut one short, a start after it ends the block
 * there: what follows goes to the other one, which is always erased before it is used. The hardware's exceptions end here.
 */
import { crc32 } from "../journal/crc";
import { reasonOf } from "../text/reason";
import type { Flash } from "../journal/flash";

const magic = 0x674c6e45;
const blockHead = 16;
const pieceHead = 8;
const blocks = 2;
/** Writes are multiples of it. */
const unit = 4;
const blank = 0xffff;

/** Where the pieces of a block end, and under which number it was taken. */
interface Block {
  sequence: number;
  /** Where the next piece goes; the block's length where none fits any more. */
  end: number;
}

/** Appends pieces of the log, and gives the newest back. */
export class LogArchive {
  readonly #flash: Flash;
  readonly #blockLength: number;
  readonly #blocks: (Block | undefined)[] = [];
  /** The block that is written to; -1 for none yet. */
  #active = -1;
  #erases = 0;
  /** Why flash was left alone from then on. */
  #failure: string | undefined;

  /**
   * @param isCold the power may have failed since the log was written
   * @throws RangeError for a partition that is too small, and what the hardware throws
   */
  constructor(flash: Flash, isCold: boolean) {
    const { blockLength, blocks: count, writeAlign = unit } = flash.status();
    if (!(count >= blocks) || !(blockLength >= 1_024) || unit % writeAlign !== 0) {
      throw new RangeError(`the log takes two blocks of 1024 bytes or more, got ${count} of ${blockLength}`);
    }
    this.#flash = flash;
    this.#blockLength = blockLength;
    let newest = -1;
    for (let i = 0; i < blocks; i++) {
      const block = this.readBlock(i);
      this.#blocks.push(block);
      if (block === undefined || block.sequence < newest) continue;
      newest = block.sequence;
      this.#active = i;
    }
    if (isCold && this.#active >= 0) this.endTorn(this.#active);
  }

  /** Erases of both blocks so far. */
  get erases(): number {
    return this.#erases;
  }

  /** Why nothing is written any more, since the start; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Whether a piece of so many bytes costs an erase. */
  costsErase(length: number): boolean {
    const block = this.#blocks[this.#active];
    return block === undefined || block.end + sizeOf(length) > this.#blockLength;
  }

  /**
   * Appends text, of a block's length at most.
   *
   * @param crc CRC-32 of it
   * @returns whether it is in flash
   */
  append(text: Uint8Array, crc: number): boolean {
    const { length } = text;
    if (length === 0 || this.#failure !== undefined) return length === 0;
    if (sizeOf(length) > this.#blockLength - blockHead) return false;
    try {
      if (this.costsErase(length)) this.open();
      const block = this.#blocks[this.#active]!;
      const bytes = new Uint8Array(sizeOf(length));
      const view = new DataView(bytes.buffer);
      view.setUint16(0, length, true);
      view.setUint16(2, ~length & 0xffff, true);
      view.setUint32(4, crc, true);
      bytes.set(text, pieceHead);
      const at = block.end;
      // One that fails may be there in part, so that nothing can follow it.
      block.end = this.#blockLength;
      this.#flash.write(bytes, this.#active * this.#blockLength + at);
      block.end = at + bytes.length;
      return true;
    } catch (error) {
      this.#failure = reasonOf(error);
      return false;
    }
  }

  /** Up to `length` characters, without the newest `skip` ones. */
  newest(length: number, skip: number): string {
    let text = "";
    let left = length;
    let past = skip;
    for (let turn = 0; turn < blocks && left > 0; turn++) {
      const block = this.#active < 0 ? -1 : (this.#active + turn) % blocks;
      const pieces = block < 0 ? [] : this.pieces(block);
      for (let i = pieces.length - 1; i >= 0 && left > 0; i--) {
        const at = pieces[i];
        const bytes = this.piece(at);
        if (bytes === undefined) continue;
        if (past >= bytes.length) {
          past -= bytes.length;
          continue;
        }
        const end = bytes.length - past;
        const start = Math.max(0, end - left);
        past = 0;
        left -= end - start;
        text = shown(bytes, start, end) + text;
      }
    }
    return text;
  }

  /** Takes the older block. */
  private open(): void {
    const flash = this.#flash;
    const next = this.#active < 0 ? 0 : (this.#active + 1) % blocks;
    const sequence = (this.#blocks[this.#active]?.sequence ?? 0) + 1;
    this.#blocks[next] = undefined;
    flash.eraseBlock(next);
    this.#erases += 1;
    const head = new Uint8Array(blockHead);
    const view = new DataView(head.buffer);
    view.setUint32(0, magic, true);
    view.setUint32(4, sequence, true);
    view.setUint32(8, this.#erases, true);
    view.setUint32(12, crc32(head, 0, 12), true);
    flash.write(head, next * this.#blockLength);
    this.#blocks[next] = { sequence, end: blockHead };
    this.#active = next;
  }

  /** A block whose head is sound, and where its pieces end. */
  private readBlock(number: number): Block | undefined {
    const head = new Uint8Array(blockHead);
    const start = number * this.#blockLength;
    this.#flash.read(head, start);
    const view = new DataView(head.buffer);
    if (view.getUint32(0, true) !== magic || view.getUint32(12, true) !== crc32(head, 0, 12))
      return undefined;
    this.#erases = Math.max(this.#erases, view.getUint32(8, true));
    const block = { sequence: view.getUint32(4, true), end: blockHead };
    this.walk(number, block);
    return block;
  }

  /** Ends the block where bytes stand that are no piece: the next one would be written over them. */
  private endTorn(number: number): void {
    const block = this.#blocks[number]!;
    const rest = new Uint8Array(this.#blockLength - block.end);
    const at = number * this.#blockLength + block.end;
    this.#flash.read(rest, at);
    for (let i = 0; i < rest.length; i++) {
      if (rest[i] === 0xff) continue;
      // No piece has a head of zeros, and zeros can be written over anything.
      if (rest.length >= unit) this.#flash.write(new Uint8Array(unit), at);
      block.end = this.#blockLength;
      return;
    }
  }

  /** Addresses of a block's pieces, the oldest first. */
  private pieces(number: number): readonly number[] {
    const block = this.#blocks[number];
    return block === undefined ? [] : this.walk(number, { sequence: 0, end: blockHead });
  }

  /** The same; `block.end` is then where they end. */
  private walk(number: number, block: Block): number[] {
    const pieces: number[] = [];
    const start = number * this.#blockLength;
    const head = new Uint8Array(pieceHead);
    try {
      while (block.end + pieceHead <= this.#blockLength) {
        this.#flash.read(head, start + block.end);
        const length = head[0] | (head[1] << 8);
        const check = head[2] | (head[3] << 8);
        if (length === blank && check === blank) return pieces;
        const size = sizeOf(length);
        if ((length ^ check) !== 0xffff || length === 0 || block.end + size > this.#blockLength) break;
        pieces.push(start + block.end);
        block.end += size;
      }
    } catch {
      // What cannot be read may be readable at another start.
    }
    block.end = this.#blockLength;
    return pieces;
  }

  /** The text of a piece; undefined when it is not as it was written. */
  private piece(at: number): Uint8Array | undefined {
    try {
      const head = new Uint8Array(pieceHead);
      this.#flash.read(head, at);
      const view = new DataView(head.buffer);
      const bytes = new Uint8Array(view.getUint16(0, true));
      this.#flash.read(bytes, at + pieceHead);
      return crc32(bytes, 0, bytes.length) === view.getUint32(4, true) ? bytes : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Bytes of a piece with this many of text. */
function sizeOf(length: number): number {
  return pieceHead + ((length + unit - 1) & ~(unit - 1));
}

/** The bytes as text; what is not printable ASCII is a question mark. */
function shown(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const code = bytes[i];
    text += String.fromCharCode(code === 10 || (code >= 0x20 && code <= 0x7e) ? code : 0x3f);
  }
  return text;
}
