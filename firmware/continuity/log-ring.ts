/**
 * The last lines of the log, in retained memory: what the device said before it panicked can be fetched after.
 * They are a ring of bytes, each line behind the time of the board's clock in epoch seconds:
 *
 *     0         2        4                                          1856
 *     +---------+--------+------------------------------------------+
 *     | form u16| at u16 | newer lines ... | 0 ... or older lines ...|
 *     +---------+--------+------------------------------------------+
 *                                          ^ at: where the next line goes
 *
 * There is no CRC over it, as it is written in pieces: a damaged bit costs a character.
 */
import { retainedParts } from "./retained-memory";
import type { RetainedMemory, RetainedStore } from "./retained-memory";

const { offset: partAt, length: partLength, form } = retainedParts.log;
const headLength = 4;
const room = partLength - headLength;
const lineEnd = 10;
/** Longest line, bytes. */
const longest = 160;

/** Keeps the last lines of the log, as ASCII. */
export class LogRing {
  readonly #store: RetainedStore | undefined;
  #at = 0;

  constructor({ store }: RetainedMemory) {
    this.#store = store;
    if (store === undefined) return;
    const head = new DataView(store.read(partAt, headLength).buffer);
    this.#at = head.getUint16(2, true);
    if (head.getUint16(0, true) === form && this.#at < room) return;
    this.#at = 0;
    store.write(partAt, new Uint8Array(partLength));
  }

  /** @param epoch ms by the board's own clock, in 1970 as long as that was never set */
  append(line: string, epoch: number): void {
    const store = this.#store;
    if (store === undefined) return;
    const text = `${Math.floor(epoch / 1000)} ${line}`;
    const length = Math.min(text.length, longest);
    const bytes = new Uint8Array(length + 1);
    for (let i = 0; i < length; i++) bytes[i] = shown(text.charCodeAt(i));
    bytes[length] = lineEnd;
    const fits = Math.min(bytes.length, room - this.#at);
    store.write(partAt + headLength + this.#at, bytes.subarray(0, fits));
    if (fits < bytes.length) store.write(partAt + headLength, bytes.subarray(fits));
    this.#at = (this.#at + bytes.length) % room;
    const head = new Uint8Array(headLength);
    const view = new DataView(head.buffer);
    view.setUint16(0, form, true);
    view.setUint16(2, this.#at, true);
    store.write(partAt, head);
  }

  /** Up to `length` characters, without the newest `skip` ones; lines are parted by "\n". */
  newest(length: number, skip: number): string {
    const store = this.#store;
    let text = "";
    if (store === undefined) return text;
    const bytes = store.read(partAt + headLength, room);
    for (let back = Math.min(length + skip, room); back > skip; back--) {
      const code = bytes[(this.#at - back + room) % room];
      if (code !== 0) text += String.fromCharCode(code === lineEnd ? code : shown(code));
    }
    return text;
  }
}

/** The character, or a question mark for what is not printable ASCII. */
function shown(code: number): number {
  return code < 0x20 || code > 0x7e ? 0x3f : code;
}
