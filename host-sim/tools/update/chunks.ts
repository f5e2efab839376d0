/**
 * The chunks of a package, of which each makes a stretch of the image by itself: as long as what is packed fits into a
 * chunk, and ending where a sector does, so that the device erases each sector once.
 */
import { deflateRawSync } from "node:zlib";
import { chunkHeadLength, longestChunk, longestOutput, outputUnit } from "../../../firmware/update/package";
import { instructions } from "./instructions";
import type { Stretch } from "./difference";

/** What makes a stretch of the image. */
export interface Chunk {
  /** Where the stretch begins and ends in the image. */
  readonly start: number;
  readonly end: number;
  readonly packed: Uint8Array;
}

/** The stretch that a whole image is, which is like nothing. */
export function wholly(image: Uint8Array): readonly Stretch[] {
  return [{ at: 0, base: 0, alike: 0, extra: image.length }];
}

/** Base-2 logarithm of the window that the device unpacks with. */
const windowBits = 11;
const room = longestChunk - chunkHeadLength;

/** Packs the whole image, made of the base by these stretches. */
export function packedChunks(
  base: Uint8Array,
  image: Uint8Array,
  stretches: readonly Stretch[],
): readonly Chunk[] {
  const chunks: Chunk[] = [];
  const most = longestOutput / outputUnit;
  // Neighbours are alike: the search begins with as many sectors as the one before took.
  let sectors = most;
  for (let start = 0; start < image.length;) {
    const left = Math.ceil((image.length - start) / outputUnit);
    const attempt = (count: number): Chunk | undefined => {
      const end = Math.min(image.length, start + count * outputUnit);
      const guessing = pack(instructions(base, image, stretches, start, end, true));
      if (guessing.length <= room) return { start, end, packed: guessing };
      const packed = pack(instructions(base, image, stretches, start, end, false));
      return packed.length <= room ? { start, end, packed } : undefined;
    };
    const chunk = longestThatFits(Math.min(sectors, left), Math.min(most, left), attempt);
    // A sector fits whatever is in it: bytes that do not pack take as many, and a few more.
    if (chunk === undefined) throw new RangeError(`the sector at ${start} does not fit into a chunk`);
    const { end, packed } = chunk.value;
    // How the records of both ways pack is not known before: where guesses are as good as chance, they are noise.
    const plain = pack(instructions(base, image, stretches, start, end, false));
    chunks.push({ start, end, packed: plain.length <= packed.length ? plain : packed });
    sectors = chunk.count;
    start = end;
  }
  return chunks;
}

/** The most that `attempt` takes, found with few attempts where it is near `likely`. */
function longestThatFits<T>(
  likely: number,
  most: number,
  attempt: (count: number) => T | undefined,
): { readonly count: number; readonly value: T } | undefined {
  let best: { readonly count: number; readonly value: T } | undefined;
  let tooMany = most + 1;
  let count = likely;
  for (let stride = 1; ; stride *= 2) {
    const value = attempt(count);
    if (value === undefined) tooMany = count;
    else best = { count, value };
    const fits = best?.count ?? 0;
    if (fits + 1 >= tooMany) return best;
    // Away from the likely count with ever longer strides, until it is between two; then by halves.
    if (best === undefined) count = Math.max(1, count - stride);
    else if (tooMany > most) count = Math.min(most, count + stride);
    else count = (fits + tooMany) >>> 1;
  }
}

/** Packs as tightly as zlib does for this decoder. */
function pack(bytes: Uint8Array): Uint8Array {
  const packed = deflateRawSync(bytes, { level: 9, windowBits, memLevel: 9 });
  return packed.length > storedLength(bytes) ? stored(bytes) : packed;
}

/** Longest block that is stored as it is, and what stands before one, bytes (RFC 1951 section 3.2.4). */
const longestStored = 0xffff;
const storedHead = 5;

function storedLength({ length }: Uint8Array): number {
  return length + storedHead * Math.ceil(length / longestStored);
}

/** Bytes that do not pack; zlib would take more for them, since it stores no more at once than its window has. */
function stored(bytes: Uint8Array): Uint8Array {
  const blocks = Buffer.alloc(storedLength(bytes));
  for (let from = 0, at = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + longestStored);
    blocks[at] = to === bytes.length ? 1 : 0;
    blocks.writeUInt16LE(to - from, at + 1);
    blocks.writeUInt16LE(~(to - from) & 0xffff, at + 3);
    blocks.set(bytes.subarray(from, to), at + storedHead);
    at += storedHead + to - from;
    from = to;
  }
  return blocks;
}
