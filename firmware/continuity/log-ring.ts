/**
 * The last lines of the log, in retained memory: what the device said before it panicked can be fetched after.
 * They are a ring of bytes, each line behind the time of the board's clock in epoch seconds:
 *
 *     0         2        4                                          1400
 *     +---------+--------+------------------------------------------+
 *     | form u16| at u16 | newer lines ... | 0 ... or older lines ...|
 *     +---------+--------+------------------------------------------+
 *                                          ^ at: where the next line goes
 *
 * There is no CRC over it, as it is written in pieces: a damaged bit costs a character.
 */
import { ascii } from "../text/ascii";
import { retainedParts } from "./retained-memory";
import type { RetainedMemory, RetainedStore } from "./retained-memory";

const { offset: partAt, length: partLength, form } = retainedParts.log;
const headLength = 4;
const room = partLength - headLength;
/** The ring's bytes in retained memory: where they begin, and how many there are. */
export const logPlace = Object.freeze({ offset: partAt + headLength, length: room });
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

  /** Where the next line goes: less than the ring's length. */
  get at(): number {
    return this.#at;
  }

  /** @param epoch ms by the board's own clock, in 1970 as long as that was never set */
  append(line: string, epoch: number): void {
    const store = this.#store;
    if (store === undefined) return;
    const bytes = lineBytes(`${Math.floor(epoch / 1000)} ${line}`);
    const fits = room - this.#at;
    if (bytes.length <= fits) store.write(partAt + headLength + this.#at, bytes);
    else {
      store.write(partAt + headLength + this.#at, bytes.subarray(0, fits));
      store.write(partAt + headLength, bytes.subarray(fits));
    }
    this.#at = (this.#at + bytes.length) % room;
    const head = new Uint8Array(headLength);
    head[0] = form & 0xff;
    head[1] = form >> 8;
    head[2] = this.#at & 0xff;
    head[3] = this.#at >> 8;
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

/** The line's bytes with its end. `newest` makes question marks of what is not printable, except for these two. */
function lineBytes(line: string): Uint8Array {
  const bytes = ascii(`${line.length > longest ? line.slice(0, longest) : line}\n`);
  if (line.indexOf("\n") < 0 && line.indexOf("\0") < 0) return bytes;
  for (let i = 0; i < bytes.length - 1; i++) {
    if (bytes[i] === lineEnd || bytes[i] === 0) bytes[i] = 0x3f;
  }
  return bytes;
}

/** The character, or a question mark for what is not printable ASCII. */
function shown(code: number): number {
  return code < 0x20 || code > 0x7e ? 0x3f : code;
}
