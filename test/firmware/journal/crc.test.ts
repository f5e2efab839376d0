import { crc32 as oracle } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc16, crc32 } from "../../../firmware/journal/crc";

const check = new TextEncoder().encode("123456789");

test("both give the check values of their catalogue", () => {
  expect(crc32(check, 0, 9)).toBe(0xcbf4_3926);
  expect(crc16(check, 0, 9)).toBe(0x29b1);
});

test("CRC-32 is zlib's, in one go or in two", () => {
  // Node has it from 20.15 on.
  if (typeof oracle !== "function") return;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
      const middle = Math.min(cut, bytes.length);
      expect(crc32(bytes, 0, bytes.length)).toBe(oracle(bytes));
      expect(crc32(bytes, middle, bytes.length, crc32(bytes, 0, middle))).toBe(oracle(bytes));
    }),
  );
});
