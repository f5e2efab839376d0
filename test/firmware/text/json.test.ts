import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { MemberNames } from "../../../firmware/text/member-names";
import { isObject, jsonExcess, parseJsonObject, textMember } from "../../../firmware/text/json";

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

describe("what is too much for a parser that recurses", () => {
  const excessOf = (text: string): string | undefined => jsonExcess(bytesOf(text));
  const nested = (levels: number, inner = ""): string => "[".repeat(levels) + inner + "]".repeat(levels);

  test.each([
    ["8,000 arrays that open", "[".repeat(8_000), "too-deep"],
    ["objects within objects", '{"a":'.repeat(1_600), "too-deep"],
    ["17 levels", nested(17), "too-deep"],
    ["17 levels behind a string with an escaped quote", `["a\\"",${nested(16)}]`, "too-deep"],
    ["17 levels behind a string that ends in a backslash", `["a\\\\",${nested(16)}]`, "too-deep"],
    ["more than a body can hold", `"${"a".repeat(8_191)}"`, "too-long"],
    ["more elements than memory is there for", `[${"[],".repeat(2_000)}1]`, "too-many-values"],
    ["a number of 65 digits", `[${"9".repeat(65)}]`, "too-many-digits"],
  ])("%s", (_what, text, excess) => {
    expect(excessOf(text)).toBe(excess);
    expect(parseJsonObject(bytesOf(text))).toBe(excess);
  });

  test.each([
    ["16 levels", nested(16)],
    ["arrays side by side", `[${"[],".repeat(400)}[]]`],
    ["brackets inside a string", `"${"[{".repeat(2_000)}"`],
    ["brackets behind an escaped quote", `"\\"${"[".repeat(100)}"`],
    ["a number of 64 digits", "9".repeat(64)],
    ["digits inside a string", `"${"9".repeat(1_000)}"`],
    ["a string that does not end", `"${"[".repeat(100)}`],
    ["a backslash at the end", '"\\'],
    ["nothing", ""],
  ])("not %s", (_what, text) => expect(excessOf(text)).toBeUndefined());

  it("is as deep as the parser finds it, for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
        const text = JSON.stringify(value);
        expect(excessOf(text) === "too-deep").toBe(depthOf(value) > 16);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe("names of members, of which XS forgets none", () => {
  const objectOf = (names: readonly string[]): Uint8Array =>
    bytesOf(`{${names.map((name) => `"${name}" : {"v":0}`).join(",")}}`);
  const numbered = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `n${from + i}`);

  it("are taken as long as there is room for them, and the known ones ever after", () => {
    const names = new MemberNames(() => 0.3);
    let parsed = 0;
    for (let from = 0; ; from += 50) {
      const result = parseJsonObject(objectOf(numbered(1_000 + from, 50)), undefined, names);
      if (result === "too-many-names") break;
      expect(Object.keys(result as object)).toHaveLength(50);
      parsed += 50;
    }
    expect(parsed).toBe(200);
    expect(isObject(parseJsonObject(objectOf(numbered(1_000, 200)), undefined, names))).toBe(true);
    expect(parseJsonObject(bytesOf(`{"new${"x".repeat(64)}":1}`), undefined, names)).toBe("too-many-names");
    expect(isObject(parseJsonObject(bytesOf('{"v":"n9999"}'), undefined, names))).toBe(true);
  });

  it("are never too many for EnOS's own answers, whoever comes first", () => {
    const names = new MemberNames(() => 0.5);
    let result: unknown;
    for (let from = 0; result !== "too-many-names"; from += 20) {
      result = parseJsonObject(objectOf(numbered(from, 20)), undefined, names);
    }
    const answer = { id: "1", code: 200, message: "", data: { token: "T" } };
    expect(parseJsonObject(bytesOf(JSON.stringify(answer)), undefined, names)).toEqual(answer);
  });

  it("fill the table with short ones, and it is searched to its end", () => {
    const names = new MemberNames(() => 0.7);
    const take = (i: number): boolean => names.take(Uint8Array.of(i), 0, 1);
    // Beside EnOS's own nine.
    expect(Array.from({ length: 256 }, (_, i) => take(i)).filter((taken) => taken)).toHaveLength(231);
    expect(take(0)).toBe(true);
    expect(names.take(bytesOf("another"), 0, 7)).toBe(false);
  });

  it("are those with a colon behind them, and no other strings", () => {
    const names = new MemberNames(() => 0.1);
    const list = numbered(0, 600).map((name) => `"${name}"`);
    expect(isObject(parseJsonObject(bytesOf(`{"a":[${list.join(",")}]}`), undefined, names))).toBe(true);
    expect(isObject(parseJsonObject(objectOf(numbered(0, 200)), undefined, names))).toBe(true);
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("a member of an object of which only the beginning has come", () => {
  const whole = '{"a":{"id":1},"id":"x\\u0041é","n":[1,2],"id2":3}';

  test("is found once it is there to its end, and never before", () => {
    const bytes = bytesOf(whole);
    const there = bytesOf(whole.slice(0, whole.indexOf(',"n"'))).length;
    for (let length = 0; length <= bytes.length; length++) {
      const found = textMember(bytes.subarray(0, length), "id");
      expect(found, `${length}`).toBe(length > there ? "xAé" : undefined);
    }
  });

  test.each([
    ['{"id":12', undefined],
    ['{"id":12,', 12],
    ['{ "id" : 12 }', 12],
    ['{"id":"1","id":"2",', "2"],
    ['{"id":null,', undefined],
    ['{"id":[1],', undefined],
    ['{"id":{"id":1},', undefined],
    ['{"id":1e,', undefined],
    ['{"id":"\\q",', undefined],
    ["", undefined],
  ])("%s -> %s", (text, found) => {
    expect(textMember(bytesOf(text), "id")).toBe(found);
  });

  test("of any bytes nothing is thrown", () => {
    const pieces = fc.constantFrom('{"id":', '"', "\\", "1", ",", "}", "[", "\x00", "é", "id", "e9");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const found = textMember(bytesOf(parts.join("")), "id");
        expect(["string", "number", "undefined"]).toContain(typeof found);
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });
});
