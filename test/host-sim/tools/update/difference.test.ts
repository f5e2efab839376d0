/** Stretches make the whole image, take what there is to take, and are found in time whatever the images are. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { difference } from "../../../../host-sim/tools/update/difference";
import { Random } from "../../../../host-sim/sim/time/random";
import type { Stretch } from "../../../../host-sim/tools/update/difference";

/** Bytes that are new, once all stretches are found right. */
function newBytes(base: Uint8Array, image: Uint8Array, stretches: readonly Stretch[]): number {
  let [at, added] = [0, 0];
  for (const stretch of stretches) {
    expect(stretch.at).toBe(at);
    expect(Math.min(stretch.alike, stretch.extra, stretch.base)).toBeGreaterThanOrEqual(0);
    expect(stretch.base + stretch.alike).toBeLessThanOrEqual(base.length);
    at += stretch.alike + stretch.extra;
    added += stretch.extra;
  }
  expect(at).toBe(image.length);
  return added;
}

const of = (length: number, byte: (i: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => byte(i));

describe("stretches", () => {
  it("make the whole image, whatever both are", () => {
    const bytes = (most: number) =>
      fc.array(fc.integer({ min: 0, max: most }), { maxLength: 300 }).map((list) => Uint8Array.from(list));
    const images = fc.oneof(
      fc.tuple(bytes(1), bytes(1)),
      fc.tuple(bytes(3), bytes(3)),
      fc.tuple(bytes(255), bytes(255)),
    );
    fc.assert(
      fc.property(images, ([base, image]) => void newBytes(base, image, difference(base, image))),
      { numRuns: 2_000 },
    );
  });

  it("find a piece that was put in, one that was taken out, and blocks that changed places", () => {
    const base = new Random("base").bytes(60_000);
    const piece = new Random("piece").bytes(100);
    const parts = (...list: Uint8Array[]) => new Uint8Array(Buffer.concat(list));
    const withPiece = parts(base.subarray(0, 20_000), piece, base.subarray(20_000));
    expect(newBytes(base, withPiece, difference(base, withPiece))).toBe(100);
    const without = parts(base.subarray(0, 20_000), base.subarray(21_000));
    expect(newBytes(base, without, difference(base, without))).toBe(0);
    const turned = parts(base.subarray(30_000), base.subarray(0, 30_000));
    expect(newBytes(base, turned, difference(base, turned))).toBe(0);
  });

  it("go on over words that have all changed by the same amount", () => {
    const words = (shift: number) => {
      const bytes = Buffer.alloc(40_000);
      const random = new Random("addresses");
      for (let at = 0; at < bytes.length; at += 4)
        bytes.writeUInt32LE(0x3f40_0000 + Math.floor(random.between(0, 0x8_0000)) + shift, at);
      return new Uint8Array(bytes);
    };
    const [base, image] = [words(0), words(200)];
    expect(newBytes(base, image, difference(base, image))).toBeLessThan(400);
  });

  it.each<[string, (i: number) => number, (i: number) => number]>([
    ["zeros", () => 0, () => 0],
    ["zeros and ones", () => 0, () => 1],
    ["two periods that nearly meet", (i) => (i % 1_000 === 0 ? 1 : 0), (i) => (i % 1_001 === 0 ? 1 : 0)],
    ["squares, one later", (i) => (i * i) % 251, (i) => ((i + 1) * (i + 1)) % 251],
    ["a byte in ten changed", (i) => (i * 7_919) % 256, (i) => (i * 7_919 + (i % 10 === 0 ? 1 : 0)) % 256],
    ["zeros with a byte in twenty changed", () => 0, (i) => (i % 20 === 0 ? 1 : 0)],
  ])("of 600 kB are found within seconds: %s", (_, before, after) => {
    const [base, image] = [of(600_000, before), of(600_000, after)];
    const began = performance.now();
    newBytes(base, image, difference(base, image));
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it("of images without bytes", () => {
    expect(difference(new Uint8Array(0), new Uint8Array(0))).toEqual([]);
    expect(difference(new Uint8Array(9), new Uint8Array(0))).toEqual([]);
    expect(difference(new Uint8Array(0), new Uint8Array(9))).toEqual([
      { at: 0, base: 0, alike: 0, extra: 9 },
    ]);
  });
});
