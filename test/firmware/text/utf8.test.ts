import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../../firmware/text/utf8";
import { runs } from "../../density";

/** Node's own coder, strict and keeping a byte order mark, judges ours. */
const encoder = new TextEncoder();
function oracle(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

describe("the borders of the code", () => {
  const borders = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x10ffff];
  test.each(borders)("code point %i there and back", (point) => {
    const text = String.fromCodePoint(point);
    expect(encodeUtf8(text)).toEqual(encoder.encode(text));
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
  });

  test.each([
    ["a continuation without a start", "80"],
    ["an overlong slash in two bytes", "c0af"],
    ["an overlong form in two bytes", "c1bf"],
    ["an overlong form in three bytes", "e09fbf"],
    ["an overlong form in four bytes", "f08fbfbf"],
    ["the first surrogate", "eda080"],
    ["the last surrogate", "edbfbf"],
    ["one above the last code point", "f4908080"],
    ["a five-byte form", "f888808080"],
    ["fe", "fe"],
    ["ff", "ff"],
    ["a two-byte form cut short", "61c3"],
    ["a three-byte form cut short", "e282"],
    ["a four-byte form cut short", "f09f98"],
    ["a start in place of a continuation", "c3c3a9"],
  ])("%s is refused", (_what, digits) => {
    const bytes = new Uint8Array(Buffer.from(digits, "hex"));
    expect(decodeUtf8(bytes)).toBeUndefined();
    expect(oracle(bytes)).toBeUndefined();
  });

  it("lone surrogates become U+FFFD", () => {
    for (const text of ["\ud800", "\udc00", "a\ud83dz", "\ude00\ud83d"]) {
      expect(encodeUtf8(text)).toEqual(encoder.encode(text));
    }
  });
});

it("every text is encoded as TextEncoder does it, and comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const bytes = encodeUtf8(text);
      expect(bytes).toEqual(encoder.encode(text));
      expect(decodeUtf8(bytes)).toBe(text);
    }),
    { seed: 3629, numRuns: runs(500) },
  );
});

it("texts with lone surrogates are encoded as TextEncoder does it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }), (units) => {
      const text = String.fromCharCode(...units);
      expect(encodeUtf8(text)).toEqual(encoder.encode(text));
    }),
    { seed: 3630, numRuns: runs(500) },
  );
});

it("any bytes are read, or refused, as a strict TextDecoder does it", () => {
  const pieces = fc.constantFrom(
    "61",
    "c3a9",
    "e282ac",
    "f09f9880",
    "c0",
    "c1",
    "e0",
    "ed",
    "ee",
    "ef",
    "f0",
    "f4",
    "f5",
    "80",
    "8f",
    "90",
    "9f",
    "a0",
    "bf",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.array(pieces, { maxLength: 6 }).map((parts) => new Uint8Array(Buffer.from(parts.join(""), "hex"))),
      ),
      (bytes) => {
        expect(decodeUtf8(bytes)).toBe(oracle(bytes));
      },
    ),
    { seed: 3631, numRuns: runs(5000) },
  );
});

test("texts of every length come back, however they are cut into pieces", () => {
  for (let length = 0; length < 140; length++) {
    for (const character of ["a", "é", "😀"]) {
      const text = "x".repeat(length % 7) + character.repeat(length);
      expect(decodeUtf8(encoder.encode(text))).toBe(text);
    }
  }
});
