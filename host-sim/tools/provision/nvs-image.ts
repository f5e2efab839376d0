/**
 * Writes an image of an ESP32's NVS partition, to be flashed where firmware/partitions.csv has it, with
 * one namespace of texts. The format is that of ESP-IDF's nvs_flash, version 2; numbers are little-endian.
 *
 *     page, 4096 bytes
 *     0        32        64                                                          4096
 *     +--------+---------+---------+---------+---------+-- - - --+-----------+-----------+
 *     | header | bitmap  | entry 0 | entry 1 | entry 2 |         | entry 124 | entry 125 |
 *     +--------+---------+---------+---------+---------+-- - - --+-----------+-----------+
 *
 *     header   0  state, bits are cleared as it goes on: ffffffff empty, fffffffe active, fffffffc full
 *              4  sequence number of the page
 *              8  version: fe for version 2
 *              9  19 bytes ff
 *             28  CRC of bytes 4 to 27
 *
 *     bitmap   two bits an entry, from the lowest: 11 empty, 10 written, 00 erased; the last four unused
 *
 *     entry    0  namespace: 0 for a namespace's own entry, else its number
 *              1  type: 01 byte, 21 text
 *              2  span: entries that it takes, this one included
 *              3  chunk: ff, as it is no part of a blob
 *              4  CRC of bytes 0 to 3 and 8 to 31
 *              8  key, 15 bytes at most, filled with 00 to 16
 *             24  byte:  the number of the namespace that the key names, 7 bytes ff
 *                 text:  length with its final 00 (2 bytes), 2 bytes ff, CRC of the text with its final 00
 *
 * A text lies in the entries after its own, filled with ff. It does not run over into another page.
 */
import { crc32 } from "../../../firmware/journal/crc";

/** Bytes of a page, which is also what flash erases at a time. */
export const pageSize = 4096;
/** NVS wants three pages: one in use, one to move to, one that is kept empty for that. */
export const leastPages = 3;
/** Longest name of a namespace or a key, bytes. */
const longestName = 15;

const entrySize = 32;
const entriesPerPage = 126;
const bitmapOffset = 32;
const firstEntry = 64;
const activeState = 0xfffffffe;
const version2 = 0xfe;
const type = Object.freeze({ byte: 0x01, text: 0x21 });
/** The register before the first byte; the CRC is that of zip otherwise. */
const crcSeed = 0xffffffff;

/** What an image holds. */
export interface NvsTexts {
  readonly namespace: string;
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * The image of a partition of `size` bytes. The same input gives the same bytes.
 *
 * @throws RangeError when the size is not that of an NVS partition, a name or text cannot be stored, or
 * all together do not fit one page; the message quotes no text
 */
export function writeNvsImage(size: number, contents: NvsTexts): Uint8Array {
  if (!Number.isInteger(size) || size % pageSize !== 0 || size < leastPages * pageSize) {
    throw new RangeError(
      `an NVS partition has at least ${leastPages} pages of ${pageSize} bytes, not ${size} bytes`,
    );
  }
  const image = new Uint8Array(size).fill(0xff);
  const page = new Page(image.subarray(0, pageSize));
  const number = 1;
  page.addByte(0, contents.namespace, number);
  for (const [key, text] of Object.entries(contents.texts)) page.addText(number, key, text);
  return image;
}

/** The first page of an empty partition, while it is filled. */
class Page {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #used = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view.setUint32(0, activeState, true);
    this.#view.setUint32(4, 0, true);
    bytes[8] = version2;
    this.#view.setUint32(28, crc32(bytes, 4, 28, crcSeed), true);
  }

  addByte(namespace: number, key: string, value: number): void {
    const at = this.#take(1);
    this.#head(at, namespace, type.byte, 1, key);
    this.#bytes[at + 24] = value;
    this.#seal(at);
  }

  addText(namespace: number, key: string, text: string): void {
    const bytes = terminated(key, text);
    const span = 1 + Math.ceil(bytes.length / entrySize);
    const at = this.#take(span);
    this.#head(at, namespace, type.text, span, key);
    this.#view.setUint16(at + 24, bytes.length, true);
    this.#view.setUint32(at + 28, crc32(bytes, 0, bytes.length, crcSeed), true);
    this.#seal(at);
    this.#bytes.set(bytes, at + entrySize);
  }

  /** Marks the next entries as written and returns where the first of them starts. */
  #take(span: number): number {
    if (this.#used + span > entriesPerPage) {
      throw new RangeError(`the texts do not fit the ${entriesPerPage} entries of one page`);
    }
    const at = firstEntry + this.#used * entrySize;
    for (let i = 0; i < span; i++, this.#used++) {
      this.#bytes[bitmapOffset + (this.#used >> 2)] &= ~(1 << (2 * (this.#used & 3)));
    }
    return at;
  }

  #head(at: number, namespace: number, kind: number, span: number, key: string): void {
    if (!/^[\x21-\x7e]+$/.test(key) || key.length > longestName) {
      throw new RangeError(`a name in NVS is 1 to ${longestName} printable ASCII characters`);
    }
    this.#bytes.set([namespace, kind, span, 0xff], at);
    this.#bytes.fill(0, at + 8, at + 24);
    this.#bytes.set(Buffer.from(key, "latin1"), at + 8);
  }

  #seal(at: number): void {
    const front = crc32(this.#bytes, at, at + 4, crcSeed);
    this.#view.setUint32(at + 4, crc32(this.#bytes, at + 8, at + entrySize, front), true);
  }
}

function terminated(key: string, text: string): Uint8Array {
  const bytes = Buffer.from(`${text}\0`, "utf8");
  if (bytes.indexOf(0) !== bytes.length - 1 || bytes.toString("utf8") !== `${text}\0`) {
    throw new RangeError(`${key} has a character that no text in NVS can hold`);
  }
  return bytes;
}
