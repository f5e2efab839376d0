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
    const base = random.bytes(baseLength);
    const records = drawRecords(random, outputLength, baseLength, imageOffset * 4_096);
    const length = records.reduce((sum, { difference, extra }) => sum + difference.length + extra.length, 0);
    const instructions = instructionsOf(records, fewestZeros);
    return { base, instructions, imageOffset: imageOffset * 4_096, outputLength: length };
  });

const slices = fc.constantFrom(1, 1_024, 1_025, 4_096, 1_000_000);

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

  it("of the format's example makes what docs/update-format.md says", () => {
    // Six bytes from 10 on, of which the third is two more, and two that the base does not have.
    const example = of([6, 2, 20, 2, 1, 2, 3, 0, 0xaa, 0xbb], 8);
    expect([...(make(example) as Uint8Array)]).toEqual([10, 11, 14, 13, 14, 15, 0xaa, 0xbb]);
  });

  it("begins in the base where it begins in the image", () => {
    expect([...(make(of([3, 0, 0, 3, 0], 3, 4_096)) as Uint8Array)]).toEqual([0, 1, 2]);
    expect([...(make(of([3, 0, ...zigzag(-4_096), 3, 0], 3, 4_096)) as Uint8Array)]).toEqual([0, 1, 2]);
    expect(make(of([3, 0, ...zigzag(-4_097), 3, 0], 3, 4_096))).toBe("outside-base");
  });

  it("of an image that has outgrown its base need not go back to it", () => {
    expect([...(make(of([0, 2, 0, 7, 8], 2, 8_192)) as Uint8Array)]).toEqual([7, 8]);
    expect([...(make(noBase(of([0, 2, 0, 7, 8], 2))) as Uint8Array)]).toEqual([7, 8]);
    expect(make(noBase(of([1, 1, 0, 1, 0, 8], 2)))).toBe("outside-base");
  });

  it("ends where the base does, and not behind it", () => {
    expect([...(make(of([2, 0, ...zigzag(4_998), 2, 0], 2)) as Uint8Array)]).toEqual([134, 135]);
    expect(make(of([2, 0, ...zigzag(4_999), 2, 0], 2))).toBe("outside-base");
  });

  it("has no record and no run of nothing", () => {
    expect(make(of([0, 0, 0, 0, 1, 0, 7], 1))).toBe("empty-record");
    expect(make(of([2, 0, 0, 0, 0, 2, 0], 2))).toBe("bad-run");
    // One without others may be followed by another one.
    expect([...(make(of([2, 0, 0, 1, 0, 0, 1, 1], 2)) as Uint8Array)]).toEqual([0, 2]);
  });

  it("has no number of more than 28 bits", () => {
    expect(make(of([0x81, 0x80, 0x80, 0x80, 0, 0, 0, 1, 0], 1))).toBe("bad-number");
    expect([...(make(of([0x81, 0x80, 0x80, 0, 0, 0, 0x81, 0, 0], 1)) as Uint8Array)]).toEqual([0]);
  });

  it("adds carries to no neighbour, in runs of every length and place", () => {
    const random = new Random(6);
    for (let length = 1; length < 600; length += length < 80 ? 1 : 37) {
      for (let start = 0; start < 4; start++) {
        const difference = random.bytes(start + length + 5).map((byte) => ((byte & 3) === 0 ? 0 : byte | 1));
        difference.fill(0, 0, start).fill(0, start + length);
        const rough = { base: random.bytes(2_000).map((byte) => byte | 0x80), imageOffset: 0 };
        const instructions = Uint8Array.of(...number(difference.length), 0, 0, ...runsOf(difference, 1_000));
        const chunk = { ...rough, instructions, outputLength: difference.length };
        expect(make(chunk)).toEqual(referencePatch(instructions, chunk));
      }
    }
  });

  it("that goes on behind its output, or ends before it, is none", () => {
    expect(make(of([2, 0, 0, 2, 0, 0], 2))).toBe("output-too-long");
    expect(make(of([3, 0, 0, 3, 0], 2))).toBe("output-too-long");
    expect(make(of([2, 0, 0, 2, 0], 3))).toBe("output-too-short");
    expect(make(of([0, 2, 0, 7], 2))).toBe("output-too-short");
  });

  it("can be begun again after a place has thrown, or half-way", () => {
    const chunk = of([...number(4_500), 0, 0, ...number(4_500), 0], 4_500);
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
