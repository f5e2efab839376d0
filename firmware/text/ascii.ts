/**
 * ASCII and hexadecimal, on bytes: what AT commands and signatures are made of.
 */

/** The text as bytes. Characters above 0x7f are the caller's mistake and become `?`. */
export function ascii(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i++) {
    const code = text.charCodeAt(i);
    out[i] = code < 0x80 ? code : 0x3f;
  }
  return out;
}

/** The bytes as text, one character each (ISO 8859-1), from `start` up to `end`. */
export function asciiText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

const digits = "0123456789ABCDEF";

/** Upper-case hex digit of 0 to 15, as a character code. */
function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value;
}

/** Writes `bytes` as upper-case hex into `out` from `offset` on and returns the offset behind. */
export function writeHex(bytes: Uint8Array, out: Uint8Array, offset: number): number {
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

/** Value of a hex digit's character code, either case, or -1. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
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
    const high = hexValue(text[at]);
    const low = hexValue(text[at + 1]);
    if (high < 0 || low < 0) return undefined;
    out[i] = (high << 4) | low;
  }
  return out;
}

/** Whether `line` starts with the bytes of `prefix`. */
export function startsWith(line: Uint8Array, prefix: Uint8Array): boolean {
  const length = prefix.length;
  if (line.length < length) return false;
  for (let i = 0; i < length; i++) {
    if (line[i] !== prefix[i]) return false;
  }
  return true;
}

/** Whether both are the same bytes. */
export function equals(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && startsWith(a, b);
}
