/** A message taken apart: each byte belongs to one part, and what is masked stays so. */
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { bytesOfHex, hexLines, messageParts } from "../../../../host-sim/cloud/page/message-parts";
import type { ByteRange } from "../../../../host-sim/cloud/page/message-parts";
import { runs } from "../../../density";

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const report = encodeCoap({
  ...{ type: 0, code: 2, messageId: 0x4a1c, token: Uint8Array.of(9, 8) },
  options: [
    ...["a", "bc"].map((each) => ({ number: 11, value: bytesOf(each) })),
    { number: 12, value: Uint8Array.of(50) },
    { number: 27, value: Uint8Array.of(0x1e) },
    { number: 2101, value: bytesOf("signature") },
  ],
  payload: bytesOf(`{"id":"1"}`),
});

test("its parts stand in their bytes, from the first to the last", () => {
  const from = Buffer.from(report).indexOf("signature");
  const parts = messageParts(report, [[from, 9]]);
  expect(parts.map(({ name, value }) => [name, value])).toEqual([
    ["type", "CON, confirmable"],
    ["code", "0.02 POST"],
    ["message id", "0x4a1c"],
    ["token", "0908"],
    ["path", "/a/bc"],
    ["Content-Format", "50, application/json"],
    ["Block1", "block 1 of 1024 B, more follow"],
    ["2101, signature", "9 bytes, masked"],
    ["payload", `{\n  "id": "1"\n}`],
  ]);
  expect(parts.filter(({ isMasked }) => isMasked).map(({ name }) => name)).toEqual(["2101, signature"]);
  let at = 0;
  for (const part of parts) {
    expect(part.at).toBe(at);
    at += part.length;
  }
  expect(at).toBe(report.length);
});

test("a dump has sixteen bytes on a line, cut where parts begin, and dots for what is masked", () => {
  const bytes = Uint8Array.of(0x40, 0x45, 0, 1, 0xff, 0x41, 0x42);
  const masked: ByteRange[] = [[6, 1]];
  const lines = hexLines(bytes, messageParts(bytes, masked), masked, 4);
  expect(lines).toEqual([
    {
      at: 0,
      runs: [
        { part: 0, hex: "40", letters: "@" },
        { part: 1, hex: "45", letters: "E" },
        { part: 2, hex: "00 01", letters: ".." },
      ],
    },
    { at: 4, runs: [{ part: 3, hex: "ff 41 ··", letters: ".A·" }] },
  ]);
});

test.each<[string, string, readonly ByteRange[], boolean]>([
  ["", "", [], false],
  ["40··ff", "402aff", [[1, 1]], false],
  ["········…", "2a2a2a2a", [[0, 4]], true],
  [
    "··01··",
    "2a012a",
    [
      [0, 1],
      [2, 1],
    ],
    false,
  ],
])("%s is read as the API has it", (text, hex, masked, isCut) => {
  const read = bytesOfHex(text);
  expect([Buffer.from(read.bytes).toString("hex"), read.masked, read.isCut]).toEqual([hex, masked, isCut]);
});

it("takes any bytes: every byte is in the dump, and in one part at most", () => {
  const range = fc.tuple(fc.nat(80), fc.nat(20));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.array(range, { maxLength: 3 }), (bytes, masked) => {
      if (bytes.length > 0) bytes[0] = 0x40 | (bytes[0] & 0x3f);
      const parts = messageParts(bytes, masked);
      expect(parts.reduce((sum, { length }) => sum + length, 0)).toBe(bytes.length);
      const lines = hexLines(bytes, parts, masked, 16);
      const letters = lines.flatMap(({ runs: each }) => each.map((run) => run.letters)).join("");
      expect(letters).toHaveLength(bytes.length);
      masked.forEach(([at, length]) => {
        for (let i = at; i < Math.min(at + length, bytes.length); i++) expect(letters[i]).toBe("·");
      });
    }),
    { numRuns: runs(500) },
  );
});
