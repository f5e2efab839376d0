/**
 * A table that a code of deflate is looked up in (RFC 1951, section 3.2.2), by as many of the next bits as it has. The
 * entry for these is
 *
 *     bits of the code << 8 | symbol                    a code of no more bits, its symbol below 256
 *     0x1000 | bits of the code << 8 | symbol - 256     the same for the symbols from 256 on
 *     0x2000 | the code's beginning                     a longer one, which `longer` looks for
 *
 * It is made by doubling: the table of the codes of n bits, twice, is that of n + 1 bits but for the codes of n + 1 bits
 * themselves. So each code is written once, and the engine copies the rest.
 */

/** Bits of the longest code. */
const longestCode = 15;

/** The first entry of a symbol from 256 on, and the first that says how a longer code begins. */
export const highSymbol = 0x1000;
export const longerCode = 0x2000;

/** Most bits that a table is looked up by. */
const mostBits = 9;

/** Numbers of 9 bits, their first bit last: a code comes with its highest bit first, and bits are taken from the lowest. */
const mirrored = new Uint16Array(1 << mostBits);
for (let i = 1; i < mirrored.length; i++) {
  mirrored[i] = (mirrored[i >> 1] >> 1) | ((i & 1) << (mostBits - 1));
}

/** Where a table lies in a memory that it shares, as indexes. */
export interface TablePlace {
  /** Bits that an entry is found by, 9 at most. */
  readonly bits: number;
  /** The entries, the next bits with the first of them lowest: 2 ** bits numbers. */
  readonly entries: number;
  /** How many codes there are of each number of bits: 16 numbers. */
  readonly counts: number;
  /** The symbols in the order of their codes, as entries without bits: as many numbers as there may be symbols. */
  readonly sorted: number;
  /** The first code that is longer than the table, and its place among the sorted: two numbers. */
  readonly longer: number;
  /** While it is made, where the next symbol goes, by the bits of its code: 16 numbers, which are free afterwards. */
  readonly next: number;
}

/** One code's table, made anew with each `make`. */
export class HuffmanTable {
  readonly #memory: Uint16Array;
  readonly #place: TablePlace;

  constructor(memory: Uint16Array, place: TablePlace) {
    this.#memory = memory;
    this.#place = place;
  }

  /**
   * Makes the table for symbols of which the codes have so many bits, 15 at most, none for 0.
   *
   * @param lengths those from `start` to `end` count
   * @returns whether they make a code; one that leaves something open is none, but for a single symbol with one bit, or
   * no symbol at all, where `sparse` allows these
   */
  make(lengths: Uint8Array, start: number, end: number, sparse: boolean): boolean {
    const memory = this.#memory;
    const { counts, next, sorted } = this.#place;
    memory.fill(0, counts, counts + longestCode + 1);
    let at = 0;
    for (let i = start; i < end; i += 1) {
      at = counts + lengths[i];
      memory[at] += 1;
    }
    const used = end - start - memory[counts];
    let open = 1;
    let place = sorted;
    for (let length = 1; length <= longestCode; length += 1) {
      at = memory[counts + length];
      open = 2 * open - at;
      if (open < 0) return false;
      memory[next + length] = place;
      place += at;
    }
    if (open > 0 && !(sparse && (used === 0 || (used === 1 && memory[counts + 1] === 1)))) return false;
    this.arrange(lengths, start, Math.min(end, start + 256), 0);
    this.arrange(lengths, start + 256, end, highSymbol);
    this.fill();
    return true;
  }

  /**
   * The entry of a code that is longer than the table, with all of its bits; `longerCode` where no code begins so.
   *
   * @param entry the one that says how it begins
   * @param next the bits behind these, the first of them lowest
   */
  longer(entry: number, next: number): number {
    const memory = this.#memory;
    const { counts, bits, longer } = this.#place;
    let code = entry - longerCode;
    let first = memory[longer];
    let sorted = memory[longer + 1];
    let count = 0;
    for (let length = bits + 1; length <= longestCode; length += 1) {
      code = (code << 1) | (next & 1);
      next >>= 1;
      count = memory[counts + length];
      if (code - first < count) return memory[sorted + code - first] | (length << 8);
      sorted += count;
      first = (first + count) << 1;
    }
    return longerCode;
  }

  /** Puts symbols where their codes are, from the entry `symbol` on. */
  private arrange(lengths: Uint8Array, start: number, end: number, symbol: number): void {
    const memory = this.#memory;
    const { next } = this.#place;
    let length = 0;
    let place = 0;
    for (let i = start; i < end; i += 1) {
      length = lengths[i];
      if (length !== 0) {
        length += next;
        place = memory[length];
        memory[place] = symbol;
        memory[length] = place + 1;
      }
      symbol += 1;
    }
  }

  private fill(): void {
    const memory = this.#memory;
    const { bits, entries, counts, sorted, longer } = this.#place;
    let code = 0;
    let place = sorted;
    let lengthBits = 0;
    let shift = 0;
    for (let length = 1, half = 1; length <= bits; length += 1, half <<= 1) {
      memory.copyWithin(entries + half, entries, entries + half);
      code <<= 1;
      lengthBits = length << 8;
      shift = mostBits - length;
      for (let count = memory[counts + length]; count > 0; count -= 1) {
        memory[entries + (mirrored[code] >> shift)] = memory[place] | lengthBits;
        place += 1;
        code += 1;
      }
    }
    memory[longer] = code << 1;
    memory[longer + 1] = place;
    for (; code < 1 << bits; code += 1) memory[entries + (mirrored[code] >> shift)] = longerCode | code;
  }
}
