import { createHmac, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expand, hmac } from "../../../firmware/seal/cose";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { runs } from "../../density";

interface Vector {
  readonly case: number;
  readonly key: string;
  readonly salt: string;
  readonly info: string;
  readonly extracted: string;
  /** Of more than 32 bytes, which are the first of several rounds. */
  readonly expanded: string;
}
const { vectors } = JSON.parse(readFileSync("test/vectors/rfc5869.json", "utf8")) as { vectors: Vector[] };

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

describe("HMAC and HKDF", () => {
  test.each(vectors)("are those of RFC 5869, case $case", ({ key, salt, info, extracted, expanded }) => {
    // The device extracts nothing and has no key of more than a block, as the salt of case 2 is.
    if (salt.length <= 128) expect(hex(hmac(nodeCryptography, bytes(salt), bytes(key)))).toBe(extracted);
    expect(hex(expand(nodeCryptography, bytes(extracted), "", bytes(info)))).toBe(expanded.slice(0, 64));
    // The vectors were typed: the host's own implementation judges them as well.
    const length = expanded.length / 2;
    expect(hex(new Uint8Array(hkdfSync("sha256", bytes(key), bytes(salt), bytes(info), length)))).toBe(
      expanded,
    );
  });

  test("are OpenSSL's, with any key up to a block and any data", () => {
    const data = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), data, (key, text) => {
        const digest = createHmac("sha256", key).update(text).digest("hex");
        expect(hex(hmac(nodeCryptography, key, text))).toBe(digest);
      }),
      { numRuns: runs(400) },
    );
  });

  test("a label and the bytes behind it are one text", () => {
    const key = new Uint8Array(32).fill(7);
    const derived = (label: string, more: Uint8Array = new Uint8Array(0)): string =>
      hex(expand(nodeCryptography, key, label, more));
    expect(derived("up ", bytes("4142"))).toBe(derived("up AB"));
    expect(derived("down")).toBe(
      createHmac("sha256", key).update("down").update(Uint8Array.of(1)).digest("hex"),
    );
  });
});
