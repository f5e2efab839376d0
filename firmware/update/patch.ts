/** Makes a stretch of the image from a chunk of a package. */

/** Where a chunk's bytes come from and go to. What they throw comes out of `ChunkDecoder.step`. */
export interface ChunkPlaces {
  /** Fills `buffer` with what is packed in the chunk, from `offset` behind the chunk's head on. */
  readPacked(buffer: Uint8Array, offset: number): void;
  /** Fills `buffer` with the base's bytes from `offset` on. */
  readBase(buffer: Uint8Array, offset: number): void;
  /**
   * Takes the image's next bytes, 1,024 at most, one after the other from the chunk's own offset on; none of them lies
   * over the end of a 1,024-byte piece of the image. The array is used again once this has returned.
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

/** Why a chunk is none. */
export type PatchFault = "unfinished";

/** Makes the image's bytes from chunks, one after the other, a slice at a time. */
export class ChunkDecoder {
  constructor(places: ChunkPlaces) {
    void places;
  }

  /** Begins with a chunk. */
  begin(work: ChunkWork): void {
    void work;
  }

  /** Goes on until so many bytes are written, or the chunk is at its end. */
  step(mostOutput: number): "more" | "done" | PatchFault {
    void mostOutput;
    return "unfinished";
  }
}
