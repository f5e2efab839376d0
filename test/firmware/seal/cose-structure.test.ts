import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encrypt0, hmac, mac0, open, seal, structure } from "../../../firmware/seal/cose";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";

interface Vectors {
  readonly encrypt0: readonly {
    readonly example: string;
    readonly key: string;
    readonly nonce: string;
    readonly structure: string;
    readonly plain: string;
    readonly sealed: string;
  }[];
  readonly mac0: readonly {
    readonly example: string;
    readonly key: string;
    readonly structure: string;
    readonly payload: string;
    readonly mac: string;
  }[];
}
const vectors = JSON.parse(readFileSync("test/vectors/cose.json", "utf8")) as Vectors;

const nothing = new Uint8Array(0);
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

describe("COSE's examples", () => {
  test.each(vectors.encrypt0)("$example", ({ key, nonce, plain, sealed, ...vector }) => {
    const additional = structure(encrypt0, "", nothing, nothing);
    expect(hex(additional)).toBe(vector.structure);
    expect(hex(seal(nodeCryptography, bytes(key), bytes(nonce), additional, bytes(plain)))).toBe(sealed);
    expect(hex(open(nodeCryptography, bytes(key), bytes(nonce), additional, bytes(sealed))!)).toBe(plain);
  });

  test.each(vectors.mac0)("$example", ({ key, payload, mac, ...vector }) => {
    const said = Uint8Array.of(0x40 + payload.length / 2, ...bytes(payload));
    const external = structure(mac0, "", nothing, said);
    expect(hex(external)).toBe(vector.structure);
    expect(hex(hmac(nodeCryptography, bytes(key), external).subarray(0, 8))).toBe(mac);
  });
});

describe("a structure", () => {
  const head = "8368456e63727970743043a1010a";
  // RFC 8949 section 3: up to 23 in the first byte, up to 255 in one behind it, more in two.
  test.each([
    [0, "40"],
    [1, "41"],
    [23, "57"],
    [24, "5818"],
    [255, "58ff"],
    [256, "590100"],
    [523, "59020b"],
  ])("states the length of %i bytes in as few as it takes", (length, stated) => {
    const text = "x".repeat(length);
    const filled = Buffer.from(text).toString("hex");
    expect(hex(structure(encrypt0, text, nothing, nothing))).toBe(`${head}${stated}${filled}`);
    const label = text.slice(0, length >> 1);
    const more = new Uint8Array(length - label.length).fill(0x78);
    expect(hex(structure(encrypt0, label, more, nothing))).toBe(`${head}${stated}${filled}`);
    const payload = bytes("46010203040506");
    expect(hex(structure(mac0, label, more, payload))).toBe(
      `84644d41433043a10104${stated}${filled}46010203040506`,
    );
  });
});
