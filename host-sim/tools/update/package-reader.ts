/**
 * Reads the file of an update as a device does: with the device's own code, chunk by chunk.
 */
import { createHash } from "node:crypto";
import {
  chunkHeadLength,
  headLength,
  readChunkHead,
  readPackageHead,
} from "../../../firmware/update/package";
import { ChunkDecoder } from "../../../firmware/update/patch";
import { digestOf } from "./package-file";
import type { ChunkName, PackageHead } from "../../../firmware/update/package";

/** One chunk of a package. */
interface PackageChunk {
  /** Where it begins in the file, and its bytes with its head. */
  readonly offset: number;
  readonly length: number;
  /** Where in the image its output begins, and the bytes of it. */
  readonly imageOffset: number;
  readonly outputLength: number;
}

/** A package, of which head and chain of chunks are right; who has signed it is not looked at. */
export interface Package {
  readonly head: PackageHead;
  readonly chunks: readonly PackageChunk[];
  readonly bytes: Uint8Array;
}

const headFaults = {
  "head-too-short": `is too short: a package begins with a head of ${headLength} bytes`,
  "no-package": "is no package: it does not begin with EnUp",
  "unknown-format": "is a package of another format than 1: a later version of this project made it",
  "malformed-head": "is no package: its head is malformed",
};

/** Reads a package, or says what is wrong with it. */
export function readPackage(bytes: Uint8Array): Package | { readonly problem: string } {
  const head = readPackageHead(bytes);
  if (typeof head === "string") return { problem: headFaults[head] };
  const end = headLength + head.bodyLength;
  if (bytes.length !== end) return { problem: `has ${bytes.length} bytes, and ${end} by its head` };
  const chunks: PackageChunk[] = [];
  let offset = headLength;
  let imageOffset = 0;
  for (let name: ChunkName | undefined = head.first; name !== undefined;) {
    const which = `chunk ${chunks.length}, at byte ${offset},`;
    if (offset + name.length > end) return { problem: `ends within ${which} of ${name.length} bytes` };
    const chunk = bytes.subarray(offset, offset + name.length);
    if (!digestOf(chunk).equals(name.digest)) {
      return { problem: `is damaged: the digest of ${which} is another` };
    }
    const said = readChunkHead(chunk);
    if (typeof said === "string") return { problem: `is damaged: the head of ${which} is malformed` };
    const { outputLength, next } = said;
    chunks.push({ offset, length: chunk.length, imageOffset, outputLength });
    offset += chunk.length;
    imageOffset += outputLength;
    name = next;
  }
  if (offset !== end) return { problem: `has ${end - offset} bytes behind its last chunk` };
  if (imageOffset !== head.imageLength) {
    return { problem: `makes ${imageOffset} bytes of the image, which has ${head.imageLength} by the head` };
  }
  return { head, chunks, bytes };
}

/**
 * The image that a package makes, or why it makes none.
 *
 * @param base what the device has; for a difference only
 */
export function unpackedImage(
  { head, chunks, bytes }: Package,
  base: Uint8Array | undefined,
): Buffer | { readonly problem: string } {
  const from = head.kind === "difference" ? base : new Uint8Array(0);
  if (from === undefined) return { problem: "is a difference, and makes no image without its base" };
  if (head.kind === "difference" && (from.length !== head.baseLength || !isDigest(from, head.baseDigest))) {
    return { problem: "is a difference to another base" };
  }
  const image = Buffer.alloc(head.imageLength);
  let packedAt = 0;
  const decoder = new ChunkDecoder({
    readPacked: (buffer, offset) =>
      buffer.set(bytes.subarray(packedAt + offset, packedAt + offset + buffer.length)),
    readBase: (buffer, offset) => buffer.set(from.subarray(offset, offset + buffer.length)),
    write: (piece, offset) => image.set(piece, offset),
  });
  for (const [i, { offset, length, imageOffset, outputLength }] of chunks.entries()) {
    packedAt = offset + chunkHeadLength;
    const packedLength = length - chunkHeadLength;
    decoder.begin({ packedLength, outputLength, imageOffset, baseLength: from.length });
    const outcome = decoder.step(outputLength);
    if (outcome !== "done") return { problem: `does not unpack: chunk ${i}, ${outcome}` };
  }
  if (!isDigest(image, head.imageDigest)) return { problem: "makes another image than its head says" };
  return image;
}

function isDigest(bytes: Uint8Array, digest: Uint8Array): boolean {
  return createHash("sha256").update(bytes).digest().equals(digest);
}
