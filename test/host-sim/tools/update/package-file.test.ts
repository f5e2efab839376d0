/**
 * Packages that the encoder makes are of the format, by a reading of it that shares no code with encoder or device, and make
 * the image that went in.
 */
import { createHash, generateKeyPairSync, sign as signBytes, verify } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { makeImage } from "../../../../host-sim/sim/board/image";
import { Random } from "../../../../host-sim/sim/time/random";
import { changedSources } from "../../../../host-sim/tools/update/example-changes";
import {
  PackageError,
  differencePackage,
  wholePackage,
} from "../../../../host-sim/tools/update/package-file";
import { density } from "../../../density";
import { editedImages } from "./edited-images";
import { decodePackage } from "./reference-decoder";
import type { PackageAbout } from "../../../../host-sim/tools/update/package-file";

const about: PackageAbout = { board: "m5stack-nbiot", version: "0.3.0" };
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const sign = (bytes: Uint8Array): Uint8Array =>
  signBytes("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" });
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

describe("the head", () => {
  const image = new Random("image").bytes(10_000);
  const base = new Random("base").bytes(9_000);

  it("has each field where the format has it, and a signature over the first 216 bytes", () => {
    const file = differencePackage(
      base,
      image,
      { ...about, productKey: "pk1", baseVersion: "0.2.0", storage: 3, changesStorage: true },
      sign,
    );
    expect(file.subarray(0, 8)).toEqual(Buffer.from("456e557001010118", "hex"));
    expect(file.toString("latin1", 8, 80)).toBe(
      "m5stack-nbiot".padEnd(24, "\0") + "0.3.0".padEnd(24, "\0") + "pk1".padEnd(24, "\0"),
    );
    expect(file.readUInt32BE(80)).toBe(10_000);
    expect(file.subarray(84, 116)).toEqual(sha256(image));
    expect(file.readUInt32BE(116)).toBe(9_000);
    expect(file.subarray(120, 152)).toEqual(sha256(base));
    expect(file.readUInt32BE(152)).toBe(file.length - 280);
    const first = file.readUInt32BE(156);
    expect(file.subarray(160, 176)).toEqual(sha256(file.subarray(280, 280 + first)).subarray(0, 16));
    expect(file.toString("latin1", 176, 200)).toBe("0.2.0".padEnd(24, "\0"));
    expect([...file.subarray(200, 216)]).toEqual([3, 1, ...Array<number>(14).fill(0)]);
    const signature = file.subarray(216, 280);
    const key = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
    expect(verify("sha256", file.subarray(0, 216), key, signature)).toBe(true);
    expect(decodePackage(file, base).image.equals(image)).toBe(true);
  });

  it("of a whole image names no base", () => {
    const file = wholePackage(image, about, sign);
    expect(file[5]).toBe(0);
    expect(file.subarray(116, 152).every((byte) => byte === 0)).toBe(true);
    expect(file.subarray(176, 200).every((byte) => byte === 0)).toBe(true);
    expect(decodePackage(file)).toMatchObject({ kind: 0, productKey: "", baseVersion: "", storage: [1, 0] });
  });

  it.each<[string, () => unknown, string]>([
    [
      "no image",
      () => wholePackage(new Uint8Array(0), about, sign),
      "the image has 0 bytes, and can have 1 to",
    ],
    ["no base", () => differencePackage(new Uint8Array(0), image, about, sign), "the base has 0 bytes"],
    [
      "the same twice",
      () => differencePackage(image, image.slice(), about, sign),
      "both images are the same",
    ],
    [
      "a long name",
      () => wholePackage(image, { ...about, board: "b".repeat(25) }, sign),
      "the board's name takes up to 24",
    ],
    [
      "a space",
      () => wholePackage(image, { ...about, version: "0.3 0" }, sign),
      "the version takes up to 24 ASCII",
    ],
    [
      "another alphabet",
      () => wholePackage(image, { ...about, productKey: "ключ" }, sign),
      "the product key takes up",
    ],
    [
      "half a signature",
      () => wholePackage(image, about, () => new Uint8Array(32)),
      "a signature has 64 bytes, got 32",
    ],
  ])("cannot have: %s", (_, make, message) => {
    expect(make).toThrow(PackageError);
    expect(make).toThrow(message);
  });
});

describe("chunks make the image", () => {
  const unsigned = () => new Uint8Array(64);

  it("whatever both images are", () => {
    const bytes = (most: number, maxLength: number) =>
      fc
        .array(fc.integer({ min: 0, max: most }), { minLength: 1, maxLength })
        .map((list) => Uint8Array.from(list));
    const images = fc.oneof(
      fc.tuple(bytes(2, 200), bytes(2, 200)),
      fc.tuple(bytes(255, 200), bytes(255, 200)),
    );
    fc.assert(
      fc.property(images, ([base, image]) => {
        expect(decodePackage(wholePackage(image, about, unsigned)).image.equals(image)).toBe(true);
        if (Buffer.compare(base, image) === 0) return;
        const file = differencePackage(base, image, about, unsigned);
        expect(decodePackage(file, base).image.equals(image)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("of which tables, code and noise were moved, changed, cut and put in, at any byte", () => {
    for (let round = 0; round < density(400, 60); round++) {
      const { base, image } = editedImages(`format ${round}`);
      const file = differencePackage(base, image, about, unsigned);
      expect(decodePackage(file, base).image.equals(image), `round ${round}`).toBe(true);
    }
  });

  it("of noise, which does not pack: a sector each, and 0.9 % more in all", () => {
    const image = new Random("noise").bytes(400_000);
    const file = wholePackage(image, about, unsigned);
    const { chunks, image: made } = decodePackage(file);
    expect(made.equals(image)).toBe(true);
    // The last one may have room for the rest of the image.
    expect(chunks.slice(0, -1).every(([, output]) => output === 4_096)).toBe(true);
    expect(file.length).toBeLessThan(1.009 * image.length + 280);
  });

  it("of zeros: as many bytes as a chunk may make", () => {
    const { chunks } = decodePackage(wholePackage(new Uint8Array(600_000), about, unsigned));
    expect(chunks.map(([, output]) => output)).toEqual([262_144, 262_144, 75_712]);
  });

  it("and leave the images as they are, be they Buffers", () => {
    const base = Buffer.from(new Random("base").bytes(5_000));
    const image = Buffer.from(new Random("image").bytes(5_000));
    const before = [Buffer.from(base), Buffer.from(image)];
    differencePackage(base, image, about, unsigned);
    expect([base, image]).toEqual(before);
  });
});

describe("the firmware of a simulated board, 1.2 MB", () => {
  const firmware = async (change?: "constant" | "nine lines"): Promise<Buffer> => {
    const version = change === undefined ? "0.2.0" : "0.3.0";
    const script = await bundleFirmware({ dense: true, sources: changedSources(change, version) });
    return makeImage({ script, version });
  };
  let base: Buffer;
  beforeAll(async () => void (base = await firmware()));

  it.each([
    ["constant", 1_000],
    ["nine lines", 40_000],
  ] as const)("with a change, %s: %i bytes at most, in seconds", async (change, most) => {
    const image = await firmware(change);
    const began = performance.now();
    const file = differencePackage(base, image, { ...about, baseVersion: "0.2.0" }, sign);
    expect(performance.now() - began).toBeLessThan(20_000);
    const { image: made, records } = decodePackage(file, base);
    expect(made.equals(image)).toBe(true);
    expect(file.length).toBeLessThanOrEqual(most);
    if (change === "nine lines") expect(records.moved).toBeGreaterThan(0);
  });
});
