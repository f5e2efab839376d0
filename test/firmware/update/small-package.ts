/**
 * Packages for tests of what downloads and applies them, put together from docs/update-format.md by itself: plain
 * differences in place, packed by zlib.
 */
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { Random } from "../../../host-sim/sim/time/random";

export interface SmallPackage {
  readonly image: Uint8Array;
  /** The running image; empty for a package of a whole one. */
  readonly base: Uint8Array;
  /** Bytes that each chunk but the last one makes (default 8192). */
  readonly perChunk?: number;
  /** Says of a chunk that it makes another one than it does, or the like: changes it before its digest is taken. */
  readonly forge?: (chunk: Buffer, index: number) => void;
  readonly forgeHead?: (head: Buffer) => void;
}

const sha = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** LEB128. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

/** The image's bytes from `at` on as one record: differences to the base as far as it goes, then the bytes themselves. */
function record(image: Uint8Array, base: Uint8Array, at: number, length: number): Buffer {
  const differing = Math.max(0, Math.min(length, base.length - at));
  const parts = [varint(2 * differing), varint(length - differing), varint(0)];
  for (let done = 0; done < differing;) {
    let zeros = 0;
    while (done + zeros < differing && image[at + done + zeros] === base[at + done + zeros]) zeros += 1;
    let others = 0;
    while (
      done + zeros + others < differing &&
      image[at + done + zeros + others] !== base[at + done + zeros + others]
    ) {
      others += 1;
    }
    const from = at + done + zeros;
    const changed = Array.from({ length: others }, (_, i) => (image[from + i] - base[from + i]) & 0xff);
    parts.push(varint(zeros), varint(others), Buffer.from(changed));
    done += zeros + others;
  }
  parts.push(Buffer.from(image.subarray(at + differing, at + length)));
  return Buffer.concat(parts);
}

/** The file. Its signature is noise. */
export function smallPackage({ image, base, perChunk = 8_192, forge, forgeHead }: SmallPackage): Uint8Array {
  const chunks: Buffer[] = [];
  const starts: number[] = [];
  for (let at = 0; at < image.length; at += perChunk) starts.push(at);
  let next: { length: number; digest: Buffer } = { length: 0, digest: Buffer.alloc(16) };
  for (let i = starts.length - 1; i >= 0; i--) {
    const length = Math.min(perChunk, image.length - starts[i]);
    const packed = deflateRawSync(record(image, base, starts[i], length), { windowBits: 11 });
    const head = Buffer.alloc(24);
    head.writeUInt32BE(length, 0);
    head.writeUInt32BE(next.length, 4);
    next.digest.copy(head, 8);
    const chunk = Buffer.concat([head, packed]);
    forge?.(chunk, i);
    if (chunk.length > 8_192) throw new RangeError(`a chunk has at most 8192 bytes, got ${chunk.length}`);
    chunks.unshift(chunk);
    next = { length: chunk.length, digest: sha(chunk).subarray(0, 16) };
  }
  const body = Buffer.concat(chunks);
  const head = Buffer.alloc(216);
  head.write("EnUp", 0, "latin1");
  head[4] = 1;
  head[5] = base.length > 0 ? 1 : 0;
  head.writeUInt16BE(280, 6);
  head.write("m5stack-nbiot", 8, "latin1");
  head.write("0.3.0", 32, "latin1");
  head.writeUInt32BE(image.length, 80);
  sha(image).copy(head, 84);
  head.writeUInt32BE(base.length, 116);
  if (base.length > 0) sha(base).copy(head, 120);
  head.writeUInt32BE(body.length, 152);
  head.writeUInt32BE(next.length, 156);
  next.digest.copy(head, 160);
  if (base.length > 0) head.write("0.2.0", 176, "latin1");
  forgeHead?.(head);
  return new Uint8Array(Buffer.concat([head, sha(head), sha(sha(head)), body]));
}

/** An image of this many bytes: runs of noise and of zeros. */
export function smallImage(seed: number | string, length: number): Uint8Array {
  const random = new Random(`image ${seed}`);
  const image = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const noise = random.bytes(1 + (random.u32() % 600)).subarray(0, length - at);
    image.set(noise, at);
    at += noise.length + (random.u32() % 600);
  }
  return image;
}

/** The image with some bytes changed, and of another length. */
export function changedImage(image: Uint8Array, seed: number | string, longerBy: number): Uint8Array {
  const random = new Random(`change ${seed}`);
  const changed = new Uint8Array(image.length + longerBy);
  changed.set(image.subarray(0, changed.length));
  for (let i = 0; i < 40; i++) changed[random.u32() % changed.length] = random.u32();
  if (longerBy > 0) changed.set(random.bytes(longerBy), image.length);
  return changed;
}
