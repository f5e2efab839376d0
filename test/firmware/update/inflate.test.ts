/** Inflate against zlib, which packs what it unpacks, and against a second reading of RFC 1951 for what is no stream. */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import fc from "fast-check";
import { Inflate, inflateMemory, windowLength } from "../../../firmware/update/inflate";
import { Random } from "../../../host-sim/sim/time/random";
import { runs } from "../../density";
import { referenceInflate } from "./reference-inflate";
import type { InflateFault } from "../../../firmware/update/inflate";

/** Unpacks in one go or as somebody does who leaves some bytes each time. */
function unpack(packed: Uint8Array, left = 0, inflate?: Inflate): Uint8Array | InflateFault {
  const reader = inflate ?? readerOf({ packed });
  reader.begin(packed.length);
  const parts: Uint8Array[] = [];
  for (;;) {
    const fault = reader.fill();
    if (fault !== undefined) return fault;
    const end = reader.ended ? reader.made : Math.max(reader.taken, reader.made - left);
    expect(reader.made).toBeLessThanOrEqual(inflateMemory - 28);
    parts.push(reader.bytes.slice(reader.taken, end));
    reader.taken = end;
    if (reader.ended) return Buffer.concat(parts);
  }
}

/** One whose packed bytes are those of `source` at the time, and that is never asked for others. */
function readerOf(source: { packed: Uint8Array }): Inflate {
  return new Inflate(new ArrayBuffer(inflateMemory), {
    readPacked(buffer, offset) {
      const { packed } = source;
      expect(offset >= 0 && buffer.length > 0 && offset + buffer.length <= packed.length).toBe(true);
      buffer.set(packed.subarray(offset, offset + buffer.length));
    },
  });
}

const packings = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
    constants.Z_FILTERED,
  ),
  memLevel: fc.integer({ min: 3, max: 9 }),
  windowBits: fc.constantFrom(9, 10, 11),
});

/** Bytes as they come in images: noise, few different ones, words that are alike, stretches of the same. */
const material = fc
  .record({
    seed: fc.integer(),
    parts: fc.array(
      fc.record({ kind: fc.integer({ min: 0, max: 5 }), length: fc.integer({ min: 0, max: 3_000 }) }),
      {
        maxLength: 8,
      },
    ),
  })
  .map(({ seed, parts }) => {
    const random = new Random(seed);
    return Buffer.concat(parts.map(({ kind, length }) => stretch(kind, length, random)));
  });

function stretch(kind: number, length: number, random: Random): Uint8Array {
  const bytes = random.bytes(length);
  switch (kind) {
    case 0:
      return bytes;
    case 1:
      return bytes.fill(random.bytes(1)[0]);
    case 2:
      return bytes.map((byte) => byte & 3);
    case 3:
      return bytes.map((byte, i) => (i % 4 === 0 ? 0x18 + (byte & 1) : 0));
    case 4: // Few often and many seldom, which makes long codes.
      return bytes.map((byte) => Math.floor(-Math.log2((byte + 1) / 257) * 30) & 0xff);
    default: {
      const period = 1 + (bytes[0] ?? 0);
      return bytes.map((_, i) => bytes[i % period]);
    }
  }
}

test("what zlib packs comes out as it went in", () => {
  const source = { packed: new Uint8Array(0) };
  const inflate = readerOf(source);
  fc.assert(
    fc.property(material, packings, fc.integer({ min: 0, max: 15 }), (bytes, packing, left) => {
      source.packed = deflateRawSync(bytes, packing);
      // The same one again and again, after streams of all kinds.
      const unpacked = unpack(source.packed, left, inflate);
      if (unpacked === "too-many-blocks") {
        expect(referenceInflate(source.packed)!.blocks).toBeGreaterThan(32);
        return;
      }
      expect(Buffer.compare(unpacked as Uint8Array, bytes)).toBe(0);
    }),
    { numRuns: runs(1_500) },
  );
});

/** Holds what comes of any bytes to the reference; the fault. */
function faultOf(packed: Uint8Array): InflateFault | undefined {
  const expected = referenceInflate(packed, 300_000);
  const unpacked = unpack(packed, 3);
  if (typeof unpacked === "string") {
    if (expected === undefined) return unpacked;
    // A whole stream: too many blocks, or a match further back than the window, or something behind it.
    const { blocks, furthest, used } = expected;
    if (unpacked === "too-many-blocks") expect(blocks).toBeGreaterThan(32);
    else if (unpacked === "bad-distance") expect(furthest).toBeGreaterThan(windowLength);
    else {
      expect(unpacked).toBe("packed-too-long");
      expect(used).toBeLessThan(packed.length);
    }
    return unpacked;
  }
  expect(Buffer.compare(unpacked, Uint8Array.from(expected!.bytes))).toBe(0);
  expect(Buffer.compare(inflateRawSync(packed), unpacked)).toBe(0);
  return undefined;
}

test("streams that are damaged are taken or refused as RFC 1951 says", () => {
  const damage = fc.array(
    fc.record({ at: fc.nat(4_000), how: fc.nat(3), value: fc.integer({ min: 0, max: 255 }) }),
    { minLength: 1, maxLength: 4 },
  );
  let taken = 0;
  const faults = new Set<string>();
  fc.assert(
    fc.property(material, packings, damage, (bytes, packing, damages) => {
      let packed = new Uint8Array(deflateRawSync(bytes.subarray(0, 2_000), packing));
      for (const { at, how, value } of damages) {
        // Most of them hit the head, where lengths and kinds are.
        const place = (how === 0 ? at : at % 60) % packed.length;
        if (how === 3) packed = packed.slice(0, place + 1);
        else packed[place] = how === 2 ? packed[place] ^ (1 << (value & 7)) : value;
      }
      const fault = faultOf(packed);
      if (fault === undefined) taken += 1;
      else faults.add(fault);
    }),
    { numRuns: runs(3_000) },
  );
  expect(taken).toBeGreaterThan(5);
  expect([...faults].sort()).toEqual(
    expect.arrayContaining(["bad-block", "bad-code", "bad-lengths", "packed-too-long", "packed-too-short"]),
  );
});

test("noise is no stream, and ends all the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
      faultOf(noise);
    }),
    { numRuns: runs(4_000) },
  );
});

it("takes a match over the whole window, and none beyond it", () => {
  const bytes = new Uint8Array(8_000);
  const random = new Random(2);
  bytes.set(random.bytes(8_000));
  bytes.set(bytes.subarray(1_000, 1_040), 3_000);
  bytes.copyWithin(6_000, 6_000 - windowLength, 6_000 - windowLength + 258);
  // zlib itself stays 262 bytes within its window, so a match as far as this comes from a window of twice the size.
  const packed = deflateRawSync(bytes, { level: 9, windowBits: 12 });
  expect(referenceInflate(packed)!.furthest).toBe(windowLength);
  expect(Buffer.compare(unpack(packed) as Uint8Array, bytes)).toBe(0);
  bytes.set(random.bytes(300), 6_000);
  bytes.copyWithin(6_000, 6_000 - windowLength - 1, 6_000 - windowLength - 1 + 258);
  expect(unpack(deflateRawSync(bytes, { level: 9, windowBits: 12 }))).toBe("bad-distance");
});

it("takes 32 blocks, and no more", () => {
  const blocks = (count: number): Uint8Array => {
    const packed = new Uint8Array(6 * count);
    for (let i = 0; i < count; i++) packed.set([i === count - 1 ? 1 : 0, 1, 0, 0xfe, 0xff, i], 6 * i);
    return packed;
  };
  expect(unpack(blocks(32))).toEqual(Buffer.from(Array.from({ length: 32 }, (_, i) => i)));
  expect(unpack(blocks(33))).toBe("too-many-blocks");
});

it("takes a stored block that is longer than its memory, at any bit", () => {
  const bytes = new Random(3).bytes(40_000);
  const stored = Buffer.concat([Buffer.of(1, 0x40, 0x9c, 0xbf, 0x63), bytes]);
  expect(Buffer.compare(unpack(stored, 7) as Uint8Array, bytes)).toBe(0);
  // Behind the seven bits of an end of block with fixed codes, and its three: 000 + 0000000 | 1 00 …
  const behind = Buffer.concat([Buffer.of(0x02, 0x04, 0x40, 0x9c, 0xbf, 0x63), bytes]);
  expect(Buffer.compare(unpack(behind) as Uint8Array, bytes)).toBe(0);
});

it("refuses what ends too early or goes on behind its end", () => {
  const packed = deflateRawSync(Buffer.from("firmware, firmware, firmware"));
  for (let length = 1; length < packed.length; length++) {
    expect(unpack(packed.subarray(0, length))).toBe("packed-too-short");
  }
  expect(unpack(Buffer.concat([packed, Buffer.of(0)]))).toBe("packed-too-long");
});

test("what reading throws comes out of it, and it can begin again", () => {
  const bytes = new Random(4).bytes(900);
  const packed = deflateRawSync(bytes);
  let broken = true;
  const readPacked = (buffer: Uint8Array, offset: number): void => {
    if (broken && offset > 0) throw new Error("flash");
    buffer.set(packed.subarray(offset, offset + buffer.length));
  };
  const inflate = new Inflate(new ArrayBuffer(inflateMemory), { readPacked });
  inflate.begin(packed.length);
  expect(() => {
    while (inflate.fill() === undefined) inflate.taken = inflate.made;
  }).toThrow("flash");
  broken = false;
  expect(Buffer.compare(unpack(packed, 0, inflate) as Uint8Array, bytes)).toBe(0);
});

/** Writes bits as deflate has them: numbers from the lowest bit on, codes from the highest. */
class Bits {
  readonly #bits: number[] = [];

  number(value: number, count: number): this {
    for (let i = 0; i < count; i++) this.#bits.push((value >> i) & 1);
    return this;
  }

  code(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) this.#bits.push((value >> i) & 1);
    return this;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(this.#bits.length / 8));
    this.#bits.forEach((bit, i) => (bytes[i >> 3] |= bit << (i & 7)));
    return bytes;
  }
}

/** The head of a block whose codes have these lengths, each of them told by itself, in 4 bits. */
function blockOf(symbols: readonly number[], distances: readonly number[]): Bits {
  const bits = new Bits().number(1, 1).number(2, 2);
  bits.number(symbols.length - 257, 5).number(distances.length - 1, 5);
  // 16 to 18 have no codes; the sixteen lengths themselves have those of 4 bits.
  bits.number(15, 4);
  for (let i = 0; i < 19; i++) bits.number(i < 3 ? 0 : 4, 3);
  for (const length of [...symbols, ...distances]) bits.code(length, 4);
  return bits;
}

describe("codes of a block", () => {
  /** Two symbols with a bit each, 0 and the end, and others by their numbers. */
  const symbols = (lengths: Readonly<Record<number, number>>, count = 257): number[] =>
    Array.from({ length: count }, (_, symbol) => lengths[symbol] ?? 0);

  it("have an end of the block among them", () => {
    expect(
      unpack(
        blockOf(symbols({ 0: 1, 256: 1 }), [0])
          .code(0, 1)
          .code(1, 1)
          .bytes(),
      ),
    ).toEqual(Buffer.of(0));
    expect(
      unpack(
        blockOf(symbols({ 0: 1, 1: 1 }), [0])
          .code(0, 1)
          .code(1, 1)
          .bytes(),
      ),
    ).toBe("bad-lengths");
  });

  it("leave nothing open, not even one code of 15 bits, and are not too many by one", () => {
    const lengths = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [i, i + 1]));
    const whole = symbols({ ...lengths, 14: 15, 256: 15 });
    expect(unpack(blockOf(whole, [0]).code(0x7ffe, 15).code(0x7fff, 15).bytes())).toEqual(Buffer.of(14));
    const open = symbols({ ...lengths, 256: 15 });
    expect(unpack(blockOf(open, [0]).code(0x7ffe, 15).bytes())).toBe("bad-lengths");
    const tooMany = symbols({ ...lengths, 14: 15, 15: 15, 256: 15 });
    expect(unpack(blockOf(tooMany, [0]).code(0x7ffe, 15).bytes())).toBe("bad-lengths");
  });

  it("may be one of a bit, of which the other bit stands for nothing", () => {
    const match = symbols({ 0: 1, 256: 2, 257: 2 }, 258);
    const one = (bit: number): Uint8Array =>
      blockOf(match, [1]).code(0, 1).code(3, 2).code(bit, 1).code(2, 2).bytes();
    expect(unpack(one(0))).toEqual(Buffer.of(0, 0, 0, 0));
    expect(unpack(one(1))).toBe("bad-code");
    expect(unpack(blockOf(match, [0]).code(0, 1).code(3, 2).code(0, 1).code(2, 2).bytes())).toBe("bad-code");
    expect(unpack(blockOf(match, [2]).code(0, 1).code(3, 2).code(0, 2).code(2, 2).bytes())).toBe(
      "bad-lengths",
    );
  });

  it("reach back to the first byte and not before it", () => {
    const match = symbols({ 0: 1, 256: 2, 257: 2 }, 258);
    const back = (distance: number): Uint8Array =>
      blockOf(match, [2, 2, 2, 2])
        .code(0, 1)
        .code(0, 1)
        .code(3, 2)
        .code(distance - 1, 2)
        .code(2, 2)
        .bytes();
    expect(unpack(back(2))).toEqual(Buffer.alloc(5));
    expect(unpack(back(3))).toBe("bad-distance");
  });
});
