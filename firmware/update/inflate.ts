/**
 * Unpacks raw deflate (RFC 1951) a piece at a time, with matches that reach 2,048 bytes back. It is made for an engine on
 * which a step takes half a microsecond and a native copy next to nothing: bits are taken 16 at a time, a symbol is one
 * look into a table, and whatever is copied is copied by the engine.
 */
import { HuffmanTable, highSymbol, longerCode } from "./huffman-table";

/** Furthest that a match reaches back, bytes. */
export const windowLength = 2_048;
/** Bytes that are unpacked in one go before it is asked whether there is room for more. */
const goLength = 128;
/** What comes beyond that at most: symbols of a bit each, as many as there are bits, and a match. */
const beyond = 30 + 258;
/** Behind the last unpacked byte so many more can be read, whatever they are. */
const slack = 28;
/** Most blocks: each can have a head that takes time and makes nothing. */
const mostBlocks = 32;

const endOfBlock = 256;
const mostSymbols = 286;
const mostDistances = 30;

// Where all of it lies in one memory. First numbers of 16 bits, by their indexes: the entries of the symbols' table are
// found by the next bits alone.
const symbolBits = 9;
const symbolMask = (1 << symbolBits) - 1;
const distanceBits = 6;
const distanceMask = (1 << distanceBits) - 1;
const distanceEntries = 1 << symbolBits;
const tableRest = distanceEntries + (1 << distanceBits);
const symbolPlace = Object.freeze({
  bits: symbolBits,
  entries: 0,
  next: tableRest,
  counts: tableRest + 16,
  longer: tableRest + 48,
  sorted: tableRest + 52,
});
const distancePlace = Object.freeze({
  bits: distanceBits,
  entries: distanceEntries,
  next: tableRest,
  counts: tableRest + 32,
  longer: tableRest + 50,
  sorted: tableRest + 52 + 288,
});
/** Words that are fetched in one go. */
const fetchedWords = 64;
const fetchedLength = 2 * fetchedWords;
const firstWord = tableRest + 52 + 288 + 32;
const wordsEnd = firstWord + fetchedWords;
// Then bytes: the window, what is unpacked, and room for it.
const windowStart = 2 * wordsEnd;
/** Where it is asked whether there is more to be unpacked. */
const limit = windowStart + windowLength + goLength;
/** Bytes of memory that it takes. */
export const inflateMemory = limit + beyond + slack;
/** Where the lengths of a block's codes are read to: at a block's beginning nothing is behind the limit. */
const lengthsStart = limit;

/** In which order the lengths of the codes for code lengths come (RFC 1951, section 3.2.7). */
const lengthOrder = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);

/** Lengths of matches, and their extra bits, by symbol from 257 on, behind the end's (RFC 1951, section 3.2.5). */
const lengthBases = Uint16Array.of(
  ...[
    0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
    195,
  ],
  ...[227, 258],
);
const lengthExtras = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
/** Distances within the window, likewise. */
const distanceBases = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537],
);
const distanceExtras = Uint8Array.of(0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9);

/**
 * Why bytes do not unpack: they end too early, or go on behind the end; a block of no known kind, or more blocks than
 * anybody has a use for; lengths that make no code; bits that are no code; a match that begins outside of the window, or
 * before the first byte.
 */
export type InflateFault =
  | "packed-too-short"
  | "packed-too-long"
  | "bad-block"
  | "too-many-blocks"
  | "bad-lengths"
  | "bad-code"
  | "bad-distance";

/** Where packed bytes come from. What it throws comes out of `fill`. */
export interface PackedSource {
  /** Fills `buffer` with packed bytes from `offset` on. */
  readPacked(buffer: Uint8Array, offset: number): void;
}

/** Unpacks one stream after the other, with the same memory. */
export class Inflate {
  /** What is unpacked lies in it from `taken` to `made`; 28 bytes more can be read, but are nothing. */
  readonly bytes: Uint8Array;
  /** The next byte that is wanted; whoever takes bytes moves it on. */
  taken = windowStart;
  made = windowStart;
  /** All is unpacked. */
  ended = false;

  readonly #source: PackedSource;
  /** The same memory as numbers of 16 bits. */
  readonly #halves: Uint16Array;
  readonly #symbols: HuffmanTable;
  readonly #distances: HuffmanTable;
  /** The tables are those of a block with fixed codes. */
  #fixed = false;
  #packedLength = 0;
  /** Where the words behind those that are fetched begin. */
  #offset = 0;
  #word = wordsEnd;
  /** Bits that were taken from the words, the next one lowest, and how many: 30 at most. */
  #bits = 0;
  #count = 0;
  #blocks = 0;
  #last = false;
  #block: "none" | "stored" | "packed" = "none";
  /** Bytes of a stored block that are still to be copied. */
  #left = 0;

  /** @param memory of which the first `inflateMemory` bytes are this one's; an even number of bytes */
  constructor(memory: ArrayBuffer, source: PackedSource) {
    this.bytes = new Uint8Array(memory);
    this.#halves = new Uint16Array(memory);
    this.#source = source;
    this.#symbols = new HuffmanTable(this.#halves, symbolPlace);
    this.#distances = new HuffmanTable(this.#halves, distancePlace);
  }

  /** Begins with a stream of so many bytes. */
  begin(packedLength: number): void {
    this.taken = this.made = windowStart;
    this.ended = false;
    this.#packedLength = packedLength;
    this.seek(0);
    this.#blocks = 0;
    this.#last = false;
    this.#block = "none";
    this.#left = 0;
  }

  /**
   * Unpacks some 128 bytes more, or all that are left. What has been taken may go, and what has not may lie elsewhere
   * in `bytes` afterwards; it is 28 bytes at most.
   *
   * @returns why it cannot; a stream that had a fault makes no more sense
   */
  fill(): InflateFault | undefined {
    if (this.made >= limit) this.slide();
    while (this.made < limit && !this.ended) {
      let fault: InflateFault | undefined;
      if (this.#block === "packed") fault = this.unpack();
      else if (this.#block === "stored") fault = this.copyStored();
      else if (this.#last) fault = this.end();
      else fault = this.beginBlock();
      if (fault !== undefined) return fault;
    }
    // Behind the end there are zeros, which may be codes.
    return this.position > this.#packedLength ? "packed-too-short" : undefined;
  }

  /** Makes room: only the window stays, and what has not been taken. */
  private slide(): void {
    const from = Math.min(this.taken, this.made - windowLength);
    this.bytes.copyWithin(windowStart, from, this.made);
    this.taken -= from - windowStart;
    this.made -= from - windowStart;
  }

  /** Packed bytes that are used up, those with a bit that is used among them. */
  private get position(): number {
    return this.#offset - 2 * (wordsEnd - this.#word) - (this.#count >> 3);
  }

  /** Goes on at a byte. */
  private seek(offset: number): void {
    this.#offset = offset;
    this.#word = wordsEnd;
    this.#bits = this.#count = 0;
  }

  /** Fetches the next words; behind the end they are zeros. */
  private fetch(): void {
    const length = Math.min(fetchedLength, this.#packedLength - this.#offset);
    const start = 2 * firstWord;
    if (length < fetchedLength) this.#halves.fill(0, firstWord, wordsEnd);
    if (length > 0) this.#source.readPacked(this.bytes.subarray(start, start + length), this.#offset);
    this.#offset += fetchedLength;
  }

  /** The next bits as a number, 14 at most. */
  private take(bits: number): number {
    if (this.#count < bits) {
      this.#bits |= this.nextWord() << this.#count;
      this.#count += 16;
    }
    const value = this.#bits & ((1 << bits) - 1);
    this.#bits >>= bits;
    this.#count -= bits;
    return value;
  }

  private end(): InflateFault | undefined {
    if (this.position < this.#packedLength) return "packed-too-long";
    this.ended = true;
    return undefined;
  }

  private beginBlock(): InflateFault | undefined {
    this.#blocks += 1;
    if (this.#blocks > mostBlocks) return "too-many-blocks";
    this.#last = this.take(1) === 1;
    const kind = this.take(2);
    if (kind === 0) return this.beginStored();
    if (kind === 3) return "bad-block";
    this.#block = "packed";
    if (kind === 2) return this.readCodes();
    if (!this.#fixed) this.makeFixedCodes();
    return undefined;
  }

  private beginStored(): InflateFault | undefined {
    this.take(this.#count & 7);
    const length = this.take(8) | (this.take(8) << 8);
    if ((this.take(8) | (this.take(8) << 8)) !== (length ^ 0xffff)) return "bad-block";
    this.seek(this.position);
    this.#block = "stored";
    this.#left = length;
    return undefined;
  }

  private copyStored(): InflateFault | undefined {
    const length = Math.min(this.#left, limit - this.made);
    if (this.#offset + length > this.#packedLength) return "packed-too-short";
    if (length > 0) {
      this.#source.readPacked(this.bytes.subarray(this.made, this.made + length), this.#offset);
    }
    this.#offset += length;
    this.made += length;
    this.#left -= length;
    if (this.#left === 0) this.#block = "none";
    return undefined;
  }

  /** RFC 1951, section 3.2.6. */
  private makeFixedCodes(): void {
    const { bytes } = this;
    const start = lengthsStart;
    bytes
      .fill(8, start, start + 288)
      .fill(9, start + 144, start + 256)
      .fill(7, start + 256, start + 280);
    this.#symbols.make(bytes, start, start + 288, false);
    this.#distances.make(bytes.fill(5, start, start + 32), start, start + 32, false);
    this.#fixed = true;
  }

  /** RFC 1951, section 3.2.7. */
  private readCodes(): InflateFault | undefined {
    this.#fixed = false;
    const { bytes } = this;
    const start = lengthsStart;
    const symbols = 257 + this.take(5);
    const distances = 1 + this.take(5);
    if (symbols > mostSymbols || distances > mostDistances) return "bad-lengths";
    const coded = 4 + this.take(4);
    bytes.fill(0, start, start + lengthOrder.length);
    for (let i = 0; i < coded; i++) bytes[start + lengthOrder[i]] = this.take(3);
    if (!this.#distances.make(bytes, start, start + lengthOrder.length, false)) return "bad-lengths";
    const behind = start + symbols;
    const end = behind + distances;
    if (!this.readLengths(start, end) || bytes[start + endOfBlock] === 0) return "bad-lengths";
    const sound =
      this.#symbols.make(bytes, start, behind, true) && this.#distances.make(bytes, behind, end, true);
    return sound ? undefined : "bad-lengths";
  }

  /** The lengths of codes from one place to another, in the code that the table of the distances has for now. */
  private readLengths(start: number, total: number): boolean {
    const lengths = this.bytes;
    const halves = this.#halves;
    let bits = this.#bits;
    let count = this.#count;
    let previous = 0;
    let symbol = 0;
    let used = 0;
    let end = 0;
    for (let i = start; i < total;) {
      // A code of 7 bits and 7 more.
      if (count < 14) {
        bits |= this.nextWord() << count;
        count += 16;
      }
      symbol = halves[distanceEntries + (bits & distanceMask)];
      if (symbol >= longerCode) symbol = this.#distances.longer(symbol, bits >> distanceBits);
      used = symbol >> 8;
      bits >>= used;
      count -= used;
      symbol &= 0xff;
      if (symbol < 16) {
        lengths[i] = previous = symbol;
        i += 1;
      } else {
        if (symbol === 16 && i === start) return false;
        if (symbol > 16) previous = 0;
        used = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
        end = i + (symbol === 18 ? 11 : 3) + (bits & ((1 << used) - 1));
        bits >>= used;
        count -= used;
        if (end > total) return false;
        lengths.fill(previous, i, end);
        i = end;
      }
    }
    this.#bits = bits;
    this.#count = count;
    return true;
  }

  private nextWord(): number {
    if (this.#word === wordsEnd) {
      this.fetch();
      this.#word = firstWord;
    }
    const word = this.#halves[this.#word];
    this.#word += 1;
    return word;
  }

  /** Goes on in a block until it ends, or there is no more room. */
  private unpack(): InflateFault | undefined {
    const { bytes } = this;
    const halves = this.#halves;
    let word = this.#word;
    let bits = this.#bits;
    let count = this.#count;
    let made = this.made;
    let entry = 0;
    let used = 0;
    let length = 0;
    let distance = 0;
    let fault: InflateFault | undefined;
    for (;;) {
      // For each of a match's four parts, as for a literal, there are 15 bits at least.
      if (count < 15) {
        if (made >= limit) break;
        if (word === wordsEnd) {
          this.fetch();
          word = firstWord;
        }
        bits |= halves[word] << count;
        word += 1;
        count += 16;
      }
      entry = halves[bits & symbolMask];
      if (entry < highSymbol) {
        used = entry >> 8;
        bits >>= used;
        count -= used;
        bytes[made] = entry;
        made += 1;
        continue;
      }
      if (entry >= longerCode) {
        entry = this.#symbols.longer(entry, bits >> symbolBits);
        if (entry === longerCode) {
          fault = "bad-code";
          break;
        }
      }
      used = (entry >> 8) & 15;
      bits >>= used;
      count -= used;
      if (entry < highSymbol) {
        bytes[made] = entry;
        made += 1;
        continue;
      }
      entry &= 0xff;
      if (entry === 0) {
        this.#block = "none";
        break;
      }
      if (entry >= lengthBases.length) {
        fault = "bad-code";
        break;
      }
      if (count < 15) {
        if (word === wordsEnd) {
          this.fetch();
          word = firstWord;
        }
        bits |= halves[word] << count;
        word += 1;
        count += 16;
      }
      length = lengthBases[entry];
      if (length > 10) {
        used = lengthExtras[entry];
        length += bits & ((1 << used) - 1);
        bits >>= used;
        count -= used;
        if (count < 15) {
          if (word === wordsEnd) {
            this.fetch();
            word = firstWord;
          }
          bits |= halves[word] << count;
          word += 1;
          count += 16;
        }
      }
      entry = halves[distanceEntries + (bits & distanceMask)];
      if (entry >= longerCode) {
        entry = this.#distances.longer(entry, bits >> distanceBits);
        if (entry === longerCode) {
          fault = "bad-code";
          break;
        }
      }
      used = entry >> 8;
      bits >>= used;
      count -= used;
      entry &= 0xff;
      if (entry >= distanceBases.length) {
        fault = "bad-distance";
        break;
      }
      distance = distanceBases[entry];
      if (distance > 4) {
        if (count < 15) {
          if (word === wordsEnd) {
            this.fetch();
            word = firstWord;
          }
          bits |= halves[word] << count;
          word += 1;
          count += 16;
        }
        used = distanceExtras[entry];
        distance += bits & ((1 << used) - 1);
        bits >>= used;
        count -= used;
      }
      if (distance > made - windowStart) {
        fault = "bad-distance";
        break;
      }
      if (distance >= length) bytes.copyWithin(made, made - distance, made - distance + length);
      else this.repeat(made, distance, length);
      made += length;
      // A match takes words of its own, so that the next symbol may not have to.
      if (made >= limit) break;
    }
    this.#word = word;
    this.#bits = bits;
    this.#count = count;
    this.made = made;
    return fault;
  }

  /** Copies a match that overlaps itself: what has been copied is copied again, together with what was before. */
  private repeat(made: number, distance: number, length: number): void {
    const { bytes } = this;
    if (distance === 1) {
      bytes.fill(bytes[made - 1], made, made + length);
      return;
    }
    const from = made - distance;
    const end = made + length;
    for (let at = made; at < end; at += at - from) bytes.copyWithin(at, from, Math.min(at, from + end - at));
  }
}
