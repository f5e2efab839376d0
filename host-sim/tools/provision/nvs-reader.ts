/**
 * Reads an image of an ESP32's NVS partition: the judge of what nvs-image.ts writes, so it shares no line
 * with it. Stricter than the board, which repairs what a loss of power left half done: here anything out
 * of order is a reason to refuse the image. Safe with any bytes: it reads within them, each page and entry
 * once, and keeps at most what they hold.
 *
 *     image   = page ...            page  = header(32) bitmap(32) 126 x entry(32)
 *     header  = state(4) sequence(4) version(1) ff(19) crc(4)
 *     entry   = namespace(1) type(1) span(1) chunk(1) crc(4) key(16) data(8)
 *     data    = integer, little-endian | length(2) ff(2) crc(4), with the bytes in span - 1 entries more
 */

/** A value of an image, with its type as ESP-IDF names it. */
type NvsValue =
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "u8" | "i8" | "u16" | "i16" | "u32" | "i32"; readonly value: number }
  | { readonly type: "u64" | "i64"; readonly value: bigint };

/** What an image holds. Blobs are checked and passed over. */
export interface NvsContents {
  /** Values by namespace and key. */
  readonly namespaces: ReadonlyMap<string, ReadonlyMap<string, NvsValue>>;
  /** Pages that were never written; NVS needs one at least. */
  readonly emptyPages: number;
}

/** Why bytes are no sound image. The text quotes none of them but numbers of the format. */
export interface NvsProblem {
  readonly problem: string;
}

const pageSize = 4096;
const entrySize = 32;
const entriesPerPage = 126;
const entriesAt = 64;

const pageStates = new Map([
  [0xffffffff, "empty"],
  [0xfffffffe, "active"],
  [0xfffffffc, "full"],
]);

/** Types whose value stands in the entry itself. */
const integers: ReadonlyMap<number, (view: DataView, at: number) => NvsValue> = new Map([
  [0x01, (view: DataView, at: number): NvsValue => ({ type: "u8", value: view.getUint8(at) })],
  [0x11, (view: DataView, at: number): NvsValue => ({ type: "i8", value: view.getInt8(at) })],
  [0x02, (view: DataView, at: number): NvsValue => ({ type: "u16", value: view.getUint16(at, true) })],
  [0x12, (view: DataView, at: number): NvsValue => ({ type: "i16", value: view.getInt16(at, true) })],
  [0x04, (view: DataView, at: number): NvsValue => ({ type: "u32", value: view.getUint32(at, true) })],
  [0x14, (view: DataView, at: number): NvsValue => ({ type: "i32", value: view.getInt32(at, true) })],
  [0x08, (view: DataView, at: number): NvsValue => ({ type: "u64", value: view.getBigUint64(at, true) })],
  [0x18, (view: DataView, at: number): NvsValue => ({ type: "i64", value: view.getBigInt64(at, true) })],
]);

const stringType = 0x21;
const oldBlob = 0x41;
const blobData = 0x42;
const blobIndex = 0x48;

/** One item as found, before namespaces have names. */
interface Item {
  readonly where: string;
  readonly namespace: number;
  readonly key: string;
  /** Undefined for a blob. */
  readonly value: NvsValue | undefined;
}

/** Carries a reason out of the depths; never leaves this file. */
class Unsound extends Error {}

/** The contents of an image, or why it is none. Never throws. */
export function readNvsImage(image: Uint8Array): NvsContents | NvsProblem {
  try {
    return contents(image);
  } catch (error) {
    if (error instanceof Unsound) return { problem: error.message };
    throw error;
  }
}

function contents(image: Uint8Array): NvsContents {
  if (image.length === 0 || image.length % pageSize !== 0) {
    throw new Unsound(`${image.length} bytes are no whole number of pages of ${pageSize} bytes`);
  }
  const items: Item[] = [];
  const sequences = new Set<number>();
  let emptyPages = 0;
  let active = 0;
  for (let at = 0; at < image.length; at += pageSize) {
    const page = image.subarray(at, at + pageSize);
    const where = `page ${at / pageSize}`;
    const view = new DataView(page.buffer, page.byteOffset, pageSize);
    const state = pageStates.get(view.getUint32(0, true));
    if (state === undefined) throw new Unsound(`${where}: unknown state ${hex(view.getUint32(0, true))}`);
    if (state === "empty") {
      if (!isErased(page, 0, pageSize)) throw new Unsound(`${where}: marked as empty, and is not`);
      emptyPages++;
      continue;
    }
    if (view.getUint32(28, true) !== checksum([page.subarray(4, 28)])) {
      throw new Unsound(`${where}: checksum of the header is wrong`);
    }
    if (page[8] !== 0xfe) throw new Unsound(`${where}: version ${hex(page[8])}, expected 0xfe`);
    const sequence = view.getUint32(4, true);
    if (sequences.has(sequence)) throw new Unsound(`${where}: sequence number ${sequence} is there twice`);
    sequences.add(sequence);
    if (state === "active" && ++active > 1) throw new Unsound(`${where}: a second active page`);
    readPage(page, view, where, items);
  }
  return { namespaces: sorted(items), emptyPages };
}

function readPage(page: Uint8Array, view: DataView, where: string, items: Item[]): void {
  // The bitmap has room for 128 entries; the last two do not exist.
  if (page[63] >> 4 !== 0xf) throw new Unsound(`${where}: the bitmap marks entries that do not exist`);
  let ended = false;
  for (let index = 0; index < entriesPerPage;) {
    const place = `${where}, entry ${index}`;
    const at = entriesAt + index * entrySize;
    switch (mark(page, index)) {
      case 3:
        if (!isErased(page, at, at + entrySize)) throw new Unsound(`${place}: marked as empty, and is not`);
        ended = true;
        index++;
        break;
      case 2:
        if (ended) throw new Unsound(`${place}: written behind an empty one`);
        index += readItem(page, view, index, place, items);
        break;
      case 0:
        if (ended) throw new Unsound(`${place}: erased behind an empty one`);
        index++;
        break;
      default:
        throw new Unsound(`${place}: its mark in the bitmap is illegal`);
    }
  }
}

/** Adds the item that starts at an entry, and returns how many entries it takes. */
function readItem(page: Uint8Array, view: DataView, index: number, where: string, items: Item[]): number {
  const at = entriesAt + index * entrySize;
  if (
    view.getUint32(at + 4, true) !== checksum([page.subarray(at, at + 4), page.subarray(at + 8, at + 32)])
  ) {
    throw new Unsound(`${where}: checksum is wrong`);
  }
  const [namespace, type, span, chunk] = page.subarray(at, at + 4);
  const key = keyAt(page, at + 8, where);
  if (type !== blobData && chunk !== 0xff) throw new Unsound(`${where}: a chunk of what has none`);
  const integer = integers.get(type);
  if (integer !== undefined || type === blobIndex) {
    if (span !== 1) throw new Unsound(`${where}: takes ${span} entries, expected 1`);
    items.push({ where, namespace, key, value: integer?.(view, at + 24) });
    return 1;
  }
  if (type !== stringType && type !== oldBlob && type !== blobData) {
    throw new Unsound(`${where}: unknown type ${hex(type)}`);
  }
  const length = view.getUint16(at + 24, true);
  if (span !== 1 + Math.ceil(length / entrySize)) {
    throw new Unsound(`${where}: takes ${span} entries for ${length} bytes`);
  }
  if (index + span > entriesPerPage) throw new Unsound(`${where}: runs over the end of the page`);
  for (let i = index + 1; i < index + span; i++) {
    if (mark(page, i) !== 2) throw new Unsound(`${where}: entry ${i} belongs to it and is not written`);
  }
  const end = at + entrySize + length;
  const bytes = page.subarray(at + entrySize, end);
  if (view.getUint32(at + 28, true) !== checksum([bytes])) {
    throw new Unsound(`${where}: checksum of the data is wrong`);
  }
  if (!isErased(page, end, at + span * entrySize))
    throw new Unsound(`${where}: something stands behind its end`);
  const value = type === stringType ? textOf(bytes, where) : undefined;
  items.push({ where, namespace, key, value });
  return span;
}

function textOf(bytes: Uint8Array, where: string): NvsValue {
  if (bytes.length === 0 || bytes.indexOf(0) !== bytes.length - 1) {
    throw new Unsound(`${where}: the text does not end where its length says`);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { type: "string", value: decoder.decode(bytes.subarray(0, -1)) };
  } catch {
    throw new Unsound(`${where}: the text is not UTF-8`);
  }
}

/** Items under the names of their namespaces. */
function sorted(items: readonly Item[]): Map<string, Map<string, NvsValue>> {
  const names = new Map<number, Map<string, NvsValue>>();
  const namespaces = new Map<string, Map<string, NvsValue>>();
  for (const { where, namespace, key, value } of items) {
    if (namespace !== 0) continue;
    if (value?.type !== "u8" || value.value === 0 || value.value === 255) {
      throw new Unsound(`${where}: no namespace`);
    }
    if (names.has(value.value)) throw new Unsound(`${where}: namespace ${value.value} has two names`);
    if (namespaces.has(key)) throw new Unsound(`${where}: a namespace's name is there twice`);
    const values = new Map<string, NvsValue>();
    names.set(value.value, values);
    namespaces.set(key, values);
  }
  for (const { where, namespace, key, value } of items) {
    if (namespace === 0) continue;
    const values = names.get(namespace);
    if (values === undefined) throw new Unsound(`${where}: namespace ${namespace} has no name`);
    if (value === undefined) continue;
    if (values.has(key)) throw new Unsound(`${where}: its key is there twice`);
    values.set(key, value);
  }
  return namespaces;
}

function keyAt(page: Uint8Array, at: number, where: string): string {
  let key = "";
  for (let i = 0; i < 16; i++) {
    const byte = page[at + i];
    if (byte === 0) {
      const filled = page.subarray(at + i, at + 16).every((rest) => rest === 0);
      if (key === "" || !filled) break;
      return key;
    }
    if (byte < 0x21 || byte > 0x7e) break;
    key += String.fromCharCode(byte);
  }
  throw new Unsound(`${where}: its key is not 1 to 15 printable characters, filled with zeros`);
}

function mark(page: Uint8Array, index: number): number {
  return (page[32 + Math.floor(index / 4)] >> ((index % 4) * 2)) & 3;
}

function isErased(page: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (page[i] !== 0xff) return false;
  return true;
}

/** CRC-32 bit by bit, reflected, its register zero at the start and inverted at the end. */
function checksum(parts: readonly Uint8Array[]): number {
  let register = 0;
  for (const part of parts) {
    for (const byte of part) {
      register ^= byte;
      for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? 0xedb88320 : 0);
    }
  }
  return ~register >>> 0;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
