import { createCipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  SessionSignReader,
  equalText,
  signIv,
  signKey,
  verifyAuthSign,
} from "../../../../host-sim/cloud/enos/sign";
import { demoSecret, sessionSign } from "../harness";
import { runs } from "../../../density";

interface Vectors {
  auth: {
    productKey: string;
    deviceKey: string;
    deviceSecret: string;
    secureMode: number;
    lifetime: number;
    sign: string;
  }[];
  session: SessionVector[];
  /** In ECB. */
  sessionEcb: SessionVector[];
}

interface SessionVector {
  deviceSecret: string;
  token: string;
  sequence: number;
  iv: string;
  signKey: string;
  sign: string;
}

const file = new URL("../../../vectors/enos-sign.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

describe("authentication sign", () => {
  test.each(vectors.auth)("of $deviceKey, lifetime $lifetime", ({ deviceSecret, sign, ...claim }) => {
    expect(verifyAuthSign(claim, deviceSecret, sign)).toBe(true);
    expect(verifyAuthSign(claim, `${deviceSecret}x`, sign)).toBe(false);
    expect(verifyAuthSign({ ...claim, lifetime: claim.lifetime + 1 }, deviceSecret, sign)).toBe(false);
    expect(verifyAuthSign({ ...claim, deviceKey: `${claim.deviceKey}0` }, deviceSecret, sign)).toBe(false);
    expect(verifyAuthSign(claim, deviceSecret, sign.toLowerCase())).toBe(false);
    expect(verifyAuthSign(claim, deviceSecret, sign.slice(0, 63))).toBe(false);
    expect(verifyAuthSign(claim, deviceSecret, "")).toBe(false);
  });
});

describe("session sign, option 2101", () => {
  test.each(vectors.session)("sequence $sequence", (vector) => {
    const key = signKey(vector.deviceSecret);
    expect(Buffer.from(key).toString("hex")).toBe(vector.signKey);
    for (const iv of vector.iv === "00".repeat(16) ? ["zero", vector.iv] : [vector.iv]) {
      const read = new SessionSignReader(vector.deviceSecret, iv).read(Buffer.from(vector.sign));
      expect(read).toEqual({ token: vector.token, sequence: vector.sequence });
    }
  });

  test.each(vectors.sessionEcb)(
    "in ECB, sequence $sequence",
    ({ deviceSecret, iv, token, sequence, sign }) => {
      expect(new SessionSignReader(deviceSecret, iv).read(Buffer.from(sign))).toEqual({ token, sequence });
      expect(new SessionSignReader(deviceSecret, "zero").read(Buffer.from(sign))).toHaveProperty(
        "unparsable",
      );
    },
  );

  const text = "token9f86d081884c7d65sequence7";
  const key = signKey(demoSecret);
  const reader = new SessionSignReader(demoSecret, "zero");
  const read = (value: string): unknown => reader.read(Buffer.from(value));

  test.each(["zero", "key", "30313233343536373839616263646566"])("takes the IV setting %s", (setting) => {
    const value = Buffer.from(sessionSign(demoSecret, text, signIv(setting, key)));
    const right = new SessionSignReader(demoSecret, setting);
    const wrong = new SessionSignReader(demoSecret, setting === "zero" ? "key" : "zero");
    expect(right.read(value)).toEqual({ token: "9f86d081884c7d65", sequence: 7 });
    expect(wrong.read(value)).toHaveProperty("unparsable");
  });

  test.each(["", "none", "00", "0".repeat(31), "g".repeat(32)])("refuses the IV setting %j", (setting) => {
    const message = /^iv: expected "zero", "key", "ecb" or 32 hex digits/;
    expect(() => new SessionSignReader(demoSecret, setting)).toThrow(message);
  });

  const sign = sessionSign(demoSecret, text);
  test.each([
    ["nothing", ""],
    ["lower-case hex", sign.toLowerCase()],
    ["one digit too few", sign.slice(1)],
    ["one block too few", sign.slice(0, 32)],
    ["not hex", "Z".repeat(32)],
    ["far too long", sign.repeat(20)],
    ["another device's key", sessionSign("another secret", text)],
    ["no sequence", sessionSign(demoSecret, "token9f86d081884c7d65")],
    ["no token", sessionSign(demoSecret, "tokensequence1")],
    ["sequence 0", sessionSign(demoSecret, "tokenabcsequence0")],
    ["sequence 01", sessionSign(demoSecret, "tokenabcsequence01")],
    ["sequence -1", sessionSign(demoSecret, "tokenabcsequence-1")],
    ["sequence 1.5", sessionSign(demoSecret, "tokenabcsequence1.5")],
    ["sequence 2^53", sessionSign(demoSecret, "tokenabcsequence9007199254740992")],
    ["something behind", sessionSign(demoSecret, "tokenabcsequence1\n")],
  ])("cannot read %s", (_name, value) => {
    expect(read(value)).toHaveProperty("unparsable");
  });

  // The text has 30 bytes, so that the right padding is two bytes of value 2.
  test.each([
    ["right", "0202", true],
    ["a wrong byte before the last", "0302", false],
    ["0", "0200", false],
    ["more than a block", "0211", false],
    ["longer than it claims", "0201", false],
  ])("padding that is %s", (_name, padding, right) => {
    const cipher = createCipheriv("aes-128-cbc", key, Buffer.alloc(16)).setAutoPadding(false);
    const padded = Buffer.concat([Buffer.from(text), Buffer.from(padding, "hex")]);
    const result = read(cipher.update(padded).toString("hex").toUpperCase());
    if (right) expect(result).toEqual({ token: "9f86d081884c7d65", sequence: 7 });
    else expect(result).toHaveProperty("unparsable");
  });

  it("keeps nothing from one reading to the next", () => {
    for (const n of [1, 4_294_967_296, 2, 10]) {
      expect(read(sessionSign(demoSecret, `tokenabcsequence${n}`))).toEqual({ token: "abc", sequence: n });
      read("AB".repeat(16 * n > 64 ? 48 : 16));
    }
  });

  it("gives any bytes a result of one kind, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 48 }), (bytes) => {
        const whole = Buffer.from(bytes.subarray(0, bytes.length & ~15))
          .toString("hex")
          .toUpperCase();
        expect(read(whole)).toEqual({
          unparsable: "does not decrypt to a token and a sequence under this device's key",
        });
        expect(reader.read(bytes)).toHaveProperty("unparsable");
      }),
      { seed: 2101, numRuns: runs(3000) },
    );
  });
});

it("compares texts of any lengths", () => {
  expect(equalText("abc", "abc")).toBe(true);
  expect(equalText("abc", "abd")).toBe(false);
  expect(equalText("abc", "abcd")).toBe(false);
  expect(equalText("", "")).toBe(true);
  expect(equalText("é", "e")).toBe(false);
});
