/** A simulated image is one that the boot loader takes, holds the script, and moves with a change as a real one does. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { makeImage, readImage, scriptPart, scriptPartAt } from "../../../../host-sim/sim/board/image";
import { checkImage, lengthOfImage } from "../../../../host-sim/sim/board/image-check";
import { changedSources } from "../../../../host-sim/tools/update/example-changes";
import { difference } from "../../../../host-sim/tools/update/difference";
import type { ExampleChange } from "../../../../host-sim/tools/update/example-changes";

const firmware = (change?: ExampleChange, version = "0.2.0"): Promise<string> =>
  bundleFirmware({ dense: true, sources: changedSources(change, version) });

const partition = (bytes: Uint8Array, size = 0x1c_0000) => ({
  status: () => ({ size, blockLength: 4_096, blocks: size / 4_096 }),
  read: (buffer: Uint8Array, offset: number) => {
    const all = new Uint8Array(size).fill(0xff);
    all.set(bytes.subarray(0, size));
    buffer.set(all.subarray(offset, offset + buffer.length));
  },
});

let script: string;
let image: Buffer;
beforeAll(async () => {
  script = await firmware();
  image = makeImage({ script, version: "0.2.0" });
});

/** Length of the part of JavaScript: its code and its slots. */
const partLength = (text: string): number => scriptPart(text).length;

/** Places of an image, up to the end of its part of JavaScript, that differ. */
function changedBytes(before: Uint8Array, after: Uint8Array, length: number): number {
  let changed = 0;
  for (let i = scriptPartAt; i < scriptPartAt + length; i++) if (before[i] !== after[i]) changed += 1;
  return changed;
}

describe("an image", () => {
  it("is as large as a real one, and fits into its slot", () => {
    expect(image.length).toBeGreaterThan(1_100_000);
    expect(image.length).toBeLessThan(1_400_000);
    expect(checkImage(partition(image))).toBeUndefined();
    expect(checkImage(partition(image, 1 << 20))).toBe("no image");
  });

  it("is laid out as esp_image_format.h says: segments, a checksum in the last byte of a line, and SHA-256", () => {
    const length = lengthOfImage(image)!;
    expect(length % 16).toBe(0);
    expect(image.length).toBe(length + 32);
    expect(image.subarray(length)).toEqual(createHash("sha256").update(image.subarray(0, length)).digest());
    let [at, sum] = [24, 0xef];
    for (let segment = 0; segment < image[1]; segment++) {
      const end = at + 8 + image.readUInt32LE(at + 4);
      for (at += 8; at < end; at++) sum ^= image[at];
    }
    expect(image[length - 1]).toBe(sum);
    // ESP-IDF's description of the application: its magic word, and the version behind 16 bytes.
    expect(image.readUInt32LE(32)).toBe(0xabcd5432);
    expect(image.toString("latin1", 48, 53)).toBe("0.2.0");
  });

  it("holds the very script that its slot starts, and its version", () => {
    const { script: read, version, length } = readImage(partition(image))!;
    expect(read).toBe(script);
    expect([version, length]).toEqual(["0.2.0", image.length]);
    expect(readImage(partition(new Uint8Array(0)))).toBeUndefined();
  });

  it("is the same for the same content, and has other machine code with another SDK", () => {
    expect(makeImage({ script, version: "0.2.0" }).equals(image)).toBe(true);
    const other = makeImage({ script, version: "0.2.0", sdk: "9.0.0" });
    expect(difference(image, other).reduce((sum, { extra }) => sum + extra, 0)).toBeGreaterThan(300_000);
  });

  it("is found damaged wherever a bit of it has changed", () => {
    for (let i = 0; i < 200; i++) {
      const at = Math.floor((i * (image.length - 1)) / 199);
      const damaged = Buffer.from(image);
      damaged[at] ^= 1 << (i & 7);
      expect(checkImage(partition(damaged)), `byte ${at}`).toBeDefined();
    }
  });
});

describe("a change of the firmware", () => {
  it("of a constant changes a handful of bytes in place", async () => {
    const changed = makeImage({ script: await firmware("constant"), version: "0.2.0" });
    expect(changed.length).toBe(image.length);
    expect(changedBytes(image, changed, partLength(script))).toBe(1);
    // Of ESP-IDF's own: the digest in its description, the checksum, and the digest of the image.
    let all = 0;
    for (let i = 0; i < image.length; i++) if (changed[i] !== image[i]) all += 1;
    expect(all).toBeLessThanOrEqual(1 + 32 + 1 + 32);
  });

  // A real one, of SDK 8.2.3 for the m5stack-nbiot: 64 % moved, and 51,238 bytes of difference were not zero, 9 %.
  it("of nine lines moves most of the part of JavaScript, and leaves few differences when it is laid right", async () => {
    const text = await firmware("nine lines", "0.3.0");
    const changed = makeImage({ script: text, version: "0.3.0" });
    const length = partLength(text);
    const moved = changedBytes(image, changed, length) / length;
    let [notZero, alike, extra] = [0, 0, 0];
    for (const stretch of difference(image, changed)) {
      for (let i = 0; i < stretch.alike; i++) {
        if (changed[stretch.at + i] !== image[stretch.base + i]) notZero += 1;
      }
      alike += stretch.alike;
      extra += stretch.extra;
    }
    expect(
      { moved: moved > 0.55 && moved < 0.8, share: notZero / length > 0.07 && notZero / length < 0.13 },
      `${moved} ${notZero} of ${length}`,
    ).toEqual({ moved: true, share: true });
    expect(notZero).toBeGreaterThan(45_000);
    expect(alike + extra).toBe(changed.length);
    expect(extra).toBeLessThan(2_000);
  });
});
