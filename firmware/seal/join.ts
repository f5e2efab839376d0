/** The bytes, one behind the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  let i = 0;
  while (i < parts.length) length += parts[i++].length;
  const out = new Uint8Array(length);
  while (i > 0) {
    length -= parts[--i].length;
    out.set(parts[i], length);
  }
  return out;
}
