/** Suffixes are in the order that comparing them one by one gives, whatever the bytes are. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { suffixArray } from "../../../../host-sim/tools/update/suffix-array";

/** Sorted by comparing. */
function compared(bytes: Uint8Array): number[] {
  return Array.from(bytes.keys()).sort((a, b) => Buffer.compare(bytes.subarray(a), bytes.subarray(b)));
}

describe("suffixes in their order", () => {
  it.each([
    ["no bytes", []],
    ["one", [7]],
    ["all the same", Array.from({ length: 300 }, () => 0)],
    ["the highest bytes", [255, 255, 0, 255, 255, 255, 0]],
    ["a word", [...Buffer.from("mississippi")]],
    ["falling", Array.from({ length: 256 }, (_, i) => 255 - i)],
    ["a period", Array.from({ length: 700 }, (_, i) => (i % 7 === 0 ? 1 : 0))],
  ])("%s", (_, list) => {
    const bytes = Uint8Array.from(list);
    expect(Array.from(suffixArray(bytes))).toEqual(compared(bytes));
  });

  it("of bytes that say much, and of those that repeat themselves", () => {
    const letters = (most: number) => fc.array(fc.integer({ min: 0, max: most }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.oneof(letters(1), letters(3), letters(255)), (list) => {
        const bytes = Uint8Array.from(list);
        expect(Array.from(suffixArray(bytes))).toEqual(compared(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it("in a Fibonacci word, which nests as deep as any", () => {
    let [before, word] = ["0", "01"];
    while (word.length < 3_000) [before, word] = [word, word + before];
    const bytes = new Uint8Array(Buffer.from(word));
    expect(Array.from(suffixArray(bytes))).toEqual(compared(bytes));
  });
});
