/** ECDSA over P-256 beside OpenSSL's, and the vector of RFC 6979. */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { expect, it, test } from "vitest";
import { publicKeyOf, seededNonce, signDigest, verifyDigest } from "../../../../host-sim/sim/board/ecdsa";
import { SeededMaker } from "../../../../host-sim/tools/update/seeded-maker";

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

test("RFC 6979, A.2.5: P-256 with SHA-256, message sample", () => {
  const key = bytes("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
  expect(hex(publicKeyOf(key))).toBe(
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
  );
  const digest = sha256(Buffer.from("sample"));
  const nonce = seededNonce(key, digest);
  expect(hex(nonce)).toBe("a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60");
  expect(hex(signDigest(key, digest, nonce))).toBe(
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
  );
});

it("takes what OpenSSL signs, and refuses it with a bit changed in key, digest or signature", () => {
  for (let i = 0; i < 8; i++) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    const parts = [
      Buffer.concat([Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]),
      sha256(Uint8Array.of(i)),
      sign("sha256", Uint8Array.of(i), { key: privateKey, dsaEncoding: "ieee-p1363" }),
    ] as const;
    expect(verifyDigest(...parts)).toBe(true);
    for (const part of parts) {
      const at = (37 * (i + 1)) % part.length;
      part[at] ^= 1 << i;
      expect(verifyDigest(...parts)).toBe(false);
      part[at] ^= 1 << i;
    }
  }
});

it("refuses what is out of range", () => {
  const maker = new SeededMaker(1);
  const key = bytes(maker.publicKey);
  const digest = sha256(Buffer.from("a"));
  const signature = maker.sign(Buffer.from("a"));
  const order = bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  expect(verifyDigest(key, digest, signature)).toBe(true);
  for (const half of [0, 32]) {
    for (const value of [Buffer.alloc(32), order]) {
      const changed = Buffer.from(signature);
      value.copy(changed, half);
      expect(verifyDigest(key, digest, changed)).toBe(false);
    }
  }
  expect(verifyDigest(Buffer.alloc(64), digest, signature)).toBe(false);
  expect(verifyDigest(key.subarray(1), digest, signature)).toBe(false);
  expect(verifyDigest(key, digest.subarray(1), signature)).toBe(false);
  expect(verifyDigest(key, digest, Buffer.alloc(63))).toBe(false);
});

test("a seeded maker signs what OpenSSL takes, the same each time", () => {
  const maker = new SeededMaker("a seed");
  const signed = Buffer.from("a head of 216 bytes");
  const signature = maker.sign(signed);
  const point = bytes(maker.publicKey);
  const [x, y] = [point.subarray(0, 32), point.subarray(32)].map((half) => half.toString("base64url"));
  const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  expect(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
  expect(hex(new SeededMaker("a seed").sign(signed))).toBe(hex(signature));
  expect(new SeededMaker("another").publicKey).not.toBe(maker.publicKey);
});
