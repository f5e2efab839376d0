/**
 * Makes a stretch of the image from a chunk of a package: what is packed are records, each of which takes bytes from
 * the base, corrects them, and then puts in bytes that the base does not have (bsdiff's three streams, interleaved;
 * docs/update-format.md).
 *
 *     2 * corrections + moved | extra bytes | seek | corrections in runs | the extra bytes       numbers in groups of 7 bits
 *     corrections: zeros | others | the others' bytes | zeros | others | …
 *
 * The image is put together in a piece of memory at a time. What the base has is read into it, a run of zeros is passed
 * over, and four corrections at once are added to the rest. So an unchanged stretch takes no step for each byte.
 */
import { highBits, lowBits } from "./byte-sums";
import { Inflate, inflateMemory } from "./inflate";
import { correctMovedWords, forgetMoves, movedWordsMemory } from "./moved-words";
import type { InflateFault, PackedSource } from "./inflate";

/** Where a chunk's bytes come from and go to. What they throw comes out of `ChunkDecoder.step`. */
export interface ChunkPlaces extends PackedSource {
  /** Fills `buffer` with what is packed in the chunk, from `offset` behind the chunk's head on. */
  readPacked(buffer: Uint8Array, offset: number): void;
  /** Fills `buffer` with the base's bytes from `offset` on; asked for nothing that the base does not have. */
  readBase(buffer: Uint8Array, offset: number): void;
  /**
   * Takes the image's next bytes, one after the other from the chunk's own offset on. They are 512, but for the last
   * ones of a chunk. The array is used again once this has returned.
   */
  write(bytes: Uint8Array, imageOffset: number): void;
}

/** One chunk. */
export interface ChunkWork {
  /** Bytes of it behind its head. */
  readonly packedLength: number;
  /** Bytes that it makes. */
  readonly outputLength: number;
  /** Where in the image they begin: what all chunks before it make; a multiple of 4. */
  readonly imageOffset: number;
  /** Bytes of the base; 0 for a whole image. */
  readonly baseLength: number;
}

/**
 * Why a chunk makes no stretch of an image, besides what does not unpack: a number of more than 28 bits, a record or a
 * run of nothing, runs beyond the corrections that they are of, bytes that the base does not have; what is unpacked
 * ends before the output does, or behind it.
 */
export type PatchFault =
  | InflateFault
  | "bad-number"
  | "empty-record"
  | "bad-run"
  | "outside-base"
  | "output-too-short"
  | "output-too-long";

/** Bytes of the image that are put together at once; whole words of it. */
export const pieceLength = 512;
/** So many unpacked bytes, if there are any, lie together: the numbers at the head of a record. */
const together = 12;
/** Corrections other than zero that are there together with the two numbers in front of them. */
const shortRun = 8;
/** Corrections that are added word by word, at least. */
const fewestInWords = 24;

// Where all of it lies in one memory: behind what inflate has, in whole words.
const pieceStart = (inflateMemory + 3) & ~3;
/** Corrections of the piece's bytes, at the same places from here on. */
const correctionsStart = pieceStart + pieceLength;
const toCorrections = correctionsStart - pieceStart;
const learntStart = correctionsStart + pieceLength + 4;
const learntAt = learntStart >> 2;
const memoryLength = learntStart + movedWordsMemory;

/** Makes bytes of the image from chunks, one after the other, a slice at a time. All of its memory is in it. */
export class ChunkDecoder {
  readonly #places: ChunkPlaces;
  readonly #inflate: Inflate;
  /** All of the memory, as words. */
  readonly #words: Int32Array;
  #baseLength = 0;
  /** Where in the image the chunk's bytes go on, and end. */
  #made = 0;
  #end = 0;
  /** Where in the base the next corrections belong. */
  #position = 0;
  /** Bytes of the record that are still to be made: of the base, whose words may have moved, and extra ones. */
  #corrected = 0;
  #isMoved = false;
  #extra = 0;
  /** What is left of a run of zeros and of the others behind it. */
  #zeros = 0;
  #others = 0;

  constructor(places: ChunkPlaces) {
    this.#places = places;
    const memory = new ArrayBuffer(memoryLength);
    this.#words = new Int32Array(memory);
    this.#inflate = new Inflate(memory, places);
  }

  /** Begins with a chunk, whatever has become of the one before. */
  begin(work: ChunkWork): void {
    this.#inflate.begin(work.packedLength);
    forgetMoves(this.#words, learntAt);
    this.#baseLength = work.baseLength;
    this.#position = this.#made = work.imageOffset;
    this.#end = work.imageOffset + work.outputLength;
    this.#corrected = this.#extra = this.#zeros = this.#others = 0;
  }

  /**
   * Goes on until so many bytes more are written, rounded up to whole pieces of 512, or the chunk is at its end.
   *
   * @param mostOutput 1 or more
   * @returns "done" once all of the chunk's output is written and nothing of the chunk is left; a fault, after which
   * the chunk may only be begun again
   */
  step(mostOutput: number): "more" | "done" | PatchFault {
    const stop = Math.min(this.#made + mostOutput, this.#end);
    while (this.#made < stop) {
      const fault = this.makePiece();
      if (fault !== undefined) return fault;
    }
    return this.#made < this.#end ? "more" : (this.end() ?? "done");
  }

  /** Nothing may be behind the output. */
  private end(): PatchFault | undefined {
    const inflate = this.#inflate;
    const fault = this.supply();
    if (fault !== undefined) return fault;
    return inflate.taken < inflate.made ? "output-too-long" : undefined;
  }

  private makePiece(): PatchFault | undefined {
    const { bytes } = this.#inflate;
    const length = Math.min(pieceLength, this.#end - this.#made);
    const end = pieceStart + length;
    for (let at = pieceStart; at < end;) {
      let fault: PatchFault | undefined;
      if (this.#corrected > 0) {
        const stop = Math.min(at + this.#corrected, end);
        this.#places.readBase(bytes.subarray(at, stop), this.#position);
        fault = this.#isMoved ? this.correctMoved(at, stop) : this.correct(at, stop);
        this.#position += stop - at;
        this.#corrected -= stop - at;
        at = stop;
      } else if (this.#extra > 0) {
        const stop = this.putExtra(at, end);
        if (typeof stop === "string") fault = stop;
        else at = stop;
      } else fault = this.beginRecord(this.#end - this.#made - (at - pieceStart));
      if (fault !== undefined) return fault;
    }
    this.#places.write(bytes.subarray(pieceStart, end), this.#made);
    this.#made += length;
    return undefined;
  }

  /** @param most bytes that the record may make */
  private beginRecord(most: number): PatchFault | undefined {
    const fault = this.supply();
    if (fault !== undefined) return fault;
    const kind = this.readNumber();
    const extra = this.readNumber();
    const seek = this.readNumber();
    if (kind < 0 || extra < 0 || seek < 0) return "bad-number";
    if (this.#inflate.taken > this.#inflate.made) return "output-too-short";
    const corrected = kind >> 1;
    if (corrected + extra === 0) return "empty-record";
    if (corrected + extra > most) return "output-too-long";
    this.#position += (seek & 1) === 0 ? seek >> 1 : -(seek >> 1) - 1;
    const outside = this.#position < 0 || this.#position + corrected > this.#baseLength;
    if (corrected > 0 && outside) return "outside-base";
    this.#corrected = corrected;
    this.#isMoved = (kind & 1) === 1;
    this.#extra = extra;
    this.#zeros = this.#others = 0;
    return undefined;
  }

  /** Puts extra bytes into the piece. @returns where they end */
  private putExtra(at: number, end: number): number | PatchFault {
    const fault = this.supply();
    if (fault !== undefined) return fault;
    const inflate = this.#inflate;
    const { taken } = inflate;
    const length = Math.min(this.#extra, end - at, inflate.made - taken);
    if (length === 0) return "output-too-short";
    inflate.bytes.copyWithin(at, taken, taken + length);
    inflate.taken = taken + length;
    this.#extra -= length;
    return at + length;
  }

  /** Corrects bytes of the piece in which words have moved: those that lie wholly in it are guessed. */
  private correctMoved(at: number, end: number): PatchFault | undefined {
    const { bytes } = this.#inflate;
    bytes.fill(0, at + toCorrections, end + toCorrections);
    const fault = this.correct(at + toCorrections, end + toCorrections);
    if (fault !== undefined) return fault;
    // A word lies in one piece, so that what is cut here is cut by the record.
    const first = Math.min((at + 3) & ~3, end);
    const last = Math.max(end & ~3, first);
    for (let i = at; i < first; i += 1) bytes[i] += bytes[i + toCorrections];
    correctMovedWords(this.#words, learntAt, first >> 2, last >> 2, toCorrections >> 2);
    for (let i = last; i < end; i += 1) bytes[i] += bytes[i + toCorrections];
    return undefined;
  }

  /** Adds the record's next corrections to bytes of the piece, or puts them in their own place, where there are zeros. */
  private correct(at: number, end: number): PatchFault | undefined {
    const inflate = this.#inflate;
    const { bytes } = inflate;
    const recordEnd = at + this.#corrected;
    let zeros = this.#zeros;
    let others = this.#others;
    let { taken, made } = inflate;
    let last = 0;
    at += zeros;
    for (;;) {
      // Where a run goes on in the next piece, what is left of it is behind the end.
      while (others > 0 && at < end) {
        if (taken >= made) {
          inflate.taken = taken;
          const fault = this.supply();
          if (fault !== undefined) return fault;
          ({ taken, made } = inflate);
          if (taken >= made) return "output-too-short";
        }
        let length = others;
        if (length > made - taken) length = made - taken;
        if (length > end - at) length = end - at;
        if (length < fewestInWords) {
          for (last = at + length; at < last; at += 1) {
            bytes[at] += bytes[taken];
            taken += 1;
          }
        } else {
          if (at < correctionsStart) this.addInWords(at, taken, length);
          else bytes.copyWithin(at, taken, taken + length);
          at += length;
          taken += length;
        }
        others -= length;
      }
      if (at >= end) break;
      if (made - taken < together) {
        if (taken > made) return "output-too-short";
        inflate.taken = taken;
        const fault = this.supply();
        if (fault !== undefined) return fault;
        ({ taken, made } = inflate);
      }
      zeros = bytes[taken];
      others = bytes[taken + 1];
      // Nearly every run is a short one: one that is all here needs none of the other questions.
      if (others <= shortRun && others > 0 && zeros < 0x80 && at + zeros + others <= end) {
        at += zeros;
        last = at + others;
        taken += 2;
        do {
          bytes[at] += bytes[taken];
          at += 1;
          taken += 1;
        } while (at < last);
        others = 0;
        continue;
      }
      if (zeros < 0x80 && others < 0x80) taken += 2;
      else {
        inflate.taken = taken;
        zeros = this.readNumber();
        others = this.readNumber();
        if (zeros < 0 || others < 0) return "bad-number";
        ({ taken } = inflate);
      }
      if (zeros === 0 && others === 0) return "bad-run";
      at += zeros;
      if (at + others > end && at + others > recordEnd) return "bad-run";
    }
    if (taken > made) return "output-too-short";
    inflate.taken = taken;
    this.#zeros = at - end;
    this.#others = others;
    return undefined;
  }

  /** Adds unpacked bytes to those of the piece, four of them at a time. */
  private addInWords(at: number, taken: number, length: number): void {
    const words = this.#words;
    const first = correctionsStart + (at & 3);
    const last = (first + length - 1) >> 2;
    let from = correctionsStart >> 2;
    // Before and behind them there is nothing to be added.
    words[from] = words[last] = 0;
    this.#inflate.bytes.copyWithin(first, taken, taken + length);
    let correction = 0;
    let word = 0;
    for (let to = at >> 2; from <= last; from += 1) {
      correction = words[from];
      if (correction !== 0) {
        word = words[to];
        // As addBytes does it, without a call for each.
        words[to] = ((word & lowBits) + (correction & lowBits)) ^ ((word ^ correction) & highBits);
      }
      to += 1;
    }
  }

  /** As many unpacked bytes as the head of a record has, or all that are left. */
  private supply(): PatchFault | undefined {
    const inflate = this.#inflate;
    return inflate.made - inflate.taken < together && !inflate.ended ? inflate.fill() : undefined;
  }

  /** A number in groups of 7 bits, the lowest first; -1 where it has more than four. */
  private readNumber(): number {
    const inflate = this.#inflate;
    const { bytes } = inflate;
    let { taken } = inflate;
    let byte = bytes[taken++];
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift === 28) return -1;
      byte = bytes[taken++];
      value |= (byte & 0x7f) << shift;
    }
    inflate.taken = taken;
    return value;
  }
}
