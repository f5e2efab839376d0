import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  equalText,
  readSessionSign,
  signIv,
  signKey,
  verifyAuthSign,
} from "../../../host-sim/cloud/sign";
import { SECRET, sessionSign } from "./harness";

interface Vectors {
  auth: {
    productKey: string;
    deviceKey: string;
    deviceSecret: string;
    secureMode: number;
    lifetime: number;
    sign: string;
  }[];
  session: {
    deviceSecret: string;
    token: string;
    sequence: number;
    iv: string;
    signKey: string;
    sign: string;
  }[];
}

const file = new URL("../../vectors/enos-sign.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const ZERO = new Uint8Array(16);

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
    const read = readSessionSign(Buffer.from(vector.sign), key, signIv(vector.iv, key));
    expect(read).toEqual({ token: vector.token, sequence: vector.sequence });
  });

  const text = "token9f86d081884c7d65sequence7";
  const key = signKey(SECRET);
  const read = (value: string, iv: Uint8Array = ZERO): unknown => readSessionSign(Buffer.from(value), key, iv);

  test.each(["zero", "key", "30313233343536373839616263646566"])("takes the IV setting %s", (setting) => {
    const iv = signIv(setting, key);
    expect(read(sessionSign(SECRET, text, iv), iv)).toEqual({ token: "9f86d081884c7d65", sequence: 7 });
    const other = signIv(setting === "zero" ? "key" : "zero", key);
    expect(read(sessionSign(SECRET, text, iv), other)).toHaveProperty("unparsable");
  });

  test.each(["", "none", "00", "0".repeat(31), "g".repeat(32)])("refuses the IV setting %j", (setting) => {
    expect(() => signIv(setting, key)).toThrow(/^iv: expected "zero", "key" or 32 hex digits/);
  });

  const sign = sessionSign(SECRET, text);
  test.each([
    ["nothing", ""],
    ["lower-case hex", sign.toLowerCase()],
    ["one digit too few", sign.slice(1)],
    ["one block too few", sign.slice(0, 32)],
    ["not hex", "Z".repeat(32)],
    ["far too long", sign.repeat(20)],
    ["another device's key", sessionSign("another secret", text)],
    ["no sequence", sessionSign(SECRET, "token9f86d081884c7d65")],
    ["no token", sessionSign(SECRET, "tokensequence1")],
    ["sequence 0", sessionSign(SECRET, "tokenabcsequence0")],
    ["sequence 01", sessionSign(SECRET, "tokenabcsequence01")],
    ["sequence -1", sessionSign(SECRET, "tokenabcsequence-1")],
    ["sequence 1.5", sessionSign(SECRET, "tokenabcsequence1.5")],
    ["sequence 2^53", sessionSign(SECRET, "tokenabcsequence9007199254740992")],
    ["something behind", sessionSign(SECRET, "tokenabcsequence1\n")],
  ])("cannot read %s", (_name, value) => {
    expect(read(value)).toHaveProperty("unparsable");
  });

  it("gives any bytes a result of one kind, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 48 }), (bytes) => {
        const whole = Buffer.from(bytes.subarray(0, bytes.length & ~15)).toString("hex").toUpperCase();
        expect(read(whole)).toEqual({
          unparsable: "does not decrypt to a token and a sequence under this device's key",
        });
        expect(readSessionSign(bytes, key, ZERO)).toHaveProperty("unparsable");
      }),
      { seed: 2101, numRuns: 3000 },
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
