import { createCipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open, sameTag, seal } from "../../../firmware/seal/cose";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { runs } from "../../density";

interface Vector {
  readonly vector: number;
  readonly key: string;
  readonly nonce: string;
  readonly additional: string;
  readonly plain: string;
  readonly sealed: string;
}
const { vectors } = JSON.parse(readFileSync("test/vectors/rfc3610.json", "utf8")) as { vectors: Vector[] };

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

/** Key, nonce and additional data. */
type Setting = readonly [key: Uint8Array, nonce: Uint8Array, additional: Uint8Array];

const sealed = ([key, nonce, additional]: Setting, plain: Uint8Array): Uint8Array =>
  seal(nodeCryptography, key, nonce, additional, plain);

const opened = ([key, nonce, additional]: Setting, text: Uint8Array): Uint8Array | undefined =>
  open(nodeCryptography, key, nonce, additional, text);

/** The same by OpenSSL. */
function byOpenSsl([key, nonce, additional]: Setting, plain: Uint8Array): string {
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 8 });
  cipher.setAAD(additional, { plaintextLength: plain.length });
  return hex(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

const settings = fc.tuple(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.uint8Array({ minLength: 13, maxLength: 13 }),
  fc.uint8Array({ minLength: 1, maxLength: 600 }),
);

describe("AES-CCM with a nonce of 13 bytes and a tag of 8", () => {
  test.each(vectors)("is that of RFC 3610, packet vector $vector", ({ key, nonce, additional, ...texts }) => {
    const setting: Setting = [bytes(key), bytes(nonce), bytes(additional)];
    expect(hex(sealed(setting, bytes(texts.plain)))).toBe(texts.sealed);
    expect(hex(opened(setting, bytes(texts.sealed))!)).toBe(texts.plain);
    expect(byOpenSsl(setting, bytes(texts.plain))).toBe(texts.sealed);
  });

  test("is OpenSSL's, with any data, also of nothing at all", () => {
    fc.assert(
      fc.property(settings, fc.uint8Array({ maxLength: 300 }), (setting, plain) => {
        const text = sealed(setting, plain);
        expect(hex(text)).toBe(byOpenSsl(setting, plain));
        expect(opened(setting, text)).toEqual(plain);
      }),
      { numRuns: runs(400) },
    );
  });

  // The lengths take two bytes each, and the counter more than one.
  test.each([
    [65_535, 1],
    [4_096, 65_279],
    [255, 256],
    [256, 255],
  ])("is OpenSSL's for %i bytes of text with %i of additional data", (length, additional) => {
    const text = new Uint8Array(length).map((_, i) => i * 31);
    const setting: Setting = [
      new Uint8Array(16).fill(1),
      new Uint8Array(13),
      new Uint8Array(additional).fill(9),
    ];
    expect(hex(sealed(setting, text))).toBe(byOpenSsl(setting, text));
  });

  test("opens nothing of which one bit is changed, in text, tag, nonce, additional data or key", () => {
    fc.assert(
      fc.property(settings, fc.uint8Array({ maxLength: 40 }), fc.nat(), (setting, plain, which) => {
        const parts = [...setting, sealed(setting, plain)];
        let bit = which % (8 * parts.reduce((sum, part) => sum + part.length, 0));
        const changed = parts.map((part) => {
          const copy = part.slice();
          if (bit >= 0 && bit < 8 * part.length) copy[bit >> 3] ^= 1 << (bit & 7);
          bit -= 8 * part.length;
          return copy;
        });
        expect(opened([changed[0], changed[1], changed[2]], changed[3])).toBeUndefined();
      }),
      { numRuns: runs(1_000) },
    );
  });
});

test("tags are the same where all 8 bytes are, whatever is behind them", () => {
  const tag = bytes("0102030405060708");
  expect(sameTag(tag, bytes("0102030405060708ff"))).toBe(true);
  for (let bit = 0; bit < 64; bit++) {
    const other = tag.slice();
    other[bit >> 3] ^= 1 << (bit & 7);
    expect(sameTag(tag, other)).toBe(false);
  }
});
