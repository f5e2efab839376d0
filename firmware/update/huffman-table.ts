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

/** One code's table, made anew with each `make`. */
export class HuffmanTable {
  /** By the next bits, the first of them lowest. */
  readonly entries: Uint16Array;
  readonly #bits: number;
  /** How many codes there are of each number of bits. */
  readonly #counts = new Uint16Array(longestCode + 1);
  /** Where the next symbol goes, by the bits of its code. */
  readonly #places = new Uint16Array(longestCode + 1);
  /** The symbols in the order of their codes, as entries without the bits. */
  readonly #sorted: Uint16Array;
  /** The first code that is longer than the table, and its symbol's place. */
  #firstLonger = 0;
  #firstPlace = 0;

  /**
   * @param bits that an entry is found by
   * @param most symbols
   */
  constructor(bits: number, most: number) {
    this.#bits = bits;
    this.entries = new Uint16Array(1 << bits);
    this.#sorted = new Uint16Array(most);
  }

  /**
   * Makes the table for symbols of which the codes have so many bits, 15 at most, none for 0.
   *
   * @param lengths those from `start` to `end` count
   * @returns whether they make a code; one that leaves something open is none, but for a single symbol with one bit, or
   * no symbol at all, where `sparse` allows these
   */
  make(lengths: Uint8Array, start: number, end: number, sparse: boolean): boolean {
    const counts = this.#counts;
    counts.fill(0);
    for (let i = start; i < end; i++) counts[lengths[i]] += 1;
    const used = end - start - counts[0];
    counts[0] = 0;
    const places = this.#places;
    let open = 1;
    let place = 0;
    for (let length = 1; length <= longestCode; length++) {
      const count = counts[length];
      open = 2 * open - count;
      if (open < 0) return false;
      places[length] = place;
      place += count;
    }
    if (open > 0 && !(sparse && (used === 0 || (used === 1 && counts[1] === 1)))) return false;
    const sorted = this.#sorted;
    for (let i = start, symbol = 0; i < end; i++, symbol++) {
      const length = lengths[i];
      if (length === 0) continue;
      sorted[places[length]] = symbol < 256 ? symbol : highSymbol | (symbol - 256);
      places[length] += 1;
    }
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
    const counts = this.#counts;
    let code = entry - longerCode;
    let first = this.#firstLonger;
    let place = this.#firstPlace;
    for (let length = this.#bits + 1; length <= longestCode; length++) {
      code = (code << 1) | (next & 1);
      next >>= 1;
      const count = counts[length];
      if (code - first < count) return this.#sorted[place + code - first] | (length << 8);
      place += count;
      first = (first + count) << 1;
    }
    return longerCode;
  }

  private fill(): void {
    const { entries } = this;
    const bits = this.#bits;
    const counts = this.#counts;
    const sorted = this.#sorted;
    /** The next code, its first bit highest, and the same with its first bit lowest. */
    let code = 0;
    let mirrored = 0;
    let place = 0;
    let half = 1;
    for (let length = 1; length <= bits; length++, half <<= 1) {
      entries.copyWithin(half, 0, half);
      code <<= 1;
      for (let count = counts[length]; count > 0; count--) {
        entries[mirrored] = sorted[place] | (length << 8);
        place += 1;
        code += 1;
        let bit = half;
        while ((mirrored & bit) !== 0) bit >>= 1;
        mirrored = (mirrored & (bit - 1)) | bit;
      }
    }
    this.#firstLonger = code << 1;
    this.#firstPlace = place;
    for (; code < entries.length; code++) {
      entries[mirrored] = longerCode | code;
      let bit = half >> 1;
      while ((mirrored & bit) !== 0) bit >>= 1;
      mirrored = (mirrored & (bit - 1)) | bit;
    }
  }
}
