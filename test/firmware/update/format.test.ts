/**
 * The format of an update: files of every release, which every later firmware must read, against the firmware and
 * against a reader that was written from docs/update-format.md alone.
 *
 * `UPDATE_FILES=write npx vitest run test/firmware/update/format.test.ts` writes those of a release that has none yet.
 * They are never changed: where the format changes, the format's number in the head does too.
 */
import { createPublicKey, verify } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { readPackageHead } from "../../../firmware/update/package";
import { differencePackage, wholePackage } from "../../../host-sim/tools/update/package-file";
import { readPackage, unpackedImage } from "../../../host-sim/tools/update/package-reader";
import { SeededMaker } from "../../../host-sim/tools/update/seeded-maker";
import { decodePackage } from "../../host-sim/tools/update/reference-decoder";

/** What a file of vectors holds. */
interface Vector {
  /** x and y, hexadecimal. */
  readonly publicKey: string;
  /** Bytes of `baseImage` that it is a difference to; 0 for a whole image. */
  readonly baseLength: number;
  /** The file, 32 bytes a line, hexadecimal. */
  readonly file: readonly string[];
}

/** Whether the holder of the key, x and y, has signed these bytes with r and s. */
function isSignedBy(publicKey: Buffer, signed: Uint8Array, signature: Uint8Array): boolean {
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)].map((part) =>
    part.toString("base64url"),
  );
  const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  return verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature);
}

const folder = "test/vectors/update";
/** The release whose format this firmware reads first; the files of those before stay. */
const release = "0.3.0";

/** Lines of text, and a table of which each second word is an address. It is the same for ever. */
function baseImage(length: number): Buffer {
  const text = Array.from({ length: 200 }, (_, i) => `line ${i} of ${(i * i) % 97} things\n`).join("");
  const bytes = Buffer.alloc(length);
  bytes.write(text, "latin1");
  for (let at = 8_192; at + 8 <= length; at += 8) {
    bytes.writeUInt32LE(at / 8, at);
    bytes.writeUInt32LE(0x3f40_0000 + ((at * 37) % length), at + 4);
  }
  return bytes;
}

/** The next one: 40 bytes come in at 3,000, and everything behind them moves; and there is something new at the end. */
function nextImage(base: Buffer): Buffer {
  const image = Buffer.concat([base.subarray(0, 3_000), Buffer.alloc(40, "new "), base.subarray(3_000)]);
  for (let at = 8_232; at + 8 <= image.length; at += 8) {
    const address = image.readUInt32LE(at + 4);
    if (address >= 0x3f40_0000 + 3_000) image.writeUInt32LE(address + 40, at + 4);
  }
  return Buffer.concat([image, Buffer.from(Array.from({ length: 900 }, (_, i) => (i * i * 7) & 0xff))]);
}

if (process.env.UPDATE_FILES === "write" && !existsSync(`${folder}/${release}`)) {
  const maker = new SeededMaker("vectors");
  const base = baseImage(24_576);
  const image = nextImage(base);
  const about = { board: "m5stack-nbiot", version: "0.3.1", baseVersion: release };
  mkdirSync(`${folder}/${release}`, { recursive: true });
  for (const [name, baseLength, file] of [
    ["whole", 0, wholePackage(image, about, maker.sign)],
    ["difference", base.length, differencePackage(base, image, about, maker.sign)],
  ] as const) {
    const lines = file.toString("hex").match(/.{1,64}/g)!;
    const vector: Vector = { publicKey: maker.publicKey, baseLength, file: lines };
    writeFileSync(`${folder}/${release}/${name}.json`, `${JSON.stringify(vector, undefined, 1)}\n`);
  }
}

const vectors = readdirSync(folder)
  .sort()
  .flatMap((of) =>
    readdirSync(`${folder}/${of}`)
      .sort()
      .map((file) => {
        const vector = JSON.parse(readFileSync(`${folder}/${of}/${file}`, "utf8")) as Vector;
        return { name: `${of}/${file}`, ...vector, bytes: Buffer.from(vector.file.join(""), "hex") };
      }),
  );

test("there are files of this release's format, whole and a difference", () => {
  expect(vectors.map(({ name }) => name)).toEqual(
    expect.arrayContaining([`${release}/difference.json`, `${release}/whole.json`]),
  );
});

describe.each(vectors)("$name", ({ bytes, baseLength, publicKey }) => {
  const base = baseImage(baseLength);
  const image = nextImage(baseImage(24_576));

  it("makes its image, as the firmware reads it", () => {
    const read = readPackage(bytes);
    if ("problem" in read) throw new Error(read.problem);
    expect(Buffer.compare(unpackedImage(read, base) as Uint8Array, image)).toBe(0);
    expect(read.chunks.length).toBeGreaterThan(0);
  });

  it("makes the same, as docs/update-format.md says it", () => {
    const { image: made, records, board, version } = decodePackage(bytes, base);
    expect(Buffer.compare(made, image)).toBe(0);
    expect([board, version]).toEqual(["m5stack-nbiot", "0.3.1"]);
    // All of the format is in it.
    if (baseLength > 0) expect(Math.min(records.moved, records.plain)).toBeGreaterThan(0);
  });

  it("is signed, every byte of the head", () => {
    const head = readPackageHead(bytes);
    if (typeof head === "string") throw new Error(head);
    const key = Buffer.from(publicKey, "hex");
    expect(isSignedBy(key, head.signed, head.signature)).toBe(true);
    for (let at = 0; at < head.signed.length; at += 1) {
      const forged = head.signed.slice();
      forged[at] ^= 1;
      expect(isSignedBy(key, forged, head.signature)).toBe(false);
    }
  });
});
