import { expect, test } from "vitest";
import { isObject, parseJsonObject } from "../../../firmware/text/json";

test.each([[{}], [{ a: 1 }], [Object.create(null)]])("%o is an object", (value: unknown) => {
  expect(isObject(value)).toBe(true);
});

test.each([[null], [undefined], [[]], [[1]], ["{}"], [1], [true]])("%o is none", (value: unknown) => {
  expect(isObject(value)).toBe(false);
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a JSON object is read from its bytes", () => {
  expect(parseJsonObject(bytesOf(' {"a": [1, null]} '))).toEqual({ a: [1, null] });
});

test.each(["", "null", "[1]", "1", '"a"', "{", '{"a":1}x'])("%o gives none", (text) => {
  expect(parseJsonObject(bytesOf(text))).toBeUndefined();
});

test("bytes that are not UTF-8 give none", () => {
  expect(parseJsonObject(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toBeUndefined();
});
