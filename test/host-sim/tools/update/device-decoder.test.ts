/** What the encoder makes, the device's own code takes: by itself on Node here, and whole devices in test/whole. */
import { describe, expect, it } from "vitest";
import { density } from "../../../density";
import { headLength } from "../../../../firmware/update/package";
import { Random } from "../../../../host-sim/sim/time/random";
import { differencePackage, wholePackage } from "../../../../host-sim/tools/update/package-file";
import { readPackage, unpackedImage } from "../../../../host-sim/tools/update/package-reader";
import { editedImages } from "./edited-images";
import type { Package } from "../../../../host-sim/tools/update/package-reader";

const about = { board: "m5stack-nbiot", version: "0.3.0", baseVersion: "0.2.0" };
const unsigned = () => new Uint8Array(64);

function packageIn(bytes: Uint8Array): Package {
  const read = readPackage(bytes);
  if ("problem" in read) throw new Error(read.problem);
  return read;
}

function imageOf(bytes: Uint8Array, base?: Uint8Array): Buffer {
  const image = unpackedImage(packageIn(bytes), base);
  if ("problem" in image) throw new Error(image.problem);
  return image;
}

describe("the device makes the image", () => {
  it("of differences between images that were edited", () => {
    for (let round = 0; round < density(800, 80); round++) {
      const { base, image } = editedImages(`device ${round}`);
      const made = imageOf(differencePackage(base, image, about, unsigned), base);
      expect(made.equals(image), `round ${round}`).toBe(true);
    }
  });

  it("of whole images, which pack, or do not", () => {
    for (let round = 0; round < density(200, 20); round++) {
      const { image } = editedImages(`whole ${round}`);
      expect(imageOf(wholePackage(image, about, unsigned)).equals(image), `round ${round}`).toBe(true);
    }
  });
});

describe("reading finds", () => {
  const { base, image } = editedImages("damaged");
  const file = differencePackage(base, image, about, unsigned);

  it("whatever bit of the chunks has changed, before anything is unpacked", () => {
    const random = new Random("bits");
    for (let i = 0; i < 300; i++) {
      const changed = Buffer.from(file);
      const at = Math.floor(random.between(headLength, file.length));
      changed[at] ^= 1 << (i & 7);
      expect(readPackage(changed), `byte ${at}`).toHaveProperty("problem");
    }
  });

  it.each<[string, (copy: Buffer) => Buffer, string]>([
    ["a head alone", (copy) => copy.subarray(0, 280), "bytes, and"],
    [
      "less than a head",
      (copy) => copy.subarray(0, 100),
      "is too short: a package begins with a head of 280 bytes",
    ],
    ["a missing end", (copy) => copy.subarray(0, copy.length - 1), "by its head"],
    ["something behind it", (copy) => Buffer.concat([copy, Buffer.of(0)]), "by its head"],
    ["a later format", (copy) => (copy.writeUInt8(2, 4), copy), "is a package of another format than 1"],
    ["another length of the image", (copy) => (copy.writeUInt32BE(5, 80), copy), "by the head"],
  ])("%s", (_, change, problem) => {
    const read = readPackage(change(Buffer.from(file)));
    expect("problem" in read && read.problem).toContain(problem);
  });

  it("another base, and none", () => {
    const read = packageIn(file);
    expect(unpackedImage(read, image)).toEqual({ problem: "is a difference to another base" });
    expect(unpackedImage(read, undefined)).toEqual({
      problem: "is a difference, and makes no image without its base",
    });
  });
});
