/**
 * What it costs a board to unpack an update: steps of XS by what a stretch of the image is made of, and for whole
 * packages; and the memory of the decoder.
 */
import { build } from "esbuild";
import { projectRoot } from "../../project";
import { XsEngine } from "../../sim/engine/xs-engine";
import { Random } from "../../sim/time/random";
import { chunkHeadLength } from "../../../firmware/update/package";
import { HeapEngine } from "../footprint/heap-engine";
import { packedChunks, wholly } from "../update/chunks";
import { exampleFirmware } from "../update/example-images";
import { differencePackage, wholePackage } from "../update/package-file";
import { readPackage } from "../update/package-reader";
import type { Chunk } from "../update/chunks";

/** What unpacking took. */
export interface Unpacking {
  readonly name: string;
  /** Bytes of the image, and of the chunks without their heads. */
  readonly bytes: number;
  readonly packed: number;
  readonly chunks: number;
  /** Steps of the interpreter. */
  readonly steps: number;
  /** What XS counts besides for bytes that it copies, two for each, though a copy is one call of memmove. */
  readonly copying: number;
}

/** Bytes of the stretches that are made of one thing. */
const stretch = 65_536;

/**
 * Unpacks on XS, and holds what comes out to the image.
 *
 * @throws EngineMissing when XS is not installed
 */
export async function benchUnpacking(cases: readonly Case[]): Promise<Unpacking[]> {
  const engine = new XsEngine({ limit: 2 ** 31 - 1 });
  try {
    await engine.evaluate(await guest());
    const unpacked: Unpacking[] = [];
    for (const { name, base, image, chunks } of cases) {
      let [packed, steps, copying] = [0, 0, 0];
      for (const chunk of chunks) {
        const answer = Buffer.from(await engine.deliver(event(base, chunk)));
        const output = answer.subarray(8);
        if (!output.equals(image.subarray(chunk.start, chunk.end))) {
          throw new Error(`${name}: the chunk at ${chunk.start} makes something else on XS`);
        }
        packed += chunk.packed.length;
        copying += answer.readUInt32LE(4);
        steps += answer.readUInt32LE(0) - answer.readUInt32LE(4);
      }
      unpacked.push({ name, bytes: image.length, packed, chunks: chunks.length, steps, copying });
    }
    return unpacked;
  } finally {
    await engine.close();
  }
}

/**
 * Bytes that one decoder takes of a heap of 32 bits, its objects among them.
 *
 * @throws EngineMissing
 */
export async function decoderMemory(): Promise<number> {
  const engine = new HeapEngine();
  try {
    await engine.evaluate(await guest());
    const bytes: number[] = [];
    const nothing = new Uint8Array(16);
    // The first one brings what the engine makes once.
    for (let made = 0; made < 3; made++) {
      await engine.deliver(nothing);
      const { slots, chunks } = await engine.measure();
      bytes.push(16 * slots + Object.values(chunks).reduce((sum, { there }) => sum + there, 0));
    }
    return bytes[2] - bytes[1];
  } finally {
    await engine.close();
  }
}

const nothing = new Uint8Array(0);

/** An image, or a stretch of one, and the chunks that make it. */
export interface Case {
  readonly name: string;
  readonly base: Uint8Array;
  readonly image: Uint8Array;
  readonly chunks: readonly Chunk[];
}

/** Stretches that are made of one thing each. */
export function stretches(): Case[] {
  const random = new Random("unpack");
  const noise = random.bytes(stretch);
  const corrections = random.bytes(stretch).map((byte) => 1 + (byte & 7));
  const alike = (name: string, base: Uint8Array, image: Uint8Array): Case => {
    const chunks = packedChunks(base, image, [{ at: 0, base: 0, alike: stretch, extra: 0 }]);
    return { name, base, image, chunks };
  };
  const added = (name: string, image: Uint8Array): Case => {
    return { name, base: nothing, image, chunks: packedChunks(nothing, image, wholly(image)) };
  };
  const table = new Uint32Array(stretch / 4);
  for (let i = 0; i < table.length; i++) table[i] = i % 2 === 0 ? i : 0x3f40_0000 + (random.u32() & 0x3_fffc);
  // What lies behind each of some places has moved further.
  const moved = table.map((word) => (word < 0x3f40_0000 ? word : word + 8 * (1 + ((word & 0x3_ffff) >> 14))));
  const bytes = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer);
  const code = noise.map((byte) => Math.floor(-Math.log2((byte + 1) / 257) * 24));
  return [
    alike("not changed", noise, noise),
    alike("a table, each second word an address that has moved", bytes(table), bytes(moved)),
    alike(
      "every fourth byte another one",
      noise,
      noise.map((byte, i) => (i % 4 === 0 ? byte + corrections[i] : byte)),
    ),
    alike(
      "every byte another one",
      noise,
      noise.map((byte, i) => byte + corrections[i]),
    ),
    added("new, some 4.6 bits a byte", code),
    added("new, and does not pack", noise),
  ];
}

/** The example changes, and the whole image. */
export async function packages(): Promise<Case[]> {
  const { image: base } = await exampleFirmware("0.2.0", []);
  const about = { board: "m5stack-nbiot", version: "0.3.0" };
  const unsigned = (): Uint8Array => new Uint8Array(64);
  const difference = async (name: string, change: "constant" | "nine lines"): Promise<Case> => {
    const { image } = await exampleFirmware("0.3.0", [change]);
    return { name, base, image, chunks: chunksOf(differencePackage(base, image, about, unsigned)) };
  };
  return [
    await difference("difference: a changed constant", "constant"),
    await difference("difference: nine changed lines", "nine lines"),
    {
      name: "whole image",
      base: nothing,
      image: base,
      chunks: chunksOf(wholePackage(base, about, unsigned)),
    },
  ];
}

function chunksOf(file: Uint8Array): Chunk[] {
  const read = readPackage(file);
  if ("problem" in read) throw new Error(`the package ${read.problem}`);
  return read.chunks.map(({ offset, length, imageOffset: start, outputLength }) => {
    const packed = file.subarray(offset + chunkHeadLength, offset + length);
    return { start, end: start + outputLength, packed };
  });
}

function event(base: Uint8Array, { start, end, packed }: Chunk): Uint8Array {
  const bytes = Buffer.alloc(16 + base.length + packed.length);
  bytes.writeUInt32LE(base.length, 0);
  bytes.writeUInt32LE(packed.length, 4);
  bytes.writeUInt32LE(end - start, 8);
  bytes.writeUInt32LE(start, 12);
  bytes.set(base, 16);
  bytes.set(packed, 16 + base.length);
  return bytes;
}

/** The guest finds XS's meter at `Math.meter`. */
async function guest(): Promise<string> {
  const result = await build({
    absWorkingDir: projectRoot(),
    entryPoints: ["host-sim/tools/bench/unpack-guest.ts"],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    banner: { js: '"use strict";\nMath.meter = globalThis.resetMeter;' },
    logLevel: "silent",
  });
  return result.outputFiles[0].text;
}
