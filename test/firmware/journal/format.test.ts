/**
 * The journal's format: images of every release, which every later firmware must read, against the firmware
 * and against a reader that was written from docs/journal-format.md alone.
 *
 * `JOURNAL_IMAGES=write npx vitest run test/firmware/journal/format.test.ts` writes those of a release that has
 * none yet. They are never changed: where the format changes, the version in its magic does too.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { readImage } from "./format-reader";
import { entriesIn, found, scenes } from "./image-scenes";

/** What a file holds. */
interface Image {
  readonly blockLength: number;
  readonly unit: number;
  readonly size: number;
  /** The flash by the offset of each 32 bytes, in hex; those that are not here are all ff. */
  readonly bytes: Readonly<Record<string, string>>;
  /** The records that wait. */
  readonly records: readonly Record<string, unknown>[];
  /** In the image of entries: what they are. */
  readonly entries?: readonly Record<string, unknown>[];
}

const folder = "test/vectors/journal";
/** The release whose format this firmware writes; the images of those before stay. */
const release = "0.3.0";

function flashFrom({ blockLength, unit, size, bytes }: Image): MemoryFlash {
  const power = new PowerDomain();
  const flash = new MemoryFlash({ size, blockLength, writeAlign: unit, power, random: new Random("image") });
  for (const [offset, hex] of Object.entries(bytes)) flash.bytes.set(Buffer.from(hex, "hex"), Number(offset));
  return flash;
}

function textOf(flash: MemoryFlash): Record<string, string> {
  const lines: Record<string, string> = {};
  for (let at = 0; at < flash.bytes.length; at += 32) {
    const line = Buffer.from(flash.bytes.subarray(at, at + 32));
    if (line.some((byte) => byte !== 0xff)) lines[String(at)] = line.toString("hex");
  }
  return lines;
}

/** An entry without what is of this boot alone. */
const plain = (entry: object): Record<string, unknown> => {
  const { takenAt: _takenAt, address: _address, done: _done, ...rest } = entry as Record<string, unknown>;
  return JSON.parse(JSON.stringify(rest)) as Record<string, unknown>;
};

if (process.env.JOURNAL_IMAGES === "write" && !existsSync(`${folder}/${release}`)) {
  const made = scenes.map(({ name, blockLength, unit, make }) => {
    const flash = make();
    const image: Image = {
      blockLength,
      unit,
      size: flash.bytes.length,
      bytes: textOf(flash),
      records: found(make()),
      ...(name === "entries" ? { entries: entriesIn(make()).map(plain) } : {}),
    };
    return [name, image] as const;
  });
  mkdirSync(`${folder}/${release}`, { recursive: true });
  for (const [name, image] of made) {
    writeFileSync(`${folder}/${release}/${name}.json`, `${JSON.stringify(image, undefined, 1)}\n`);
  }
}

const images = readdirSync(folder)
  .sort()
  .flatMap((of) =>
    readdirSync(`${folder}/${of}`)
      .sort()
      .map((file) => {
        const image = JSON.parse(readFileSync(`${folder}/${of}/${file}`, "utf8")) as Image;
        return [`${of}/${file.replace(".json", "")}`, image] as const;
      }),
  );

describe("an image", () => {
  it("is there for each scene of this release", () => {
    const names = images.map(([name]) => name).filter((name) => name.startsWith(`${release}/`));
    expect(names.sort()).toEqual(scenes.map(({ name }) => `${release}/${name}`).sort());
  });

  test.each(images)("%s: the firmware finds each record that waits", (_name, image) => {
    expect(image.records.length).toBeGreaterThan(0);
    expect(found(flashFrom(image))).toEqual(image.records);
  });

  test.each(images)("%s: so does a reader written from the specification", (_name, image) => {
    const bytes = Buffer.from(flashFrom(image).bytes);
    expect(readImage(bytes, image.blockLength, image.unit)).toEqual(image.records);
  });

  test.each(images.filter(([, { entries }]) => entries !== undefined))(
    "%s: its bodies are the readings and messages that they were",
    (_name, image) => {
      expect(entriesIn(flashFrom(image)).map(plain)).toEqual(image.entries);
    },
  );
});

describe("this firmware", () => {
  test.each(scenes)("writes $name as the images of its release have it", ({ name, make }) => {
    const [, image] = images.find(([each]) => each === `${release}/${name}`)!;
    expect(textOf(make())).toEqual(image.bytes);
  });
});

it("the specification names the magic that an image begins with", () => {
  const magic = /is `((?:[0-9a-f]{2} ){3}[0-9a-f]{2})`/.exec(
    readFileSync("docs/journal-format.md", "utf8"),
  )![1];
  const [, { bytes }] = images.find(([name]) => name === `${release}/dated`)!;
  expect(bytes["0"].slice(0, 8)).toBe(magic.replaceAll(" ", ""));
});
