/**
 * ASCII and hexadecimal, on bytes: what AT commands and signatures are made of.
 */
import { nativeAscii, nativeEquals, nativeHex } from "./native";

/** The text as bytes. Characters above 0x7f are the caller's mistake and become `?`. */
export function ascii(text: string): Uint8Array {
  const bytes = nativeAscii(text);
  if (bytes !== undefined) return bytes;
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i++) {
    const code = text.charCodeAt(i);
    out[i] = code < 0x80 ? code : 0x3f;
  }
  return out;
}

/**
 * Characters that are made at once: each is an argument, which takes a place on the engine's stack, and each
 * addition to a text copies what is there.
 */
const piece = 32;

/** The bytes as text, one character each (ISO 8859-1), from `start` up to `end`. */
export function asciiText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  for (let i = start; i < end; i += piece) {
    const part = bytes.subarray(i, Math.min(i + piece, end)) as unknown as number[];
    text += String.fromCharCode.apply(undefined, part);
  }
  return text;
}

const digits = "0123456789ABCDEF";

/** Upper-case hex digit of 0 to 15, as a character code. */
function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value;
}

/** Writes `bytes` as upper-case hex into `out` from `offset` on and returns the offset behind. */
export function writeHex(bytes: Uint8Array, out: Uint8Array, offset: number): number {
  if (nativeHex(bytes, out, offset)) return offset + 2 * bytes.length;
  for (let i = 0; i < bytes.length; i++) {
    out[offset++] = hexDigit(bytes[i] >> 4);
    out[offset++] = hexDigit(bytes[i] & 0x0f);
  }
  return offset;
}

/** Upper-case hex of the bytes. */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += digits[bytes[i] >> 4] + digits[bytes[i] & 0x0f];
  return text;
}

/** Value of a hex digit by its character code, either case; 255 for the other codes up to that of `f`. */
const hexValues: Uint8Array = new Uint8Array(0x67).fill(0xff);
for (let value = 0; value < 16; value++) {
  hexValues[hexDigit(value)] = value;
  if (value >= 10) hexValues[hexDigit(value) | 0x20] = value;
}

/**
 * Reads hex digits `digits[start..end)` into bytes; undefined when their number is odd or one is no
 * hex digit.
 */
export function readHex(text: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const length = end - start;
  if (length < 0 || (length & 1) !== 0) return undefined;
  const out = new Uint8Array(length >> 1);
  for (let i = 0, at = start; i < out.length; i++, at += 2) {
    const high = hexValues[text[at]];
    const low = hexValues[text[at + 1]];
    // Behind the table's end, and behind the text's, is undefined.
    if (!(high < 16 && low < 16)) return undefined;
    out[i] = (high << 4) | low;
  }
  return out;
}

/** Whether `line` starts with the bytes of `prefix`. */
export function startsWith(line: Uint8Array, prefix: Uint8Array): boolean {
  // From the end, where the names of lines differ soonest. Behind a shorter line's end is undefined.
  for (let i = prefix.length - 1; i >= 0; i--) {
    if (line[i] !== prefix[i]) return false;
  }
  return true;
}

/** Whether both are the same bytes. */
export function equals(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  // A command with a datagram comes back whole, where the modem echoes. A short one is gone through sooner.
  const same = length < 32 ? undefined : nativeEquals(a, b);
  return same ?? startsWith(a, b);
}
