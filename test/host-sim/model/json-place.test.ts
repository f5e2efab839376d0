/** Where a text stops being JSON: JSON.parse is the judge of whether it does. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { jsonFault } from "../../../host-sim/model/json-place";
import { runs } from "../../density";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("a text of JSON with a slip in it", () => {
  it.each<[string, number, number, string]>([
    ["", 1, 1, "expected a value, got the end"],
    ["{", 1, 2, "expected a name in double quotes or }, got the end"],
    ['{"a":1,}', 1, 8, "expected a name in double quotes, got }"],
    ['{"a" 1}', 1, 6, "expected a colon, got 1"],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'expected a comma or }, got "'],
    ["{a: 1}", 1, 2, "expected a name in double quotes or }, got a"],
    ["[1, 2", 1, 6, "expected a comma or ], got the end"],
    ["[1,]", 1, 4, "expected a value, got ]"],
    ["[01]", 1, 2, "expected a value or ], got 0"],
    ["[1.]", 1, 2, "expected a value or ], got 1"],
    ["tru", 1, 1, "expected a value, got t"],
    ["'a'", 1, 1, "expected a value, got '"],
    ['{"a":NaN}', 1, 6, "expected a value, got N"],
    ['"a\nb"', 1, 3, "expected no control character within a text, but its escape, got \\u000a"],
    ['"\\x41"', 1, 3, 'expected behind \\ one of " \\ / b f n r t, or u and four hex digits, got x'],
    ['"abc', 1, 5, "expected the closing double quote of a text, got the end"],
    ["1 2", 1, 3, "expected the end, got 2"],
    ["{]", 1, 2, "expected a name in double quotes or }, got ]"],
  ])("%j is told where", (text, line, column, what) => {
    expect(isJson(text)).toBe(false);
    expect(jsonFault(text)).toEqual({ line, column, what });
  });
});

test("a depth that no stack has is read", () => {
  expect(jsonFault("[".repeat(200_000) + "]".repeat(200_000))).toBeUndefined();
  expect(jsonFault("[".repeat(200_000))?.column).toBe(200_001);
});

test("a text has a fault when JSON.parse finds one, and only then", () => {
  const signs = fc.constantFrom(
    ...'{}[]:,"\\ \n\tu0001e+-.9tfn',
    "true",
    "false",
    "null",
    '"a"',
    "1.5e3",
    "-0",
  );
  const broken = fc
    .json()
    .chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.string({ maxLength: 2 }))
        .map(([at, more]) => text.slice(0, at) + more + text.slice(at + 1)),
    );
  const text = fc.oneof(
    fc.json(),
    broken,
    fc.array(signs, { maxLength: 12 }).map((each) => each.join("")),
  );
  fc.assert(
    fc.property(text, (each) => {
      expect(jsonFault(each) === undefined, each).toBe(isJson(each));
    }),
    { numRuns: runs(5000), seed: 7 },
  );
});
