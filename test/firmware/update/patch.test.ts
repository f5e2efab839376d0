/** The decoder of chunks against a second reading of the format, with records that chance draws and that are damaged. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import fc from "fast-check";
import { ChunkDecoder, pieceLength } from "../../../firmware/update/patch";
import { Random } from "../../../host-sim/sim/time/random";
import { runs } from "../../density";
import { drawRecords, instructionsOf, number, referencePatch, runsOf, zigzag } from "./chunk-maker";
import type { ChunkPlaces, PatchFault } from "../../../firmware/update/patch";

interface Chunk {
  readonly base: Uint8Array;
  readonly instructions: Uint8Array;
  readonly imageOffset: number;
  readonly outputLength: number;
}

/** Places that hold what they are asked for to what the decoder may ask. */
class CheckedPlaces implements ChunkPlaces {
  packed: Uint8Array = new Uint8Array(0);
  chunk: Chunk = { base: this.packed, instructions: this.packed, imageOffset: 0, outputLength: 0 };
  output: number[] = [];

  readPacked(buffer: Uint8Array, offset: number): void {
    expect(offset >= 0 && buffer.length > 0 && offset + buffer.length <= this.packed.length).toBe(true);
    buffer.set(this.packed.subarray(offset, offset + buffer.length));
  }

  readBase(buffer: Uint8Array, offset: number): void {
    const { base } = this.chunk;
    expect(offset >= 0 && buffer.length > 0 && offset + buffer.length <= base.length).toBe(true);
    buffer.set(base.subarray(offset, offset + buffer.length));
  }

  write(bytes: Uint8Array, imageOffset: number): void {
    const { outputLength, imageOffset: start } = this.chunk;
    const left = outputLength - this.output.length;
    expect(imageOffset).toBe(start + this.output.length);
    expect(bytes.length).toBe(Math.min(pieceLength, left));
    this.output.push(...bytes);
  }
}

/** One decoder for all chunks of the tests, so that none finds what another one left. */
const places = new CheckedPlaces();
const decoder = new ChunkDecoder(places);

function make(chunk: Chunk, slice = 4_096): Uint8Array | PatchFault {
  places.packed = deflateRawSync(chunk.instructions, { level: 6, windowBits: 11, memLevel: 9 });
  places.chunk = chunk;
  places.output = [];
  const { imageOffset, outputLength, base } = chunk;
  decoder.begin({ packedLength: places.packed.length, outputLength, imageOffset, baseLength: base.length });
  for (;;) {
    const before = places.output.length;
    const state = decoder.step(slice);
    const made = places.output.length - before;
    expect(made).toBeLessThanOrEqual(Math.ceil(slice / pieceLength) * pieceLength);
    if (state === "done") return Uint8Array.from(places.output);
    if (state !== "more") return state;
    // It goes on in any case.
    expect(made).toBeGreaterThanOrEqual(slice);
  }
}

/** Words of which most are addresses into few pages, and the others noise or small numbers. */
function addresses(random: Random, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) {
    const noise = random.u32();
    words[i] = [0x3f40_0000 + (noise & 0x7fff), 0x3f7f_f000 + (noise & 0xfff), noise & 0x00ff_ffff, noise][
      noise >>> 30
    ];
  }
  return new Uint8Array(words.buffer).slice(0, length);
}

const chunks = fc
  .record({
    seed: fc.integer(),
    outputLength: fc.integer({ min: 1, max: 9_000 }),
    baseLength: fc.integer({ min: 0, max: 9_000 }),
    imageOffset: fc.integer({ min: 0, max: 3 }),
    fewestZeros: fc.constantFrom(1, 2, 3, 8, 40, 1_000),
  })
  .map(({ seed, outputLength, baseLength, imageOffset, fewestZeros }) => {
    const random = new Random(seed);
    const base = addresses(random, baseLength);
    const records = drawRecords(random, outputLength, baseLength, imageOffset * 4_096);
    const length = records.reduce(
      (sum, { corrections, extra }) => sum + corrections.length + extra.length,
      0,
    );
    const instructions = instructionsOf(records, fewestZeros);
    return { base, instructions, imageOffset: imageOffset * 4_096, outputLength: length };
  });

const slices = fc.constantFrom(1, 512, 513, 4_096, 1_000_000);

test("what a chunk makes is what its records say, in slices of any size", () => {
  fc.assert(
    fc.property(chunks, slices, (chunk, slice) => {
      const expected = referencePatch(chunk.instructions, chunk);
      expect(expected).toHaveLength(chunk.outputLength);
      expect(Buffer.compare(make(chunk, slice) as Uint8Array, expected!)).toBe(0);
    }),
    { numRuns: runs(800) },
  );
});

test("damaged records are taken or refused as the format says", () => {
  const damages = fc.array(
    fc.record({ at: fc.nat(20_000), how: fc.nat(4), value: fc.integer({ min: 0, max: 255 }) }),
    { minLength: 1, maxLength: 3 },
  );
  const faults = new Set<string>();
  let taken = 0;
  fc.assert(
    fc.property(chunks, damages, fc.integer({ min: -2, max: 2 }), (chunk, all, longer) => {
      let instructions = chunk.instructions.slice();
      for (const { at, how, value } of all) {
        const place = (how < 2 ? at : at % 12) % instructions.length;
        if (how === 0)
          instructions = Uint8Array.of(
            ...instructions.subarray(0, place),
            value,
            ...instructions.subarray(place),
          );
        else if (how === 1) instructions = instructions.filter((_, i) => i !== place);
        else if (how === 2) instructions[place] = value & 1 ? 0xff : 0;
        else instructions[place] ^= 1 << (value & 7);
      }
      const damaged = { ...chunk, instructions, outputLength: Math.max(1, chunk.outputLength + longer) };
      const expected = referencePatch(instructions, damaged);
      const made = make(damaged);
      if (typeof made === "string") {
        faults.add(made);
        expect(expected).toBeUndefined();
      } else {
        taken += 1;
        expect(Buffer.compare(made, expected!)).toBe(0);
      }
    }),
    { numRuns: runs(2_500) },
  );
  expect(taken).toBeGreaterThan(10);
  const all = ["bad-number", "bad-run", "outside-base", "output-too-long", "output-too-short"];
  expect([...faults].sort()).toEqual(expect.arrayContaining(all));
});

test("noise makes nothing that the format does not say", () => {
  const base = new Random(5).bytes(300);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 1, max: 80 }),
      (instructions, outputLength) => {
        const chunk = { base, instructions, imageOffset: 0, outputLength };
        const made = make(chunk);
        const expected = referencePatch(instructions, chunk);
        expect(typeof made === "string" ? undefined : made).toEqual(expected);
      },
    ),
    { numRuns: runs(3_000) },
  );
});

describe("a chunk", () => {
  const base = Uint8Array.from({ length: 5_000 }, (_, i) => i & 0xff);
  const of = (instructions: readonly number[], outputLength: number, imageOffset = 0): Chunk => {
    return { base, instructions: Uint8Array.from(instructions), imageOffset, outputLength };
  };
  const noBase = (chunk: Chunk): Chunk => ({ ...chunk, base: new Uint8Array(0) });

  /** The head of a record. */
  const head = (corrected: number, extra: number, seek = 0, isMoved = false): number[] => [
    ...number(2 * corrected + (isMoved ? 1 : 0)),
    ...number(extra),
    ...zigzag(seek),
  ];
  const made = (chunk: Chunk): number[] => [...(make(chunk) as Uint8Array)];

  it("of the format's example makes what docs/update-format.md says", () => {
    // Six bytes from 10 on, of which the third is two more, and two that the base does not have.
    expect(made(of([12, 2, 20, 2, 1, 2, 3, 0, 0xaa, 0xbb], 8))).toEqual([10, 11, 14, 13, 14, 15, 0xaa, 0xbb]);
  });

  it("begins in the base where it begins in the image", () => {
    expect(made(of([...head(3, 0), 3, 0], 3, 4_096))).toEqual([0, 1, 2]);
    expect(made(of([...head(3, 0, -4_096), 3, 0], 3, 4_096))).toEqual([0, 1, 2]);
    expect(make(of([...head(3, 0, -4_097), 3, 0], 3, 4_096))).toBe("outside-base");
  });

  it("of an image that has outgrown its base need not go back to it", () => {
    expect(made(of([...head(0, 2), 7, 8], 2, 8_192))).toEqual([7, 8]);
    expect(made(noBase(of([...head(0, 2), 7, 8], 2)))).toEqual([7, 8]);
    expect(make(noBase(of([...head(1, 1), 1, 0, 8], 2)))).toBe("outside-base");
  });

  it("ends where the base does, and not behind it", () => {
    expect(made(of([...head(2, 0, 4_998), 2, 0], 2))).toEqual([134, 135]);
    expect(make(of([...head(2, 0, 4_999), 2, 0], 2))).toBe("outside-base");
  });

  it("has no record and no run of nothing", () => {
    expect(make(of([...head(0, 0), ...head(0, 1), 7], 1))).toBe("empty-record");
    expect(make(of([...head(0, 0, 0, true), ...head(0, 1), 7], 1))).toBe("empty-record");
    expect(make(of([...head(2, 0), 0, 0, 2, 0], 2))).toBe("bad-run");
    // One without others may be followed by another one.
    expect(made(of([...head(2, 0), 1, 0, 0, 1, 1], 2))).toEqual([0, 2]);
  });

  it("has no number of more than 28 bits", () => {
    expect(make(of([0x82, 0x80, 0x80, 0x80, 0, 0, 0, 1, 0], 1))).toBe("bad-number");
    expect(made(of([0x82, 0x80, 0x80, 0, 0, 0, 0x81, 0, 0], 1))).toEqual([0]);
  });

  it("adds carries to no neighbour, in runs of every length and place", () => {
    const random = new Random(6);
    for (let length = 1; length < 600; length += length < 80 ? 1 : 37) {
      for (let start = 0; start < 4; start++) {
        const corrections = random.bytes(start + length + 5).map((byte) => ((byte & 3) === 0 ? 0 : byte | 1));
        corrections.fill(0, 0, start).fill(0, start + length);
        for (const isMoved of [false, true]) {
          const instructions = Uint8Array.of(
            ...head(corrections.length, 0, 0, isMoved),
            ...runsOf(corrections, 1_000),
          );
          const high = random.bytes(2_000).map((byte) => byte | 0x80);
          const chunk = { base: high, imageOffset: 0, instructions, outputLength: corrections.length };
          expect(make(chunk)).toEqual(referencePatch(instructions, chunk));
        }
      }
    }
  });

  it("learns how far the addresses of a page have moved, and believes it as often as it was right", () => {
    const table = new Uint32Array(16).fill(0x3f41_2000).map((address, i) => address + 4 * i);
    // It moves by 8; one goes elsewhere, as does one after it was not believed at once; two, and the other is believed.
    const shifts = [8, 8, 8, 8, 100, 8, 100, 100, 100, 8, 8, 8, 100, 8, 8, 8];
    const corrections = new Uint8Array(64);
    let shift = 0;
    let trust = 0;
    shifts.forEach((moved, i) => {
      corrections[4 * i] = ((table[i] + moved) & 0xff) - ((table[i] + shift) & 0xff);
      if (moved === shift) trust = Math.min(3, trust + 1);
      else if (trust > 0) trust -= 1;
      else shift = moved;
    });
    const chunk = {
      base: new Uint8Array(table.buffer),
      instructions: Uint8Array.of(...head(64, 0, 0, true), ...runsOf(corrections, 1)),
      imageOffset: 0,
      outputLength: 64,
    };
    const words = new Uint32Array((make(chunk) as Uint8Array).buffer);
    expect([...words].map((word, i) => word - table[i])).toEqual(shifts);
    // Told of it but for eight words: where it changes its mind, and where it would not yet.
    expect(corrections.filter((correction) => correction !== 0).length).toBeLessThan(9);
  });

  it("has learnt nothing when it begins, and keeps what it has over records", () => {
    const table = new Uint8Array(new Uint32Array(4).fill(0x3f41_2000).buffer);
    const word = (isMoved: boolean, seek: number, ...runs: number[]): number[] => [
      ...head(4, 0, seek, isMoved),
      ...runs,
    ];
    const learn = [...word(true, 0, 0, 1, 8, 3, 0)];
    const chunk = (...instructions: number[]): Chunk => {
      return {
        base: table,
        instructions: Uint8Array.from(instructions),
        imageOffset: 0,
        outputLength: instructions.length > 8 ? 12 : 4,
      };
    };
    const firsts = (bytes: Uint8Array): number[] => [...bytes].filter((_, i) => i % 4 === 0);
    const all = chunk(...learn, ...word(false, 0, 4, 0), ...word(true, 0, 4, 0));
    expect(firsts(make(all) as Uint8Array)).toEqual([8, 0, 8]);
    expect(firsts(make(chunk(...word(true, 0, 4, 0))) as Uint8Array)).toEqual([0]);
  });

  it("guesses no word that its record does not have all of", () => {
    const table = new Uint8Array(new Uint32Array(3).fill(0x3f41_2000).buffer);
    const instructions = Uint8Array.of(...head(6, 0, 0, true), 0, 1, 8, 5, 0, ...head(6, 0, 0, true), 6, 0);
    const chunk = { base: table, instructions, imageOffset: 0, outputLength: 12 };
    expect(made(chunk)).toEqual([8, 0x20, 0x41, 0x3f, 0, 0x20, 0x41, 0x3f, 8, 0x20, 0x41, 0x3f]);
  });

  it("that goes on behind its output, or ends before it, is none", () => {
    expect(make(of([...head(2, 0), 2, 0, 0], 2))).toBe("output-too-long");
    expect(make(of([...head(3, 0), 3, 0], 2))).toBe("output-too-long");
    expect(make(of([...head(2, 0), 2, 0], 3))).toBe("output-too-short");
    expect(make(of([...head(0, 2), 7], 2))).toBe("output-too-short");
  });

  it("can be begun again after a place has thrown, or half-way", () => {
    const chunk = of([...head(4_500, 0), ...number(4_500), 0], 4_500);
    const expected = make(chunk);
    const write = places.write.bind(places);
    places.write = () => {
      throw new Error("flash");
    };
    expect(() => make(chunk)).toThrow("flash");
    places.write = write;
    decoder.begin({
      packedLength: places.packed.length,
      outputLength: 4_500,
      imageOffset: 0,
      baseLength: 5_000,
    });
    places.output = [];
    expect(decoder.step(1_024)).toBe("more");
    expect(make(chunk)).toEqual(expected);
  });
});
