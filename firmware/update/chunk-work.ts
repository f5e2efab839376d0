/**
 * One chunk of an update from the staging to the other slot: its digest is compared before anything of it is used, each
 * sector is erased before the first byte of it is written, and what is written is read back. It can be begun again at
 * any time: the base never changes, and the chunk stays where it is until it is done.
 */
import { CheckedFlash } from "../journal/checked-flash";
import { blank } from "../journal/flash";
import { chunkHeadLength, longestChunk, readChunkHead } from "./package";
import { ChunkDecoder } from "./patch";
import { ReadableFlash, SliceDigest, startsWith } from "./slice-digest";
import type { Sha256 } from "../enos/sign";
import type { ChunkFault, ChunkHead } from "./package";
import type { ChunkPlaces } from "./patch";
import type { Slots } from "./slots";
import type { Staging } from "./staging";
import type { UpdateState } from "./update-state";

/** What a chunk is made from and into. */
export interface ChunkWorkParts {
  readonly staging: Staging;
  readonly slots: Slots;
  /** Bytes of a sector of the other slot, which is erased at once. */
  readonly sector: number;
  /** 256 bytes for what is read back. */
  readonly back: Uint8Array;
  readonly newSha256: () => Sha256;
}

/**
 * Why a chunk was not applied: its digest is another one, its bytes, the base or the slot cannot be read or written, or
 * the decoder's own reason.
 */
export type ChunkTrouble = "digest" | "staging" | "base" | "slot" | string;

/** The chunk under way. Nothing of it throws. */
export class ChunkWork implements ChunkPlaces {
  readonly #staging: Staging;
  readonly #newSha256: () => Sha256;
  readonly #base: ReadableFlash;
  readonly #slot: CheckedFlash;
  readonly #sector: number;
  readonly #decoder: ChunkDecoder;
  /** Where the chunk begins in the file. */
  #from = 0;
  #trouble: ChunkTrouble | undefined;
  /** The chunk's head, as it was when its digest was compared. */
  readonly #head = new Uint8Array(chunkHeadLength);

  constructor({ staging, slots, sector, back, newSha256 }: ChunkWorkParts) {
    this.#staging = staging;
    this.#newSha256 = newSha256;
    this.#base = new ReadableFlash(slots.running);
    this.#slot = new CheckedFlash(slots.other, back);
    this.#sector = sector;
    this.#decoder = new ChunkDecoder(this);
  }

  /**
   * Checks the chunk that is there.
   *
   * @param baseLength bytes of the running image that it may use
   * @returns what its head says, or why it is not applied
   */
  begin(state: UpdateState, baseLength: number): ChunkHead | ChunkTrouble {
    const staging = this.#staging;
    this.#trouble = undefined;
    this.#from = state.from;
    const digest = new SliceDigest(this.#newSha256(), staging, state.from, state.chunkLength);
    const found = digest.step(longestChunk);
    if (found === "unreadable" || found === undefined) return "staging";
    if (!startsWith(found, state.chunkDigest)) return "digest";
    if (!staging.read(this.#head, state.from)) return "staging";
    const { head } = this;
    if (typeof head === "string") return head;
    this.#decoder.begin({
      packedLength: state.chunkLength - chunkHeadLength,
      outputLength: head.outputLength,
      imageOffset: state.imageOffset,
      baseLength,
    });
    return head;
  }

  /** What the head of the chunk says. */
  get head(): ChunkHead | ChunkFault {
    return readChunkHead(this.#head);
  }

  /** Makes one sector of the image. */
  step(): "more" | "done" | ChunkTrouble {
    const step = this.#decoder.step(this.#sector);
    return this.#trouble ?? step;
  }

  /** For the decoder, as the two below. What it cannot have it gets as it was, and the chunk is given up. */
  readPacked(buffer: Uint8Array, offset: number): void {
    if (!this.#staging.read(buffer, this.#from + chunkHeadLength + offset)) this.#trouble ??= "staging";
  }

  readBase(buffer: Uint8Array, offset: number): void {
    if (!this.#base.read(buffer, offset)) this.#trouble ??= "base";
  }

  write(bytes: Uint8Array, offset: number): void {
    if (this.#trouble !== undefined) return;
    const within = offset % this.#sector;
    if (within === 0 && !this.#slot.erase(offset / this.#sector, this.#sector)) this.#trouble = "slot";
    let written = bytes;
    // The image's last bytes.
    if ((bytes.length & 3) !== 0) {
      written = new Uint8Array((bytes.length + 3) & ~3).fill(blank);
      written.set(bytes);
    }
    if (!this.#slot.write(written, offset)) this.#trouble ??= "slot";
  }
}
