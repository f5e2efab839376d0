import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { SettingsError } from "../../../firmware/enos/credentials";
import { RequestSigner, signAuthentication } from "../../../firmware/enos/sign";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { runs } from "../../density";

interface Vectors {
  auth: {
    productKey: string;
    deviceKey: string;
    deviceSecret: string;
    lifetime: number;
    text: string;
    sign: string;
  }[];
  session: SessionVector[];
  /** In ECB, by `openssl enc -aes-128-ecb`. */
  sessionEcb: SessionVector[];
}

interface SessionVector {
  deviceSecret: string;
  token: string;
  sequence: number;
  iv: string;
  signKey: string;
  text: string;
  sign: string;
}

const vectors = JSON.parse(
  readFileSync(new URL("../../vectors/enos-sign.json", import.meta.url), "utf8"),
) as Vectors;

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const keyOf = (secret: string): Buffer =>
  createHash("sha256").update(secret, "utf8").digest().subarray(8, 24);

/** The signature by node:crypto alone, its own padding included; in ECB without a vector. */
function oracle(secret: string, iv: Uint8Array | null, token: string, sequence: number): string {
  const cipher = createCipheriv(iv === null ? "aes-128-ecb" : "aes-128-cbc", keyOf(secret), iv);
  const text = `token${token}sequence${sequence}`;
  return Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
    .toString("hex")
    .toUpperCase();
}

describe("authentication", () => {
  test.each(vectors.auth)("$text", (vector) => {
    expect(signAuthentication(nodeCryptography, vector, vector.lifetime)).toBe(vector.sign);
    expect(createHash("sha256").update(vector.text, "utf8").digest("hex").toUpperCase()).toBe(vector.sign);
  });
});

describe("requests", () => {
  test.each(vectors.session)("$text", (vector) => {
    const signer = new RequestSigner(nodeCryptography, vector.deviceSecret, vector.iv);
    expect(keyOf(vector.deviceSecret).toString("hex")).toBe(vector.signKey);
    expect(oracle(vector.deviceSecret, Buffer.from(vector.iv, "hex"), vector.token, vector.sequence)).toBe(
      vector.sign,
    );
    expect(ascii(signer.sign(Buffer.from(vector.token), vector.sequence))).toBe(vector.sign);
    const zero = new RequestSigner(nodeCryptography, vector.deviceSecret, "zero");
    expect(ascii(zero.sign(Buffer.from(vector.token), vector.sequence))).toBe(vector.sign);
  });

  const secret = "aB3dEf6hIj9lMn0p";
  test.each(vectors.sessionEcb)("in ECB, $text", ({ deviceSecret, iv, token, sequence, sign }) => {
    const signer = new RequestSigner(nodeCryptography, deviceSecret, iv);
    expect(oracle(deviceSecret, null, token, sequence)).toBe(sign);
    expect(ascii(signer.sign(Buffer.from(token), sequence))).toBe(sign);
  });

  const settings: [iv: string, bytes: Uint8Array | null][] = [
    ["ecb", null],
    ["zero", Buffer.alloc(16)],
    ["key", keyOf(secret)],
    ["30313233343536373839616263646566", Buffer.from("0123456789abcdef")],
    ["FFEEDDCCBBAA99887766554433221100", Buffer.from("ffeeddccbbaa99887766554433221100", "hex")],
    ["ffeeddccbbaa99887766554433221100", Buffer.from("ffeeddccbbaa99887766554433221100", "hex")],
  ];

  test.each(settings)("with iv %s", (iv, bytes) => {
    const signer = new RequestSigner(nodeCryptography, secret, iv);
    expect(ascii(signer.sign(Buffer.from("T"), 1))).toBe(oracle(secret, bytes, "T", 1));
    expect(ascii(signer.sign(Buffer.from("T"), 2))).toBe(oracle(secret, bytes, "T", 2));
  });

  it("are padded as PKCS#7 says at every length, a whole block when the text fills one", () => {
    const signer = new RequestSigner(nodeCryptography, secret, "zero");
    for (let length = 1; length <= 40; length++) {
      const token = "t".repeat(length);
      const sign = ascii(signer.sign(Buffer.from(token), 7));
      expect(sign).toBe(oracle(secret, Buffer.alloc(16), token, 7));
      expect(sign).toHaveLength(2 * 16 * (Math.floor(`token${token}sequence7`.length / 16) + 1));
    }
  });

  it("can be read back by whoever has the secret, whatever secret, token and sequence", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
        fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.constantFrom("zero", "key", "ecb"),
        (anySecret, token, sequence, iv) => {
          const signer = new RequestSigner(nodeCryptography, anySecret, iv);
          const vector = iv === "ecb" ? null : iv === "key" ? keyOf(anySecret) : Buffer.alloc(16);
          const sign = ascii(signer.sign(Buffer.from(token, "utf8"), sequence));
          const decipher = createDecipheriv(
            vector === null ? "aes-128-ecb" : "aes-128-cbc",
            keyOf(anySecret),
            vector,
          );
          const text = Buffer.concat([decipher.update(sign, "hex"), decipher.final()]).toString("utf8");
          expect(text).toBe(`token${token}sequence${sequence}`);
        },
      ),
      { seed: 2101, numRuns: runs(200) },
    );
  });

  test.each(["", "zer", "Zero", "0".repeat(31), "0".repeat(33), `${"0".repeat(31)}g`, "ä".repeat(32)])(
    "iv %j is refused without being repeated",
    (iv) => {
      const make = (): RequestSigner => new RequestSigner(nodeCryptography, secret, iv);
      expect(make).toThrow(SettingsError);
      expect(make).toThrow(/^iv must be "zero", "key", "ecb" or 32 hex digits$/);
    },
  );
});
