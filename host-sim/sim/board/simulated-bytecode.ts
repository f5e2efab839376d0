/**
 * A script as it lies in a simulated image, in the place of XS's bytecode: names are numbers in it, as they are there, by the
 * order in which they come up first. So one new name changes the number of each that comes up behind it, wherever that is
 * used, unaligned and in places that follow no rule: what costs most in a difference between two real images.
 *
 *     number of names u16 | each: length u8, ASCII | code
 *     code: 0 to 0x7F a character | 0x80 to 0xFE, and a byte: 15 bits, a name's number | 0xFF, and a byte: that byte of UTF-8
 */

/** A name in a script. */
export interface NameInCode {
  readonly name: string;
  /** Its number. */
  readonly id: number;
  /** Where it stands in the bytes. */
  readonly at: number;
}

/** A script, coded. */
export interface Bytecode {
  readonly bytes: Buffer;
  /** Names in the order in which they stand in it. */
  readonly names: readonly NameInCode[];
}

const longestName = 255;
const mostNames = 0x7f00;

/** Codes a script. */
export function encodeScript(script: string): Bytecode {
  const ids = new Map<string, number>();
  const table: Buffer[] = [];
  for (const [name] of script.matchAll(namePattern())) {
    if (ids.has(name) || name.length > longestName || ids.size >= mostNames) continue;
    ids.set(name, ids.size);
    table.push(Buffer.from([name.length]), Buffer.from(name, "latin1"));
  }
  const count = Buffer.alloc(2);
  count.writeUInt16BE(ids.size);
  const head = Buffer.concat([count, ...table]);
  const out = Buffer.alloc(head.length + 2 * Buffer.byteLength(script));
  head.copy(out);
  const names: NameInCode[] = [];
  let [at, before] = [head.length, 0];
  const put = (from: number, to: number): void => {
    for (const byte of Buffer.from(script.slice(from, to))) {
      if (byte >= 0x80) out[at++] = 0xff;
      out[at++] = byte;
    }
  };
  for (const match of script.matchAll(namePattern())) {
    const [name] = match;
    const id = ids.get(name);
    if (id === undefined) continue;
    put(before, match.index);
    before = match.index + name.length;
    names.push({ name, id, at });
    out[at++] = 0x80 | (id >> 8);
    out[at++] = id & 0xff;
  }
  put(before, script.length);
  return { bytes: out.subarray(0, at), names };
}

/** The script again. */
export function decodeScript(bytes: Buffer): string {
  const count = bytes.readUInt16BE(0);
  const names: Buffer[] = [];
  let at = 2;
  for (let i = 0; i < count; i++) {
    const end = at + 1 + bytes[at];
    names.push(bytes.subarray(at + 1, end));
    at = end;
  }
  const parts: Buffer[] = [];
  let plain = at;
  for (; at < bytes.length; at++) {
    if (bytes[at] < 0x80) continue;
    parts.push(bytes.subarray(plain, at));
    const next = bytes[at + 1];
    if (bytes[at] === 0xff) parts.push(bytes.subarray(at + 1, at + 2));
    else parts.push(names[((bytes[at] & 0x7f) << 8) | next]);
    at += 1;
    plain = at + 1;
  }
  parts.push(bytes.subarray(plain));
  return Buffer.concat(parts).toString("utf8");
}

/** A new one each time: it remembers where it is. */
function namePattern(): RegExp {
  return /[A-Za-z_$][\w$]*/g;
}
