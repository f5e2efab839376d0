/**
 * Whether a partition holds an image that the boot loader starts, as ESP-IDF's esp_image_format.c looks at it: its head, that
 * its segments end within the partition, the checksum behind them, and the SHA-256 behind that. The layout is in image.ts.
 */
import { createHash } from "node:crypto";
import type { Flash } from "../../../firmware/journal/flash";

/** First byte of an image. */
export const imageMagic = 0xe9;
export const headLength = 24;
export const segmentHeadLength = 8;
/** More segments an image cannot have. */
const mostSegments = 16;
/** Where the checksum of no bytes begins. */
const checksumSeed = 0xef;
export const digestLength = 32;

/** Length of an image by its head and the heads of its segments, without its digest; undefined where they are none. */
export function lengthOfImage(image: Buffer): number | undefined {
  if (image.length < headLength || image[0] !== imageMagic) return undefined;
  const segments = image[1];
  if (segments === 0 || segments > mostSegments || image[headLength - 1] !== 1) return undefined;
  let end = headLength;
  for (let i = 0; i < segments; i++) {
    if (end + segmentHeadLength > image.length) return undefined;
    end += segmentHeadLength + image.readUInt32LE(end + 4);
  }
  // The checksum is the last byte of a group of 16.
  const length = (end + 16) & ~15;
  return length + digestLength <= image.length ? length : undefined;
}

/** All bytes of the segments, by exclusive or. */
export function checksumOf(image: Uint8Array): number {
  let sum = checksumSeed;
  const view = new DataView(image.buffer, image.byteOffset);
  let at = headLength;
  for (let segment = 0; segment < image[1]; segment++) {
    const end = at + segmentHeadLength + view.getUint32(at + 4, true);
    at += segmentHeadLength;
    let words = 0;
    for (; at + 4 <= end; at += 4) words ^= view.getUint32(at, true);
    for (; at < end; at++) sum ^= image[at];
    sum ^= (words ^ (words >>> 8) ^ (words >>> 16) ^ (words >>> 24)) & 0xff;
  }
  return sum;
}

/** Why the image in a partition cannot start; undefined when it can. */
export function checkImage(partition: Pick<Flash, "read" | "status">): string | undefined {
  const bytes = Buffer.allocUnsafe(partition.status().size);
  partition.read(bytes, 0);
  const length = lengthOfImage(bytes);
  if (length === undefined) return "no image";
  const digest = createHash("sha256").update(bytes.subarray(0, length)).digest();
  if (!digest.equals(bytes.subarray(length, length + digestLength))) return "the digest is another";
  return bytes[length - 1] === checksumOf(bytes) ? undefined : "the checksum is another";
}
