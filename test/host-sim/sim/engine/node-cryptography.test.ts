/** The CBC of the host's primitives, chained here over one cipher a key, against OpenSSL's own. */
import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeCryptography } from "../../../../host-sim/sim/engine/node-cryptography";

const block = fc.uint8Array({ minLength: 16, maxLength: 16 });

test("AES-128-CBC is OpenSSL's, time and again with the same key, and leaves what it is given as it is", () => {
  fc.assert(
    fc.property(
      block,
      fc.array(fc.tuple(block, fc.array(block, { maxLength: 5 })), { maxLength: 4 }),
      (key, texts) => {
        for (const [iv, blocks] of texts) {
          const text = Uint8Array.from(Buffer.concat(blocks));
          const given = [key, iv, text].map((each) => each.slice());
          const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
          const expected = Buffer.concat([cipher.update(text), cipher.final()]);
          expect(Buffer.from(nodeCryptography.aes128CbcEncrypt(key, iv, text))).toEqual(expected);
          expect([key, iv, text]).toEqual(given);
        }
      },
    ),
  );
});

test("what is no whole number of blocks is refused, as OpenSSL refuses it", () => {
  for (const length of [1, 15, 17, 31]) {
    const text = new Uint8Array(length);
    expect(() => nodeCryptography.aes128CbcEncrypt(new Uint8Array(16), new Uint8Array(16), text)).toThrow();
  }
});
