/**
 * Datagrams in hexadecimal, as most modems take and give them.
 */
import { ascii, readHex, writeHex } from "../../text/ascii";

/** A command line with a datagram at its end, built as bytes: it is the longest line there is. */
export function hexLine(head: string, bytes: Uint8Array, tail = ""): Uint8Array {
  const before = ascii(head);
  const line = new Uint8Array(before.length + 2 * bytes.length + tail.length);
  line.set(before);
  writeHex(bytes, line, before.length);
  line.set(ascii(tail), before.length + 2 * bytes.length);
  return line;
}

/**
 * The bytes of a field of hex digits, of which `length` bytes were announced: `cut` when fewer came; undefined
 * for more, and for what are no such digits.
 *
 * @param start offset of the field
 * @param end offset behind it; the line's end when left out
 */
export function readAnnouncedHex(
  line: Uint8Array,
  start: number,
  length: number | undefined,
  end = line.length,
): { readonly bytes: Uint8Array; readonly cut: boolean } | undefined {
  if (length === undefined) return undefined;
  // A digit that got lost takes its byte along, and the quote behind the digits may be lost too.
  const quoted = line[start] === 0x22;
  const last = quoted && line[end - 1] !== 0x22 ? end : end - (quoted ? 1 : 0);
  const first = quoted ? start + 1 : start;
  const digits = last - first;
  const bytes = digits < 0 ? undefined : readHex(line, first, last - (digits & 1));
  return bytes === undefined || bytes.length > length ? undefined : { bytes, cut: bytes.length < length };
}

/**
 * The bytes of a field of hex digits, quoted or not; undefined when they are no such digits.
 *
 * @param start offset of the field
 * @param end offset behind it; the line's end when left out
 */
export function readHexField(line: Uint8Array, start: number, end = line.length): Uint8Array | undefined {
  const quoted = end - start >= 2 && line[start] === 0x22 && line[end - 1] === 0x22;
  return quoted ? readHex(line, start + 1, end - 1) : readHex(line, start, end);
}
