/**
 * The form of an image that ESP-IDF's boot loader starts (esp_image_format.h, esp_app_desc.h), a board's `.bin` file or a
 * simulated board's: what it says of itself, and at which addresses it is when it runs.
 */
import { createHash } from "node:crypto";
import {
  checksumOf,
  digestLength,
  headLength,
  lengthOfImage,
  segmentHeadLength,
} from "../../sim/board/image-check";

/** A part of an image, which is at an address when it runs. */
export interface Segment {
  readonly address: number;
  /** Bytes, and where they are in the image. */
  readonly length: number;
  readonly offset: number;
}

/** What an image says of itself. */
export interface EspImage {
  readonly segments: readonly Segment[];
  /** The chip that it runs on, such as esp32s3, or its number. */
  readonly chip: string;
  /** The application's description, where there is one. */
  readonly project?: string;
  readonly version?: string;
}

/** Where the chip's number is, and the chips by it (esp_app_format.h). */
const chipAt = 12;
const chips: Readonly<Record<number, string>> = {
  0: "esp32",
  2: "esp32s2",
  5: "esp32c3",
  9: "esp32s3",
  12: "esp32c2",
  13: "esp32c6",
  16: "esp32h2",
};
const descriptionMagic = 0xabcd_5432;
const textLength = 32;
const versionAt = 16;
const nameAt = 48;

/** Reads an image, of which every byte is accounted for, or says why it is none that a boot loader would start. */
export function readEspImage(bytes: Uint8Array): EspImage | { readonly problem: string } {
  const image = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (image.length < headLength || image[0] !== 0xe9) {
    return { problem: "is no image of an application: its first byte is not 0xe9" };
  }
  if (image[headLength - 1] !== 1) return { problem: "is an image without its SHA-256 behind it" };
  const length = lengthOfImage(image);
  if (length === undefined) return { problem: "ends before its segments do: was it copied whole?" };
  const end = length + digestLength;
  if (image.length > end) {
    // A dump of a partition or a merged file would be taken for an image otherwise.
    return { problem: `has ${image.length - end} bytes behind the image: name the application's own file` };
  }
  const digest = createHash("sha256").update(image.subarray(0, length)).digest();
  if (!digest.equals(image.subarray(length, end))) {
    return { problem: "is damaged: the SHA-256 at its end is another" };
  }
  if (image[length - 1] !== checksumOf(image)) return { problem: "is damaged: its checksum is another" };
  const number = image.readUInt16LE(chipAt);
  const chip = chips[number] ?? `chip ${number}`;
  const segments: Segment[] = [];
  for (let at = headLength, i = 0; i < image[1]; i += 1) {
    const segment = {
      address: image.readUInt32LE(at),
      length: image.readUInt32LE(at + 4),
      offset: at + segmentHeadLength,
    };
    segments.push(segment);
    at = segment.offset + segment.length;
  }
  const described = segments[0];
  if (described.length < nameAt + textLength || image.readUInt32LE(described.offset) !== descriptionMagic) {
    return { segments, chip };
  }
  const text = (at: number): string =>
    image.toString("latin1", described.offset + at, described.offset + at + textLength).replace(/\0.*$/s, "");
  return { segments, chip, project: text(nameAt), version: text(versionAt) };
}
