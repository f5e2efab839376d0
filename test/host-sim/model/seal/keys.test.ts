/** The derivation of seal keys: RFC 5869's own cases, node:crypto's HKDF, and what OpenSSL's makes of one product. */
import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  deviceKeyOf,
  downKey,
  expand,
  extract,
  markOf,
  nonceKey,
  proofKey,
  rootOf,
  upKeys,
} from "../../../../host-sim/model/seal/keys";

const unhex = (digits: string): Buffer => Buffer.from(digits, "hex");

const { vectors } = JSON.parse(readFileSync("test/vectors/rfc5869.json", "utf8")) as {
  vectors: { case: number; key: string; salt: string; info: string; extracted: string; expanded: string }[];
};

test.each(vectors)("RFC 5869, appendix A.$case", ({ key, salt, info, extracted, expanded }) => {
  expect(extract(unhex(key), unhex(salt)).toString("hex")).toBe(extracted);
  expect(expand(unhex(extracted), unhex(info)).toString("hex")).toBe(expanded.slice(0, 64));
  // No salt is a block of zeros.
  if (salt === "") expect(extract(unhex(key)).toString("hex")).toBe(extracted);
});

/** Printed by `openssl kdf -kdfopt mode:EXTRACT_ONLY` and `mode:EXPAND_ONLY` of OpenSSL 3.0.19. */
const printed = {
  master: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  root: "46bd320605c5a6b6163ab70bc6345b92a5f908e79fe58979c23ebb47d1a5e307",
  deviceKey: "953854764dc27b178139cd89bf8bd613ea4c483797bbc3d48f4d511bdba0e98e",
  upKey: "3a5c24f7ad75e6e6c800765140869aaa",
  upNonce: "85d706b6e06930c4686ed9618a",
  down: "bc725aa8a88caa438100a702623b2c1b",
  nonce: "82476cf89d53f6e853ecedd6c7d142dc75c2bd8dd210733bc8e217e4517ed5ee",
  proof: "b58b69ab047aaf18f78990651d2d622c70ac0f21527a5c2ee740e08b0ab86165",
  mark: "c7e503b9458ebdbf",
};

test("product AbCdEfGh, device 864600031234566: each key as OpenSSL makes it", () => {
  const root = rootOf(unhex(printed.master));
  const key = deviceKeyOf(root, "AbCdEfGh", "864600031234566");
  const up = upKeys(key, unhex("0102030405060708"));
  expect({
    master: printed.master,
    root: root.toString("hex"),
    deviceKey: key.toString("hex"),
    upKey: up.key.toString("hex"),
    upNonce: up.nonce.toString("hex"),
    down: downKey(key).toString("hex"),
    nonce: nonceKey(key).toString("hex"),
    proof: proofKey(key).toString("hex"),
    mark: markOf(key),
  }).toEqual(printed);
});

test("a device's key is HKDF of the master, as node:crypto has it whole", () => {
  const name = fc.stringMatching(/^[!-.0-~]{1,40}$/);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), name, name, (master, product, device) => {
      const info = `enos-seal/1 device ${product}/${device}`;
      const whole = Buffer.from(hkdfSync("sha256", master, Buffer.alloc(0), info, 32));
      expect(deviceKeyOf(rootOf(master), product, device)).toEqual(whole);
    }),
  );
});
