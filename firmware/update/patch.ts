/**
 * Makes a stretch of the image from a chunk of a package: what is packed are records, each of which takes bytes from
 * the base, adds differences to them, and then puts in bytes that the base does not have (bsdiff's three streams,
 * interleaved; docs/update-format.md).
 *
 *     difference length | extra length | seek | differences in runs | extra bytes       numbers in groups of 7 bits
 *     differences: zeros | others | the others' bytes | zeros | others | …
 *
 * The image is put together in a piece of memory at a time. What the base has is read into it, and a run of zeros is
 * passed over; four differences at once are added to the rest. So an unchanged stretch takes no step for each byte.
 */
import { Inflate } from "./inflate";
import type { InflateFault } from "./inflate";

/** Where a chunk's bytes come from and go to. What they throw comes out of `ChunkDecoder.step`. */
export interface ChunkPlaces {
  /** Fills `buffer` with what is packed in the chunk, from `offset` behind the chunk's head on. */
  readPacked(buffer: Uint8Array, offset: number): void;
  /** Fills `buffer` with the base's bytes from `offset` on; asked for nothing that the base does not have. */
  readBase(buffer: Uint8Array, offset: number): void;
  /**
   * Takes the image's next bytes, one after the other from the chunk's own offset on. They are 1,024, but for the last
   * ones of a chunk; where the chunk's offset is a multiple of that, so is each of theirs. The array is used again once
   * this has returned.
   */
  write(bytes: Uint8Array, imageOffset: number): void;
}

/** One chunk. */
export interface ChunkWork {
  /** Bytes of it behind its head. */
  readonly packedLength: number;
  /** Bytes that it makes. */
  readonly outputLength: number;
  /** Where in the image they begin: what all chunks before it make. */
  readonly imageOffset: number;
  /** Bytes of the base; 0 for a whole image. */
  readonly baseLength: number;
}

/**
 * Why a chunk makes no stretch of an image, besides what does not unpack: a number of more than 28 bits, a record or a
 * run of nothing, runs beyond the differences that they are of, bytes that the base does not have; what is unpacked
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

/** Bytes of the image that are put together at once. */
export const pieceLength = 1_024;
/** So many unpacked bytes, if there are any, lie together: the numbers at the head of a record. */
const together = 12;
/** Differences other than zero that are there together with the two numbers in front of them. */
const shortRun = 8;
/** Differences that are added word by word, at most and at least. */
const mostInWords = 252;
const fewestInWords = 24;
/** Of four bytes in a word, all bits but the highest, and the highest. */
const lowBits = 0x7f7f_7f7f;
const highBits = 0x8080_8080 | 0;

/** Makes bytes of the image from chunks, one after the other, a slice at a time. All of its memory is in it. */
export class ChunkDecoder {
  readonly #places: ChunkPlaces;
  readonly #inflate: Inflate;
  readonly #pieceWords = new Int32Array(pieceLength / 4);
  readonly #piece: Uint8Array = new Uint8Array(this.#pieceWords.buffer);
  readonly #differenceWords = new Int32Array(mostInWords / 4 + 1);
  readonly #differences: Uint8Array = new Uint8Array(this.#differenceWords.buffer);
  #imageOffset = 0;
  #outputLength = 0;
  #baseLength = 0;
  /** Bytes that are made and written. */
  #made = 0;
  /** Where in the base the next difference begins. */
  #position = 0;
  /** Bytes of the record that are still to be made. */
  #difference = 0;
  #extra = 0;
  /** What is left of a run of zeros and of the others behind it. */
  #zeros = 0;
  #others = 0;

  constructor(places: ChunkPlaces) {
    this.#places = places;
    this.#inflate = new Inflate((buffer, offset) => places.readPacked(buffer, offset));
  }

  /** Begins with a chunk, whatever has become of the one before. */
  begin(work: ChunkWork): void {
    this.#inflate.begin(work.packedLength);
    this.#imageOffset = work.imageOffset;
    this.#outputLength = work.outputLength;
    this.#baseLength = work.baseLength;
    this.#position = work.imageOffset;
    this.#made = this.#difference = this.#extra = this.#zeros = this.#others = 0;
  }

  /**
   * Goes on until so many bytes more are written, rounded up to whole pieces of 1,024, or the chunk is at its end.
   *
   * @param mostOutput 1 or more
   * @returns "done" once all of the chunk's output is written and nothing of the chunk is left; a fault, after which
   * the chunk may only be begun again
   */
  step(mostOutput: number): "more" | "done" | PatchFault {
    const stop = Math.min(this.#made + mostOutput, this.#outputLength);
    while (this.#made < stop) {
      const fault = this.makePiece();
      if (fault !== undefined) return fault;
    }
    return this.#made < this.#outputLength ? "more" : (this.end() ?? "done");
  }

  /** Nothing may be behind the output. */
  private end(): PatchFault | undefined {
    const inflate = this.#inflate;
    const fault = this.supply();
    if (fault !== undefined) return fault;
    return inflate.taken < inflate.made ? "output-too-long" : undefined;
  }

  private makePiece(): PatchFault | undefined {
    const piece = this.#piece;
    const end = Math.min(pieceLength, this.#outputLength - this.#made);
    for (let at = 0; at < end;) {
      let fault: PatchFault | undefined;
      if (this.#difference > 0) {
        const length = Math.min(this.#difference, end - at);
        this.#places.readBase(piece.subarray(at, at + length), this.#position);
        fault = this.addDifferences(at, at + length);
        this.#position += length;
        this.#difference -= length;
        at += length;
      } else if (this.#extra > 0) {
        const length = this.putExtra(at, end);
        if (typeof length === "string") fault = length;
        else at += length;
      } else fault = this.beginRecord(this.#outputLength - this.#made - at);
      if (fault !== undefined) return fault;
    }
    this.#places.write(end === pieceLength ? piece : piece.subarray(0, end), this.#imageOffset + this.#made);
    this.#made += end;
    return undefined;
  }

  /** @param most bytes that the record may make */
  private beginRecord(most: number): PatchFault | undefined {
    const fault = this.supply();
    if (fault !== undefined) return fault;
    const difference = this.readNumber();
    const extra = this.readNumber();
    const seek = this.readNumber();
    if (difference < 0 || extra < 0 || seek < 0) return "bad-number";
    if (this.#inflate.taken > this.#inflate.made) return "output-too-short";
    if (difference + extra === 0) return "empty-record";
    if (difference + extra > most) return "output-too-long";
    this.#position += (seek & 1) === 0 ? seek >> 1 : -(seek >> 1) - 1;
    const outside = this.#position < 0 || this.#position + difference > this.#baseLength;
    if (difference > 0 && outside) return "outside-base";
    this.#difference = difference;
    this.#extra = extra;
    this.#zeros = this.#others = 0;
    return undefined;
  }

  /** Puts extra bytes into the piece. @returns how many */
  private putExtra(at: number, end: number): number | PatchFault {
    const fault = this.supply();
    if (fault !== undefined) return fault;
    const inflate = this.#inflate;
    const { taken } = inflate;
    const length = Math.min(this.#extra, end - at, inflate.made - taken);
    if (length === 0) return "output-too-short";
    this.#piece.set(inflate.bytes.subarray(taken, taken + length), at);
    inflate.taken = taken + length;
    this.#extra -= length;
    return length;
  }

  /** Adds the record's next differences to bytes of the piece. */
  private addDifferences(at: number, end: number): PatchFault | undefined {
    const inflate = this.#inflate;
    const { bytes } = inflate;
    const piece = this.#piece;
    const recordEnd = at + this.#difference;
    let zeros = this.#zeros;
    let others = this.#others;
    let { taken, made } = inflate;
    let last = 0;
    at += zeros;
    for (;;) {
      // Where the run goes on in the next piece, what is left of it is behind the end.
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
            piece[at] += bytes[taken];
            taken += 1;
          }
        } else {
          if (length > mostInWords) length = mostInWords;
          this.addInWords(at, taken, length);
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
          piece[at] += bytes[taken];
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
    const words = this.#differenceWords;
    const piece = this.#pieceWords.subarray(at >> 2);
    const first = at & 3;
    const last = (first + length - 1) >> 2;
    // Before and behind them there is nothing to be added.
    words[0] = words[last] = 0;
    this.#differences.set(this.#inflate.bytes.subarray(taken, taken + length), first);
    let difference = 0;
    let word = 0;
    for (let i = 0; i <= last; i += 1) {
      difference = words[i];
      if (difference !== 0) {
        word = piece[i];
        // What the lower bits carry goes into the highest one, and nothing into the next byte.
        piece[i] = ((word & lowBits) + (difference & lowBits)) ^ ((word ^ difference) & highBits);
      }
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
