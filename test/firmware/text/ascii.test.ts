import fc from "fast-check";
import { expect, it, test } from "vitest";
import {
  ascii,
  asciiText,
  equals,
  hexText,
  readHex,
  startsWith,
  writeHex,
} from "../../../firmware/text/ascii";
import { runs } from "../../density";

it("hex is written as Buffer writes it, in upper case, and read back in either case", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString("hex");
      expect(hexText(bytes)).toBe(text.toUpperCase());
      const out = new Uint8Array(2 * bytes.length + 3);
      expect(writeHex(bytes, out, 2)).toBe(2 + 2 * bytes.length);
      expect(asciiText(out, 2, 2 + 2 * bytes.length)).toBe(text.toUpperCase());
      expect([out[0], out[1], out[out.length - 1]]).toEqual([0, 0, 0]);
      for (const either of [text, text.toUpperCase()]) {
        expect(readHex(ascii(either), 0, either.length)).toEqual(bytes);
      }
    }),
    { seed: 1, numRuns: runs(300) },
  );
});

it("reading hex refuses whatever is none, and accepts nothing else than Buffer does", () => {
  const characters = fc.constantFrom(..."0129abfABFgG/:@`{ ");
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 8 }), (text) => {
      const valid = /^([0-9a-fA-F]{2})*$/.test(text);
      const bytes = readHex(ascii(text), 0, text.length);
      expect(bytes).toEqual(valid ? new Uint8Array(Buffer.from(text, "hex")) : undefined);
    }),
    { seed: 2, numRuns: runs(2000) },
  );
});

test.each([
  ["an odd number of digits", 0, 3],
  ["an end before the start", 4, 2],
  ["an end behind the text", 0, 8],
  ["a start behind the text", 6, 8],
])("reading hex refuses %s", (_what, start, end) => {
  expect(readHex(ascii("00ffAa"), start, end)).toBeUndefined();
});

it("reads digits from the middle of a line", () => {
  expect(readHex(ascii("+X: 3,00FF10,1"), 6, 12)).toEqual(new Uint8Array([0, 0xff, 0x10]));
});

it("ASCII there and back; what is none becomes a question mark", () => {
  const all = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i));
  expect(asciiText(ascii(all))).toBe(all);
  expect(asciiText(ascii("aé€b\x80"))).toBe("a??b?");
  expect(asciiText(new Uint8Array([0x41, 0xe9, 0xff]))).toBe("A\u00e9\u00ff");
  expect(asciiText(ascii("abcdef"), 2, 4)).toBe("cd");
});

it("compares bytes", () => {
  expect(startsWith(ascii("OK\r\n"), ascii("OK"))).toBe(true);
  expect(startsWith(ascii("O"), ascii("OK"))).toBe(false);
  expect(startsWith(ascii("KO"), ascii("OK"))).toBe(false);
  expect(startsWith(ascii("x"), ascii(""))).toBe(true);
  expect(equals(ascii("OK"), ascii("OK"))).toBe(true);
  expect(equals(ascii("OK "), ascii("OK"))).toBe(false);
  expect(equals(ascii(""), ascii(""))).toBe(true);
});
