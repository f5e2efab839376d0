/**
 * What XS does natively with text and bytes, beyond ECMAScript 2022: `ArrayBuffer.fromString` (XS's own) and
 * `Uint8Array.prototype.toHex` (ECMAScript 2026). An engine without them takes the loops of ascii.ts and utf8.ts,
 * which have the same results; on XS such a loop costs some thirty steps a character.
 */

interface NativeBuffers {
  /** The text as XS keeps it: UTF-8, but NUL in two bytes and a lone surrogate in three. */
  readonly fromString?: (text: string) => ArrayBuffer;
}

interface NativeBytes {
  /** Lower-case hex. */
  readonly toHex?: () => string;
}

/** Bytes of which the hex is made at once: the texts of a whole datagram would take a tenth of the chunks. */
const piece = 64;

/** The bytes of a text that is ASCII without NUL; undefined for any other, and in an engine without natives. */
export function nativeAscii(text: string): Uint8Array | undefined {
  const buffers = ArrayBuffer as unknown as NativeBuffers;
  const buffer = buffers.fromString?.(text);
  // Every other character takes more than one byte.
  return buffer !== undefined && buffer.byteLength === text.length ? new Uint8Array(buffer) : undefined;
}

/** Writes upper-case hex into `out` from `offset` on; false, and nothing is written, in an engine without natives. */
export function nativeHex(bytes: Uint8Array, out: Uint8Array, offset: number): boolean {
  const { length } = bytes;
  for (let at = 0; at < length; at += piece) {
    const part = length <= piece ? bytes : bytes.subarray(at, at + piece);
    const text = (part as NativeBytes).toHex?.();
    const digits = text === undefined ? undefined : nativeAscii(text.toUpperCase());
    if (digits === undefined) return false;
    out.set(digits, offset + 2 * at);
  }
  return true;
}

/** Whether both are the same bytes, of which there are as many; undefined in an engine without natives. */
export function nativeEquals(a: Uint8Array, b: Uint8Array): boolean | undefined {
  const { length } = a;
  for (let at = 0; at < length; at += piece) {
    const text = (a.subarray(at, at + piece) as NativeBytes).toHex?.();
    if (text === undefined) return undefined;
    if (text !== (b.subarray(at, at + piece) as NativeBytes).toHex?.()) return false;
  }
  return true;
}
