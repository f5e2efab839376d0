/** The board's `crypt` module against published vectors and node:crypto. */
import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Random } from "../../../../host-sim/sim/time/random";
import { engines, runFixture } from "./rig";

const random = new Random("crypt");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const ascii = (text: string): string => Buffer.from(text, "latin1").toString("hex");

/** FIPS 180-2, appendix B, and the empty message; then lengths around the block size. */
const published = [
  { message: "", digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
  { message: ascii("abc"), digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
  {
    message: ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    digest: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  },
];
const messages = [1, 28, 31, 32, 33, 55, 56, 63, 64, 65, 119, 500].map((length) => hex(random.bytes(length)));

/** NIST SP 800-38A, F.2.1, F.5.1 and F.1.1. */
const nist = {
  key: "2b7e151628aed2a6abf7158809cf4f3c",
  iv: "000102030405060708090a0b0c0d0e0f",
  counter: "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
  data:
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
};
const nistCbc =
  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" +
  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7";
const nistCtr =
  "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff" +
  "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee";
const nistEcb =
  "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf" +
  "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4";

const ciphers = [16, 24, 32].map((length) => ({
  key: hex(random.bytes(length)),
  iv: hex(random.bytes(16)),
  // It runs over within the data.
  counter: `00${"ff".repeat(14)}fe`,
  data: hex(random.bytes(80)),
}));

function aes(name: string, key: string, iv: string | null, data: string): string {
  const bits = 4 * key.length;
  const vector = iv === null ? null : Buffer.from(iv, "hex");
  const cipher = createCipheriv(`aes-${bits}-${name}`, Buffer.from(key, "hex"), vector);
  return cipher.setAutoPadding(false).update(data, "hex", "hex");
}

/** Of so many runs of bytes, each of the next value. */
function sha(bits: string, length: number, runs: number): string {
  const hash = createHash(`sha${bits}`);
  for (let i = 0; i < runs; i++) hash.update(new Uint8Array(length).fill(i));
  return hash.digest("hex");
}

const zeroKey = "00".repeat(16);

describe.each(engines)("on %s", (_name, open) => {
  test("digests, ciphers and refusals", async () => {
    const engine = open();
    const rig = await runFixture(
      engine,
      {
        program: "crypt",
        digests: [...published.map(({ message }) => message), ...messages],
        ciphers: [nist, ...ciphers],
      },
      10,
    );
    await engine.close();
    expect(rig.log.map((line) => line.replace("0 ", ""))).toEqual([
      ...published.map(({ digest }) => digest),
      ...messages.map((message) => createHash("sha256").update(message, "hex").digest("hex")),
      `${createHash("sha256").update("äß€😀").digest("hex")} 20`,
      `long ${sha("256", 1000, 100)}`,
      `long ${sha("256", 1000, 300)} ${sha("512", 100, 300)}`,
      `long ${published[1].digest} Error: crypt: can't call digest write after close`,
      `${nistCbc} true true ${nistEcb}`,
      `ctr ${nistCtr} true`,
      ...ciphers.flatMap(({ key, iv, counter, data }) => [
        `${aes("cbc", key, iv, data)} true true ${aes("ecb", key, null, data)}`,
        `ctr ${aes("ctr", key, counter, data)} true`,
      ]),
      `tail ${"00".repeat(13)}`,
      `tail ${aes("cbc", zeroKey, zeroKey, "01".repeat(16))}000000`,
      `into ${aes("cbc", zeroKey, zeroKey, zeroKey)}0000`,
      "TypeError: not an ArrayBuffer instance",
      "Error: bad key size",
      "TypeError: not an ArrayBuffer instance",
      "Error: output too small",
      "Error: unsupported mode",
      "Error: crypt: unsupported digest",
    ]);
  });
});
