/**
 * The image of a simulated board's firmware, as large as a real one and laid out as one (ESP-IDF's esp_image_format.h),
 * integers little-endian:
 *
 *     head, 24 bytes: 0xE9, number of segments, ..., 1 for a digest behind the image
 *     segments, each with its address and its length in 8 bytes
 *       0  read-only data: ESP-IDF's description of the application, 256 bytes, then the part of JavaScript
 *            "XSJS" | length of the code u32 | the code, to a multiple of 16 | preloaded slots
 *          (simulated-bytecode.ts, preloaded-heap.ts)
 *       1  machine code of the SDK: cannot be compressed, the same for every firmware of an SDK
 *     zeros, and a checksum as the last byte of a group of 16
 *     SHA-256 of all that
 *
 * The code is the very script that the board starts from this slot. The machine code begins at a multiple of 64 KiB, as
 * the chip's cache maps it, so that it stays where it is when the part before it grows.
 */
import { createHash } from "node:crypto";
import { Random } from "../time/random";
import {
  checksumOf,
  digestLength,
  headLength,
  imageMagic,
  lengthOfImage,
  segmentHeadLength,
} from "./image-check";
import { preloadedHeap } from "./preloaded-heap";
import { decodeScript, encodeScript } from "./simulated-bytecode";
import type { Flash } from "../../../firmware/journal/flash";

/** What an image is made of. */
export interface ImageContent {
  /** The firmware, made by `bundleFirmware`. */
  readonly script: string;
  /** Its version, such as "0.2.0", of 31 characters at most. */
  readonly version: string;
  /** The SDK that it is linked with: another one has other machine code (default "8.2.3"). */
  readonly sdk?: string;
}

const descriptionLength = 256;
/** Where the part of JavaScript begins in an image. */
export const scriptPartAt = headLength + segmentHeadLength + descriptionLength;
const scriptMagic = "XSJS";
const scriptHeadLength = 8;
const descriptionMagic = 0xabcd_5432;
/** Offsets in the description. */
const versionAt = 16;
const nameAt = 48;
const digestAt = 144;
const mapped = 0x1_0000;
/** Bytes of machine code: what a real image, 1.2 MB, has besides some 700 kB of JavaScript's part. */
const codeLength = 460_000;
const dataAddress = 0x3f40_0020;
const codeAddress = 0x400d_0020;

/** Makes an image. The same content gives the same bytes. */
export function makeImage({ script, version, sdk = "8.2.3" }: ImageContent): Buffer {
  const part = scriptPart(script);
  const description = Buffer.alloc(descriptionLength);
  description.writeUInt32LE(descriptionMagic, 0);
  description.write(version.slice(0, 31), versionAt, "latin1");
  description.write("enos-nbiot-xs", nameAt, "latin1");
  createHash("sha256").update(version).update(part).digest().copy(description, digestAt);
  const dataEnd = headLength + segmentHeadLength + descriptionLength + part.length;
  // The next segment's bytes, behind its head, begin where the chip maps them: 32 bytes into 64 KiB.
  const codeStart = Math.ceil((dataEnd + segmentHeadLength) / mapped) * mapped + 0x20 - segmentHeadLength;
  const padding = Buffer.alloc(codeStart - dataEnd);
  const head = Buffer.alloc(headLength);
  head[0] = imageMagic;
  head[1] = 2;
  head[headLength - 1] = 1;
  const body = Buffer.concat([
    head,
    segmentHead(dataAddress, descriptionLength + part.length + padding.length),
    description,
    part,
    padding,
    segmentHead(codeAddress, codeLength),
    machineCode(sdk),
  ]);
  const image = Buffer.concat([body, Buffer.alloc(((body.length + 16) & ~15) - body.length)]);
  image[image.length - 1] = checksumOf(image);
  return Buffer.concat([image, createHash("sha256").update(image).digest()]);
}

function segmentHead(address: number, length: number): Buffer {
  const head = Buffer.alloc(segmentHeadLength);
  head.writeUInt32LE(address, 0);
  head.writeUInt32LE(length, 4);
  return head;
}

/** The part of JavaScript. */
export function scriptPart(script: string): Buffer {
  const { bytes, names } = encodeScript(script);
  const codeEnd = (scriptHeadLength + bytes.length + 15) & ~15;
  const start = Buffer.alloc(codeEnd);
  start.write(scriptMagic, 0, "latin1");
  start.writeUInt32LE(bytes.length, 4);
  bytes.copy(start, scriptHeadLength);
  return Buffer.concat([start, preloadedHeap(names, codeEnd)]);
}

/** By the SDK: the same bytes for all its images. */
const codes = new Map<string, Uint8Array>();

function machineCode(sdk: string): Uint8Array {
  const code = codes.get(sdk) ?? new Random(`machine code ${sdk}`).bytes(codeLength);
  codes.set(sdk, code);
  return code;
}

/** What an image in a partition says of itself. */
export interface ImageInPartition {
  readonly script: string;
  readonly version: string;
  /** Bytes, its digest included. */
  readonly length: number;
}

/** Scripts by the digest of their image: a board starts the same one time and again. */
const scripts = new Map<string, string>();
/** So many of them are kept. */
const mostScripts = 16;

/** Reads the image in a partition; undefined where none is, or one that was not made here. */
export function readImage(partition: Pick<Flash, "read" | "status">): ImageInPartition | undefined {
  const bytes = Buffer.allocUnsafe(partition.status().size);
  partition.read(bytes, 0);
  const length = lengthOfImage(bytes);
  if (length === undefined) return undefined;
  const at = scriptPartAt;
  if (bytes.toString("latin1", at, at + scriptMagic.length) !== scriptMagic) return undefined;
  const description = bytes.subarray(headLength + segmentHeadLength);
  const version = description.toString("latin1", versionAt, nameAt).replace(/\0.*$/s, "");
  const digest = bytes.toString("latin1", length, length + digestLength);
  let script = scripts.get(digest);
  if (script === undefined) {
    const codeAt = at + scriptHeadLength;
    script = decodeScript(bytes.subarray(codeAt, codeAt + bytes.readUInt32LE(at + 4)));
    if (scripts.size >= mostScripts) scripts.clear();
    scripts.set(digest, script);
  }
  return { script, version, length: length + digestLength };
}
