/**
 * The names of members that have come in JSON from outside, counted.
 *
 * XS keeps the name of a property until the next start, whatever becomes of the object: a server that sends ever
 * new names would fill the memory. So the names are counted before a text is parsed, each once, and with too many
 * of them a text that brings another one is refused.
 */
import { ascii } from "./ascii";

/** Places of the table at first, a power of two; there are twice as many when three quarters of them are taken. */
const firstPlaces = 32;
/** Names, at most. */
const mostNames = 240;
/** What all names may take, bytes: those of 170 measure points with 24 characters each. */
const mostBytes = 8_192;
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
  #left = mostNames;
  #room = mostBytes;
  /** Made with the first name. */
  #table: Uint32Array | undefined;

  /** @param random gives a number in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Counts the name `text[start..end)`, as it is written; false when it is new and there is no room for it. */
  take(text: Uint8Array, start: number, end: number): boolean {
    if (this.#table === undefined) {
      this.#table = new Uint32Array(firstPlaces);
      this.#seed = Math.floor(this.#random() * 0x1_0000_0000);
      for (let i = 0; i < known.length; i++) this.take(ascii(known[i]), 0, known[i].length);
    }
    let hash = this.#seed;
    // FNV-1a.
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text[i], 0x0100_0193);
    hash = hash >>> 0 || 1;
    const at = placeOf(this.#table, hash);
    if (this.#table[at] === hash) return true;
    const cost = costOfName + end - start;
    if (this.#left === 0 || cost > this.#room) return false;
    this.#left -= 1;
    this.#room -= cost;
    this.#table[at] = hash;
    if (4 * (mostNames - this.#left) > 3 * this.#table.length) this.#table = doubled(this.#table);
    return true;
  }
}

/** Where a hash is, or is to be put. There is always a free place. */
function placeOf(table: Uint32Array, hash: number): number {
  const { length } = table;
  let at = hash % length;
  while (table[at] !== 0 && table[at] !== hash) at = (at + 1) % length;
  return at;
}

function doubled(table: Uint32Array): Uint32Array {
  const larger = new Uint32Array(2 * table.length);
  for (let i = 0; i < table.length; i++) if (table[i] !== 0) larger[placeOf(larger, table[i])] = table[i];
  return larger;
}
