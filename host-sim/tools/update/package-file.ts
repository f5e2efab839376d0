/**
 * Makes the file of an update: a signed head and the chunks of which the image is made, each named by the digest that the one
 * before it holds. Byte for byte: docs/update-format.md; the device reads it by firmware/update/package.ts.
 */
import { createHash } from "node:crypto";
import {
  chainDigestLength,
  chunkHeadLength,
  headLength,
  longestImage,
  signedLength,
} from "../../../firmware/update/package";
import { storageGeneration } from "../../../firmware/update/storage-generation";
import { packedChunks, wholly } from "./chunks";
import { likelyStretches } from "./likely-stretches";
import type { Chunk } from "./chunks";

/** What the head says of an image, besides what it is. */
export interface PackageAbout {
  /** The board that it is for, by its name in firmware/board/boards.ts. */
  readonly board: string;
  /** Its version, such as 0.3.0. */
  readonly version: string;
  /** The product that it is for; left out, any. */
  readonly productKey?: string;
  /** Of a difference, the version of the base, for people. */
  readonly baseVersion?: string;
  /** Generation of the formats that the image leaves behind (default: that of this project). */
  readonly storage?: number;
  /** The image may be of another generation than the device's, from which nothing leads back. */
  readonly changesStorage?: boolean;
}

/** Gives the signature r | s, 64 bytes, over the SHA-256 of these bytes. */
export type Sign = (signed: Uint8Array) => Uint8Array;

/** What cannot be packed; the message is for its maker. */
export class PackageError extends Error {
  override name = "PackageError";
}

/** Bytes of the head's texts. */
export const longestName = 24;

/**
 * The file that brings a board this image whatever it has.
 *
 * @throws PackageError for an image or a text that the format has no room for
 */
export function wholePackage(image: Uint8Array, about: PackageAbout, sign: Sign): Buffer {
  checkLength("the image", image);
  return file(image, undefined, packedChunks(nothing, image, wholly(image)), about, sign);
}

/**
 * The file that makes the image of the base, for boards that run this very one.
 *
 * @throws PackageError as above, and where both are the same
 */
export function differencePackage(
  base: Uint8Array,
  image: Uint8Array,
  about: PackageAbout,
  sign: Sign,
): Buffer {
  checkLength("the image", image);
  checkLength("the base", base);
  if (Buffer.compare(base, image) === 0)
    throw new PackageError("both images are the same: there is no difference");
  const ways = likelyStretches(base, image).map((stretches) => packedChunks(base, image, stretches));
  const [best] = ways.sort((a, b) => lengthOf(a) - lengthOf(b));
  return file(image, base, best, about, sign);
}

const nothing = new Uint8Array(0);

function checkLength(what: string, { length }: Uint8Array): void {
  if (length > 0 && length <= longestImage) return;
  throw new PackageError(`${what} has ${length} bytes, and can have 1 to ${longestImage}`);
}

/** Bytes of all chunks. */
function lengthOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { packed }) => sum + chunkHeadLength + packed.length, 0);
}

function file(
  image: Uint8Array,
  base: Uint8Array | undefined,
  chunks: readonly Chunk[],
  about: PackageAbout,
  sign: Sign,
): Buffer {
  const body = bodyOf(chunks);
  const head = Buffer.alloc(headLength);
  head.write("EnUp", 0, "latin1");
  head[4] = 1;
  head[5] = base === undefined ? 0 : 1;
  head.writeUInt16BE(headLength, 6);
  writeName(head, 8, "the board's name", about.board);
  writeName(head, 32, "the version", about.version);
  writeName(head, 56, "the product key", about.productKey ?? "");
  head.writeUInt32BE(image.length, 80);
  sha256(image).copy(head, 84);
  if (base !== undefined) {
    head.writeUInt32BE(base.length, 116);
    sha256(base).copy(head, 120);
    writeName(head, 176, "the version of the base", about.baseVersion ?? "");
  }
  head.writeUInt32BE(body.bytes.length, 152);
  head.writeUInt32BE(body.firstLength, 156);
  body.firstDigest.copy(head, 160);
  head[200] = about.storage ?? storageGeneration;
  head[201] = about.changesStorage === true ? 1 : 0;
  const signature = sign(head.subarray(0, signedLength));
  if (signature.length !== headLength - signedLength) {
    throw new PackageError(`a signature has ${headLength - signedLength} bytes, got ${signature.length}`);
  }
  head.set(signature, signedLength);
  return Buffer.concat([head, body.bytes]);
}

function writeName(head: Buffer, at: number, what: string, text: string): void {
  if (text.length > longestName || !/^[!-~]*$/.test(text)) {
    throw new PackageError(`${what} takes up to ${longestName} ASCII characters without spaces`);
  }
  head.write(text, at, "latin1");
}

/** The chunks from the last to the first, since each names the one behind it. */
function bodyOf(chunks: readonly Chunk[]): {
  readonly bytes: Buffer;
  readonly firstLength: number;
  readonly firstDigest: Buffer;
} {
  const parts: Buffer[] = [];
  let next: Buffer | undefined;
  for (let i = chunks.length - 1; i >= 0; i -= 1) {
    const { start, end, packed } = chunks[i];
    const chunk = Buffer.alloc(chunkHeadLength + packed.length);
    chunk.writeUInt32BE(end - start, 0);
    if (next !== undefined) {
      chunk.writeUInt32BE(next.length, 4);
      digestOf(next).copy(chunk, 8);
    }
    chunk.set(packed, chunkHeadLength);
    parts.unshift(chunk);
    next = chunk;
  }
  const [first] = parts;
  return { bytes: Buffer.concat(parts), firstLength: first.length, firstDigest: digestOf(first) };
}

/** What a chunk is named by. */
export function digestOf(chunk: Uint8Array): Buffer {
  return sha256(chunk).subarray(0, chainDigestLength);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
