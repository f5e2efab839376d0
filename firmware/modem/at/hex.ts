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
 * The bytes of a field of hex digits, quoted or not; undefined when they are no such digits.
 *
 * @param start offset of the field
 * @param end offset behind it; the line's end when left out
 */
export function readHexField(line: Uint8Array, start: number, end = line.length): Uint8Array | undefined {
  const quoted = end - start >= 2 && line[start] === 0x22 && line[end - 1] === 0x22;
  return quoted ? readHex(line, start + 1, end - 1) : readHex(line, start, end);
}
