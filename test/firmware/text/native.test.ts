/** With XS's natives for text, which Node 20 lacks, the results are the same as without. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ascii, asciiText, equals, writeHex } from "../../../firmware/text/ascii";
import { nativeAscii, nativeHex } from "../../../firmware/text/native";
import { encodeUtf8, utf8Length } from "../../../firmware/text/utf8";
import { runs } from "../../density";

const before = [
  [ArrayBuffer, "fromString", Object.getOwnPropertyDescriptor(ArrayBuffer, "fromString")],
  [Uint8Array.prototype, "toHex", Object.getOwnPropertyDescriptor(Uint8Array.prototype, "toHex")],
] as const;

function take(natives: boolean): void {
  for (const [owner, name] of before) delete (owner as unknown as Record<string, unknown>)[name];
  if (!natives) return;
  Object.defineProperty(ArrayBuffer, "fromString", { value: fromString, configurable: true });
  Object.defineProperty(Uint8Array.prototype, "toHex", {
    value(this: Uint8Array) {
      return Buffer.from(this).toString("hex");
    },
    configurable: true,
  });
}

/** XS keeps NUL in two bytes, and a lone surrogate as it is. */
function fromString(text: string): ArrayBuffer {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (point === 0) bytes.push(0xc0, 0x80);
    else if (point >= 0xd800 && point <= 0xdfff)
      bytes.push(0xed, 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    else bytes.push(...Buffer.from(character));
  }
  return new Uint8Array(bytes).buffer;
}

beforeEach(() => take(true));
afterEach(() => {
  take(false);
  for (const [owner, name, property] of before) {
    if (property !== undefined) Object.defineProperty(owner, name, property);
  }
});

/** What comes of it without natives, and with them. */
function both<T>(make: () => T): readonly [T, T] {
  take(false);
  const without = make();
  take(true);
  return [without, make()];
}

const texts = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.constantFrom(0, 0x41, 0x7f, 0x80, 0xd800, 0xdfff, 0xfffd), { maxLength: 6 }).map((units) => {
    return String.fromCharCode(...units);
  }),
);

it("texts become the same bytes", () => {
  fc.assert(
    fc.property(texts, (text) => {
      for (const make of [ascii, encodeUtf8, utf8Length]) {
        const [without, natively] = both<unknown>(() => make(text));
        expect(natively).toEqual(without);
      }
    }),
    { seed: 1, numRuns: runs(500) },
  );
});

it("bytes become the same hex, in pieces too", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5), (bytes, offset) => {
      const [without, natively] = both(() => {
        const out = new Uint8Array(2 * bytes.length + offset + 1);
        return [writeHex(bytes, out, offset), out] as const;
      });
      expect(natively).toEqual(without);
      expect(asciiText(natively[1], offset, natively[0])).toBe(
        Buffer.from(bytes).toString("hex").toUpperCase(),
      );
    }),
    { seed: 2, numRuns: runs(500) },
  );
});

it("bytes that differ anywhere are told from the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(250), (bytes, place) => {
      const other = bytes.slice();
      if (place < other.length) other[place] ^= 1;
      expect(both(() => equals(bytes, other))).toEqual([place >= bytes.length, place >= bytes.length]);
      expect(both(() => equals(bytes, bytes.subarray(1)))).toEqual([bytes.length === 0, bytes.length === 0]);
    }),
    { seed: 3, numRuns: runs(500) },
  );
});

it("natives are used where they are, and for ASCII alone", () => {
  expect(nativeAscii("AT+CSQ")).toEqual(new Uint8Array(Buffer.from("AT+CSQ")));
  for (const text of ["\0", "é", "😀", "\ud800"]) expect(nativeAscii(text)).toBeUndefined();
  const out = new Uint8Array(2);
  expect(nativeHex(new Uint8Array([0xab]), out, 0)).toBe(true);
  expect(asciiText(out)).toBe("AB");
  take(false);
  expect(nativeAscii("AT+CSQ")).toBeUndefined();
  expect(nativeHex(new Uint8Array([0xab]), out, 0)).toBe(false);
});
