/**
 * The names of members that have come in JSON from outside, counted.
 *
 * XS keeps the name of a property until the next start, whatever becomes of the object: a server that sends ever
 * new names would fill the memory. So the names are counted before a text is parsed, each once, and with too many
 * of them a text that brings another one is refused.
 */
import { ascii } from "./ascii";

/** Places of the table, a power of two; more than names can be. */
const places = 512;
/** What all names may take, bytes: those of 255 measure points with 24 characters each, or some 400 short ones. */
const mostBytes = 12_288;
/** What a name takes beside its characters, bytes: a slot, the head of a chunk. */
const costOfName = 24;

/** Names of EnOS's own, which are there from the beginning: whoever uses up the room keeps nobody from being read. */
const known: readonly string[] = Object.freeze([
  "id",
  "code",
  "data",
  "message",
  "token",
  "version",
  "method",
  "params",
  "measurepoints",
]);

/** Hashes of names, drawn anew at each start so that nobody can find names that share one. */
export class MemberNames {
  readonly #random: () => number;
  /** Drawn with the table. */
  #seed = 0;
  #room = mostBytes;
  /** Made with the first name; 0 is a free place. */
  #table: Uint32Array | undefined;

  /** @param random gives a number in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Counts the name `text[start..end)`, as it is written; false when it is new and there is no room for it. */
  take(text: Uint8Array, start: number, end: number): boolean {
    if (this.#table === undefined) {
      this.#table = new Uint32Array(places);
      this.#seed = Math.floor(this.#random() * 0x1_0000_0000);
      for (let i = 0; i < known.length; i++) this.take(ascii(known[i]), 0, known[i].length);
    }
    const table = this.#table;
    let hash = this.#seed;
    // FNV-1a.
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text[i], 0x0100_0193);
    hash = hash >>> 0 || 1;
    let at = hash % places;
    for (; table[at] !== 0; at = (at + 1) % places) if (table[at] === hash) return true;
    const cost = costOfName + end - start;
    if (cost > this.#room) return false;
    this.#room -= cost;
    table[at] = hash;
    return true;
  }
}
