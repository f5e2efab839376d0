/**
 * UTF-8 (RFC 3629) to and from strings. XS has no TextEncoder, and its strings count code points
 * where Node's count UTF-16 units: going by code point is right on both.
 */
import { nativeAscii } from "./native";

/** Bytes of the text as UTF-8; a lone surrogate becomes U+FFFD and takes three. */
export function utf8Length(text: string): number {
  if (nativeAscii(text) !== undefined) return text.length;
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}

/** The text as UTF-8. A lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = nativeAscii(text);
  if (bytes !== undefined) return bytes;
  const out = new Uint8Array(utf8Length(text));
  let i = 0;
  for (const character of text) {
    let point = character.codePointAt(0)!;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) {
      out[i++] = point;
    } else if (point < 0x800) {
      out[i++] = 0xc0 | (point >> 6);
      out[i++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      out[i++] = 0xe0 | (point >> 12);
      out[i++] = 0x80 | ((point >> 6) & 0x3f);
      out[i++] = 0x80 | (point & 0x3f);
    } else {
      out[i++] = 0xf0 | (point >> 18);
      out[i++] = 0x80 | ((point >> 12) & 0x3f);
      out[i++] = 0x80 | ((point >> 6) & 0x3f);
      out[i++] = 0x80 | (point & 0x3f);
    }
  }
  return out;
}

/** Smallest code point of each length: a longer form than needed is forged (RFC 3629 section 10). */
const smallest: readonly number[] = Object.freeze([0, 0, 0x80, 0x800, 0x10000]);

/**
 * Characters that are joined at once: each is an argument, which takes a place on the engine's stack, and each
 * addition to a text copies what is there.
 */
const piece = 32;

/** The text, or undefined when the bytes are not well-formed UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = "";
  const points: number[] = [];
  let count = 0;
  const end = bytes.length;
  for (let i = 0; i < end;) {
    let point = bytes[i];
    let length = 1;
    if (point >= 0x80) {
      length = point >= 0xf8 ? 0 : point >= 0xf0 ? 4 : point >= 0xe0 ? 3 : point >= 0xc0 ? 2 : 0;
      if (length === 0 || i + length > end) return undefined;
      point &= 0xff >> (length + 1);
      for (let j = 1; j < length; j++) {
        const next = bytes[i + j];
        if ((next & 0xc0) !== 0x80) return undefined;
        point = (point << 6) | (next & 0x3f);
      }
      if (point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return undefined;
      }
    }
    points[count++] = point;
    i += length;
    if (count < piece && i < end) continue;
    points.length = count;
    text += String.fromCodePoint.apply(undefined, points);
    count = 0;
  }
  return text;
}
