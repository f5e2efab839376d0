/**
 * The file of an update: a signed head, and behind it the chunks of which the image is made, each named by the digest
 * that the one before it holds, the first by the head. So the signature reaches every byte, and a chunk is known to be
 * the maker's before anything of it is used. Byte for byte: docs/update-format.md.
 *
 *     head, 216 bytes | its ECDSA P-256 signature, 64 | chunk | chunk | …             numbers are big-endian
 *     chunk: its output's length u32 | next chunk's length u32 | next chunk's digest, 16 | packed
 */
import { asciiText } from "../text/ascii";

/** Bytes of the head that are signed. */
export const signedLength = 216;
/** Bytes of the head with its signature; the body, which is all chunks, begins there. */
export const headLength = signedLength + 64;
/** Bytes of a chunk before what is packed. */
export const chunkHeadLength = 24;
/** Longest chunk, its head with it, bytes. */
export const longestChunk = 8_192;
/** Most bytes of the image that one chunk makes. */
export const longestOutput = 262_144;
/** All chunks but the last make whole multiples of it, bytes: a sector of flash, which is erased at once. */
export const outputUnit = 4_096;
/** Of a digest in a chain, SHA-256's first bytes. */
export const chainDigestLength = 16;
/** Longest image and longest base, bytes: the largest flash that a board has. */
export const longestImage = 0x100_0000;

const format = 1;
const nameLength = 24;

/** A whole image, or its difference to one that the device has. */
type PackageKind = "whole" | "difference";

/** What the head of a package says. The arrays are views of the bytes that it was read from. */
export interface PackageHead {
  readonly kind: PackageKind;
  /** The board that the image is for, by its name in firmware/board/boards.ts. */
  readonly board: string;
  /** The version that it brings. */
  readonly version: string;
  /** The product that it is for; empty for any. */
  readonly productKey: string;
  /** Bytes of the image. */
  readonly imageLength: number;
  /** Its SHA-256. */
  readonly imageDigest: Uint8Array;
  /** Of a difference, the bytes of the image that it is made from; else 0. */
  readonly baseLength: number;
  /** The SHA-256 of that; zeros for a whole image. */
  readonly baseDigest: Uint8Array;
  /** The version of that, for people; empty for a whole image. */
  readonly baseVersion: string;
  /** Bytes of all chunks. */
  readonly bodyLength: number;
  /** The first chunk. */
  readonly first: ChunkName;
  /** The generation of the formats in flash and in retained memory that the image writes. */
  readonly storage: number;
  /** The maker has meant the device to come to another generation of them, from which nothing leads back. */
  readonly changesStorage: boolean;
  /** The bytes that are signed, and the signature r | s over their SHA-256. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** What is known of a chunk before it is there. */
export interface ChunkName {
  /** Bytes, the chunk's head with them. */
  readonly length: number;
  /** The first 16 bytes of the SHA-256 of all of them. */
  readonly digest: Uint8Array;
}

/** What the head of a chunk says. */
export interface ChunkHead {
  /** Bytes of the image that it makes. */
  readonly outputLength: number;
  /** The chunk behind it; undefined for the last one. */
  readonly next: ChunkName | undefined;
}

/**
 * Why bytes are no head of a package: too few of them, no package at all, one of a later format, or one whose fields
 * cannot be true.
 */
export type HeadFault = "head-too-short" | "no-package" | "unknown-format" | "malformed-head";

/** Why bytes are no head of a chunk. */
export type ChunkFault = "chunk-too-short" | "malformed-chunk";

/**
 * The head of a package, of which the signature has yet to be verified.
 *
 * @param bytes the beginning of the file, 280 bytes or more
 */
export function readPackageHead(bytes: Uint8Array): PackageHead | HeadFault {
  if (bytes.length < headLength) return "head-too-short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, headLength);
  if (view.getUint32(0) !== 0x456e5570) return "no-package";
  if (bytes[4] !== format || view.getUint16(6) !== headLength) return "unknown-format";
  const board = nameAt(bytes, 8);
  const version = nameAt(bytes, 32);
  const productKey = nameAt(bytes, 56);
  const baseVersion = nameAt(bytes, 176);
  const imageLength = view.getUint32(80);
  const baseLength = view.getUint32(116);
  const bodyLength = view.getUint32(152);
  const firstLength = view.getUint32(156);
  const difference = bytes[5] === 1;
  const sound =
    bytes[5] <= 1 &&
    !!board &&
    !!version &&
    productKey !== undefined &&
    baseVersion !== undefined &&
    imageLength > 0 &&
    imageLength <= longestImage &&
    baseLength <= longestImage &&
    difference === baseLength > 0 &&
    (difference || (baseVersion === "" && areZero(bytes, 120, 152))) &&
    isChunkLength(firstLength) &&
    firstLength <= bodyLength &&
    bodyLength <= 2 * longestImage &&
    bytes[201] <= 1 &&
    areZero(bytes, 202, signedLength);
  if (!sound) return "malformed-head";
  return {
    kind: difference ? "difference" : "whole",
    board,
    version,
    productKey,
    imageLength,
    imageDigest: bytes.subarray(84, 116),
    baseLength,
    baseDigest: bytes.subarray(120, 152),
    baseVersion,
    bodyLength,
    first: { length: firstLength, digest: bytes.subarray(160, 176) },
    storage: bytes[200],
    changesStorage: bytes[201] === 1,
    signed: bytes.subarray(0, signedLength),
    signature: bytes.subarray(signedLength, headLength),
  };
}

/**
 * The head of a chunk.
 *
 * @param bytes the chunk's first 24 bytes or more, of which the digest was compared
 */
export function readChunkHead(bytes: Uint8Array): ChunkHead | ChunkFault {
  if (bytes.length < chunkHeadLength) return "chunk-too-short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, chunkHeadLength);
  const outputLength = view.getUint32(0);
  const length = view.getUint32(4);
  if (outputLength === 0 || outputLength > longestOutput) return "malformed-chunk";
  const digest = bytes.subarray(8, chunkHeadLength);
  if (length === 0) {
    return areZero(digest, 0, chainDigestLength) ? { outputLength, next: undefined } : "malformed-chunk";
  }
  if (!isChunkLength(length) || outputLength % outputUnit !== 0) return "malformed-chunk";
  return { outputLength, next: { length, digest } };
}

/** Whether a chunk can have so many bytes, its head and at least one more. */
function isChunkLength(length: number): boolean {
  return length > chunkHeadLength && length <= longestChunk;
}

/** Printable ASCII without spaces up to the first zero, behind which there are only zeros; undefined for other bytes. */
function nameAt(bytes: Uint8Array, start: number): string | undefined {
  const limit = start + nameLength;
  let end = start;
  while (end < limit && bytes[end] > 0x20 && bytes[end] < 0x7f) end += 1;
  return areZero(bytes, end, limit) ? asciiText(bytes, start, end) : undefined;
}

function areZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}
