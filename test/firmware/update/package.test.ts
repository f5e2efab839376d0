/** Heads of packages and of chunks, written from docs/update-format.md by the test itself. */
import { describe, expect, it, test } from "vitest";
import fc from "fast-check";
import {
  chunkHeadLength,
  headLength,
  longestChunk,
  longestImage,
  longestOutput,
  readChunkHead,
  readPackageHead,
} from "../../../firmware/update/package";
import { runs } from "../../density";

interface Fields {
  format: number;
  kind: number;
  length: number;
  board: string;
  version: string;
  productKey: string;
  imageLength: number;
  imageDigest: Uint8Array;
  baseLength: number;
  baseDigest: Uint8Array;
  bodyLength: number;
  firstLength: number;
  firstDigest: Uint8Array;
  baseVersion: string;
  storage: number;
  changesStorage: number;
  signature: Uint8Array;
}

function headOf(fields: Fields): Uint8Array {
  const bytes = Buffer.alloc(280);
  bytes.write("EnUp", 0, "latin1");
  bytes.writeUInt8(fields.format, 4);
  bytes.writeUInt8(fields.kind, 5);
  bytes.writeUInt16BE(fields.length, 6);
  bytes.write(fields.board, 8, 24, "latin1");
  bytes.write(fields.version, 32, 24, "latin1");
  bytes.write(fields.productKey, 56, 24, "latin1");
  bytes.writeUInt32BE(fields.imageLength, 80);
  bytes.set(fields.imageDigest, 84);
  bytes.writeUInt32BE(fields.baseLength, 116);
  bytes.set(fields.baseDigest, 120);
  bytes.writeUInt32BE(fields.bodyLength, 152);
  bytes.writeUInt32BE(fields.firstLength, 156);
  bytes.set(fields.firstDigest, 160);
  bytes.write(fields.baseVersion, 176, 24, "latin1");
  bytes.writeUInt8(fields.storage, 200);
  bytes.writeUInt8(fields.changesStorage, 201);
  bytes.set(fields.signature, 216);
  return new Uint8Array(bytes);
}

const whole: Fields = {
  format: 1,
  kind: 0,
  length: 280,
  board: "m5stack-nbiot",
  version: "0.3.0",
  productKey: "",
  imageLength: 1_200_000,
  imageDigest: new Uint8Array(32).fill(1),
  baseLength: 0,
  baseDigest: new Uint8Array(32),
  bodyLength: 600_000,
  firstLength: 8_000,
  firstDigest: new Uint8Array(16).fill(2),
  baseVersion: "",
  storage: 1,
  changesStorage: 0,
  signature: new Uint8Array(64).fill(3),
};
const difference: Fields = {
  ...whole,
  kind: 1,
  productKey: "A1234567890123456789AbCd",
  baseLength: 1_190_000,
  baseDigest: new Uint8Array(32).fill(4),
  baseVersion: "0.2.0",
  changesStorage: 1,
};

describe("the head of a package", () => {
  it("of a whole image says what was written", () => {
    const bytes = headOf(whole);
    expect(readPackageHead(bytes)).toEqual({
      kind: "whole",
      board: "m5stack-nbiot",
      version: "0.3.0",
      productKey: "",
      imageLength: 1_200_000,
      imageDigest: whole.imageDigest,
      baseLength: 0,
      baseDigest: new Uint8Array(32),
      baseVersion: "",
      bodyLength: 600_000,
      first: { length: 8_000, digest: whole.firstDigest },
      storage: 1,
      changesStorage: false,
      signed: bytes.subarray(0, 216),
      signature: whole.signature,
    });
  });

  it("of a difference names its base", () => {
    expect(readPackageHead(headOf(difference))).toMatchObject({
      kind: "difference",
      productKey: "A1234567890123456789AbCd",
      baseLength: 1_190_000,
      baseDigest: difference.baseDigest,
      baseVersion: "0.2.0",
      changesStorage: true,
    });
  });

  it("is read where it lies, with more behind it", () => {
    const bytes = new Uint8Array(1_000).fill(0xee);
    bytes.set(headOf(whole), 3);
    expect(readPackageHead(bytes.subarray(3))).toEqual(readPackageHead(headOf(whole)));
    expect(readPackageHead(bytes)).toBe("no-package");
  });

  it("needs all of its bytes", () => {
    for (let length = 0; length < headLength; length++) {
      expect(readPackageHead(headOf(whole).subarray(0, length))).toBe("head-too-short");
    }
  });

  it("of a later format is told from what is malformed", () => {
    for (const changed of [{ format: 2 }, { format: 0 }, { length: 281 }, { length: 216 }]) {
      expect(readPackageHead(headOf({ ...whole, ...changed }))).toBe("unknown-format");
    }
  });

  const zero = new Uint8Array(32);
  test.each<[string, Fields]>([
    ["an unknown kind", { ...whole, kind: 2 }],
    ["no board", { ...whole, board: "" }],
    ["no version", { ...whole, version: "" }],
    ["a name with a space", { ...whole, board: "m5 stack" }],
    ["a name with a control", { ...whole, version: "0.3.0\n" }],
    ["a name that is no ASCII", { ...whole, productKey: "ä" }],
    ["a name that goes on behind a zero", { ...whole, board: "m5\0stack" }],
    ["no image", { ...whole, imageLength: 0 }],
    ["an image of more than any flash has", { ...whole, imageLength: longestImage + 1 }],
    ["a base of more", { ...difference, baseLength: longestImage + 1 }],
    ["a difference without a base", { ...difference, baseLength: 0, baseDigest: zero, baseVersion: "" }],
    ["a whole image with a base", { ...whole, baseLength: 1 }],
    ["a whole image with a base's digest", { ...whole, baseDigest: difference.baseDigest }],
    ["a whole image with a base's version", { ...whole, baseVersion: "0.2.0" }],
    ["a first chunk of nothing", { ...whole, firstLength: chunkHeadLength }],
    ["a first chunk that is too long", { ...whole, firstLength: longestChunk + 1 }],
    ["a first chunk longer than all", { ...whole, bodyLength: 7_999 }],
    ["a body that no image has", { ...whole, bodyLength: 0xffff_ffff }],
    ["an unknown flag", { ...whole, changesStorage: 2 }],
  ])("with %s is malformed", (_, fields) => {
    expect(readPackageHead(headOf(fields))).toBe("malformed-head");
  });

  it("has nothing in its reserved bytes", () => {
    for (let at = 202; at < 216; at++) {
      const bytes = headOf(whole);
      bytes[at] = 1;
      expect(readPackageHead(bytes)).toBe("malformed-head");
    }
  });

  test("any bytes are read or refused, and what is read can be true", () => {
    const damages = fc.array(fc.tuple(fc.nat(headLength - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 4,
    });
    let read = 0;
    fc.assert(
      fc.property(fc.constantFrom(whole, difference), damages, (fields, all) => {
        const bytes = headOf(fields);
        for (const [at, value] of all) bytes[at] = value;
        const head = readPackageHead(bytes);
        if (typeof head === "string") return;
        read += 1;
        expect(head.kind === "difference").toBe(head.baseLength > 0);
        expect(head.imageLength > 0 && head.imageLength <= longestImage).toBe(true);
        expect(head.first.length > chunkHeadLength && head.first.length <= longestChunk).toBe(true);
        expect(head.bodyLength).toBeGreaterThanOrEqual(head.first.length);
        expect(head.board).toMatch(/^[!-~]{1,24}$/);
        expect(head.version).toMatch(/^[!-~]{1,24}$/);
        expect(head.productKey + head.baseVersion).toMatch(/^[!-~]*$/);
        // Every byte counts: written again it is the same.
        const { kind, first, changesStorage } = head;
        const again = headOf({
          ...{ ...head, format: 1, length: 280, kind: kind === "whole" ? 0 : 1 },
          ...{ firstLength: first.length, firstDigest: first.digest, changesStorage: changesStorage ? 1 : 0 },
        });
        expect(again).toEqual(bytes);
      }),
      { numRuns: runs(3_000) },
    );
    expect(read).toBeGreaterThan(20);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 280, maxLength: 300 }), (bytes) => {
        expect(typeof readPackageHead(bytes)).toBe("string");
      }),
      { numRuns: runs(500) },
    );
  });
});

describe("the head of a chunk", () => {
  const chunk = (output: number, next: number, digest: number): Uint8Array => {
    const bytes = Buffer.alloc(24, digest);
    bytes.writeUInt32BE(output, 0);
    bytes.writeUInt32BE(next, 4);
    return new Uint8Array(bytes);
  };

  it("names the next one", () => {
    const next = { length: 8_192, digest: new Uint8Array(16).fill(9) };
    expect(readChunkHead(chunk(longestOutput, 8_192, 9))).toEqual({ outputLength: longestOutput, next });
  });

  it("of the last one may make any number of bytes", () => {
    expect(readChunkHead(chunk(1, 0, 0))).toEqual({ outputLength: 1, next: undefined });
  });

  test.each([
    ["no output", chunk(0, 25, 9)],
    ["too much output", chunk(longestOutput + 4_096, 25, 9)],
    ["output that ends within a sector, before another chunk", chunk(4_097, 25, 9)],
    ["a next one of nothing", chunk(4_096, 24, 9)],
    ["a next one that is too long", chunk(4_096, 8_193, 9)],
    ["a digest of nothing", chunk(4_096, 0, 9)],
  ])("with %s is malformed", (_, bytes) => expect(readChunkHead(bytes)).toBe("malformed-chunk"));

  it("needs all of its bytes", () => {
    expect(readChunkHead(chunk(4_096, 25, 9).subarray(0, 23))).toBe("chunk-too-short");
  });

  test("any bytes are read or refused, and what is read can be true", () => {
    fc.assert(
      fc.property(fc.nat(longestOutput + 10_000), fc.nat(9_000), fc.nat(255), (output, next, digest) => {
        const head = readChunkHead(chunk(output, next, digest));
        const sound =
          output > 0 &&
          output <= longestOutput &&
          (next === 0 ? digest === 0 : next > 24 && next <= 8_192 && output % 4_096 === 0);
        expect(typeof head !== "string").toBe(sound);
      }),
      { numRuns: runs(1_000) },
    );
  });
});
