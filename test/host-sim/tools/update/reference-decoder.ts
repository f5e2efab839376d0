/**
 * The format of an update, read as plainly as its description (docs/update-format.md) says it: no code of the device's, nor
 * of the encoder's. It checks what it reads, so that a file which it takes is one of the format.
 */
import { createHash } from "node:crypto";
import { inflateRawSync } from "node:zlib";

/** A package taken apart. */
export interface Decoded {
  readonly kind: number;
  readonly board: string;
  readonly version: string;
  readonly productKey: string;
  readonly baseVersion: string;
  readonly storage: readonly [generation: number, mayChange: number];
  readonly signed: Buffer;
  readonly signature: Buffer;
  readonly image: Buffer;
  /** Bytes of each chunk, and of what it makes. */
  readonly chunks: readonly (readonly [length: number, made: number])[];
  /** Records that guess words, and others. */
  readonly records: { moved: number; plain: number };
}

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** @throws Error that says where the file is not of the format */
export function decodePackage(file: Buffer, base: Uint8Array = new Uint8Array(0)): Decoded {
  must(file.toString("latin1", 0, 4) === "EnUp" && file[4] === 1, "magic and format");
  must(file.readUInt16BE(6) === 280, "head length");
  const kind = file[5];
  must(kind === 0 || kind === 1, "kind");
  const [imageLength, baseLength] = [file.readUInt32BE(80), file.readUInt32BE(116)];
  const bodyLength = file.readUInt32BE(152);
  must(file.length === 280 + bodyLength, "body length");
  must(kind === 1 ? baseLength === base.length : baseLength === 0, "base length");
  must(
    kind === 1
      ? sha256(base).equals(file.subarray(120, 152))
      : file.subarray(116, 152).every((byte) => byte === 0),
    "base digest",
  );
  must(
    file.subarray(202, 216).every((byte) => byte === 0),
    "reserved",
  );
  const image = Buffer.alloc(imageLength);
  const chunks: [number, number][] = [];
  const records = { moved: 0, plain: 0 };
  let [at, made] = [280, 0];
  let length = file.readUInt32BE(156);
  let digest = file.subarray(160, 176);
  while (length > 0) {
    must(length > 24 && length <= 8_192, "chunk length");
    const chunk = file.subarray(at, at + length);
    must(chunk.length === length && sha256(chunk).subarray(0, 16).equals(digest), "chain");
    const output = chunk.readUInt32BE(0);
    must(output > 0 && output <= 262_144 && made + output <= imageLength, "output length");
    must(output % 4_096 === 0 || made + output === imageLength, "output unit");
    const packed = chunk.subarray(24);
    // A window of 2,048 bytes is enough, and nothing is behind the last block.
    const instructions = inflateRawSync(packed, { windowBits: 11, maxOutputLength: 1 << 22 });
    obey(instructions, base, image, made, output, records);
    chunks.push([length, output]);
    at += length;
    made += output;
    length = chunk.readUInt32BE(4);
    digest = chunk.subarray(8, 24);
  }
  must(at === file.length && made === imageLength, "end");
  must(sha256(image).equals(file.subarray(84, 116)), "image digest");
  const name = (from: number): string => file.toString("latin1", from, from + 24).replace(/\0+$/, "");
  return {
    ...{ kind, board: name(8), version: name(32), productKey: name(56), baseVersion: name(176) },
    ...{ storage: [file[200], file[201]], signed: file.subarray(0, 216), signature: file.subarray(216, 280) },
    ...{ image, chunks, records },
  };
}

/** Carries out a chunk's records. */
function obey(
  bytes: Buffer,
  base: Uint8Array,
  image: Buffer,
  start: number,
  length: number,
  records: { moved: number; plain: number },
): void {
  let at = 0;
  const number = (): number => {
    let [value, shift] = [0, 0];
    for (;;) {
      must(at < bytes.length && shift <= 21, "number");
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      shift += 7;
      if (byte < 0x80) return value;
    }
  };
  const shifts = new Map<number, number>();
  const trusts = new Map<number, number>();
  const end = start + length;
  let [to, from] = [start, start];
  while (to < end) {
    const [packed, extra, seek] = [number(), number(), number()];
    const [alike, isMoved] = [Math.floor(packed / 2), packed % 2 === 1];
    must(alike + extra > 0 && to + alike + extra <= end, "record");
    from += seek % 2 === 0 ? seek / 2 : -(seek + 1) / 2;
    must(alike === 0 || (from >= 0 && from + alike <= base.length), "base");
    if (alike > 0) records[isMoved ? "moved" : "plain"] += 1;
    const corrections: number[] = [];
    while (corrections.length < alike) {
      const [zeros, others] = [number(), number()];
      must(zeros + others > 0 && corrections.length + zeros + others <= alike, "run");
      for (let i = 0; i < zeros; i++) corrections.push(0);
      for (let i = 0; i < others; i++) corrections.push(bytes[at++]);
    }
    for (let i = 0; i < alike;) {
      if (!isMoved || (to + i) % 4 !== 0 || i + 4 > alike) {
        image[to + i] = base[from + i] + corrections[i];
        i += 1;
        continue;
      }
      const word = Buffer.from(base.subarray(from + i, from + i + 4)).readUInt32LE(0);
      const isAddress = word >= 0x0100_0000 && word < 0xff00_0000;
      const page = Math.floor(word / 4_096) % 256;
      const guess = Buffer.alloc(4);
      guess.writeUInt32LE(isAddress ? (word + (shifts.get(page) ?? 0)) >>> 0 : word);
      for (let k = 0; k < 4; k++) image[to + i + k] = guess[k] + corrections[i + k];
      if (isAddress) {
        const shift = (image.readUInt32LE(to + i) - word) | 0;
        const trust = trusts.get(page) ?? 0;
        if (shift === (shifts.get(page) ?? 0)) trusts.set(page, Math.min(3, trust + 1));
        else if (trust > 0) trusts.set(page, trust - 1);
        // A shift of more than 30 bits is kept as far as it goes.
        else shifts.set(page, (shift << 2) >> 2);
      }
      i += 4;
    }
    to += alike;
    from += alike;
    must(at + extra <= bytes.length, "extra");
    bytes.copy(image, to, at, at + extra);
    at += extra;
    to += extra;
  }
  must(at === bytes.length, "nothing behind the output");
}

function must(is: boolean, what: string): void {
  if (!is) throw new Error(`not of the format: ${what}`);
}
