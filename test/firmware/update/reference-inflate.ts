/**
 * Deflate as RFC 1951 says it, bit by bit and without a thought for speed: what the firmware's inflate is held to
 * where zlib takes more than it does. It shares nothing with it.
 */

export interface Unpacked {
  readonly bytes: number[];
  /** Blocks of the stream. */
  readonly blocks: number;
  /** How far the furthest match reaches back. */
  readonly furthest: number;
  /** Packed bytes that were used. */
  readonly used: number;
}

type Code = Map<string, number>;

/** The stream's bytes; undefined where it is none. */
export function referenceInflate(packed: Uint8Array, most = 1 << 20): Unpacked | undefined {
  let bit = 0;
  const next = (): number => {
    if (bit >= 8 * packed.length) throw new RangeError("behind the end");
    const value = (packed[bit >> 3] >> (bit & 7)) & 1;
    bit += 1;
    return value;
  };
  const number = (bits: number): number => {
    let value = 0;
    for (let i = 0; i < bits; i++) value += next() * 2 ** i;
    return value;
  };
  const symbol = (code: Code): number => {
    let text = "";
    while (text.length < 15) {
      text += next();
      const found = code.get(text);
      if (found !== undefined) return found;
    }
    throw new RangeError("no code");
  };
  const bytes: number[] = [];
  let blocks = 0;
  let furthest = 0;
  try {
    for (let last = 0; last === 0;) {
      last = next();
      blocks += 1;
      const kind = number(2);
      if (kind === 3) return undefined;
      if (kind === 0) {
        bit = 8 * Math.ceil(bit / 8);
        const length = number(16);
        if (number(16) !== 0xffff - length) return undefined;
        for (let i = 0; i < length; i++) bytes.push(number(8));
        continue;
      }
      const { literals, distances } = kind === 1 ? fixedCodes() : readCodes(number, symbol);
      for (;;) {
        const found = symbol(literals);
        if (found === 256) break;
        if (found < 256) {
          bytes.push(found);
          continue;
        }
        if (found > 285) return undefined;
        const [base, extra] = lengthOf(found);
        const length = base + number(extra);
        const way = symbol(distances);
        if (way > 29) return undefined;
        const more = way < 4 ? 0 : (way >> 1) - 1;
        const distance = (way < 4 ? way + 1 : (2 + (way & 1)) * 2 ** more + 1) + number(more);
        if (distance > bytes.length) return undefined;
        furthest = Math.max(furthest, distance);
        for (let i = 0; i < length; i++) bytes.push(bytes[bytes.length - distance]);
        if (bytes.length > most) return undefined;
      }
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return { bytes, blocks, furthest, used: Math.ceil(bit / 8) };
}

function lengthOf(symbol: number): [base: number, extra: number] {
  if (symbol === 285) return [258, 0];
  if (symbol < 265) return [symbol - 254, 0];
  const extra = (symbol - 261) >> 2;
  return [3 + (4 + ((symbol - 265) & 3)) * 2 ** extra, extra];
}

function fixedCodes(): { literals: Code; distances: Code } {
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
  return { literals: codeOf(lengths, false), distances: codeOf(new Array<number>(32).fill(5), false) };
}

function readCodes(
  number: (bits: number) => number,
  symbol: (code: Code) => number,
): { literals: Code; distances: Code } {
  const literals = 257 + number(5);
  const distances = 1 + number(5);
  const coded = 4 + number(4);
  if (literals > 286 || distances > 30) throw new RangeError("too many");
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const lengths = new Array<number>(19).fill(0);
  for (let i = 0; i < coded; i++) lengths[order[i]] = number(3);
  const code = codeOf(lengths, false);
  const all: number[] = [];
  while (all.length < literals + distances) {
    const found = symbol(code);
    if (found < 16) all.push(found);
    else if (found === 16) {
      if (all.length === 0) throw new RangeError("nothing to repeat");
      const before = all[all.length - 1];
      for (let i = 3 + number(2); i > 0; i--) all.push(before);
    } else for (let i = found === 17 ? 3 + number(3) : 11 + number(7); i > 0; i--) all.push(0);
  }
  if (all.length > literals + distances || all[256] === 0) throw new RangeError("bad lengths");
  return { literals: codeOf(all.slice(0, literals), true), distances: codeOf(all.slice(literals), true) };
}

/** Each code as its bits; throws where the lengths make none. */
function codeOf(lengths: readonly number[], sparse: boolean): Code {
  const code: Code = new Map();
  let next = 0;
  for (let length = 1; length <= 15; length++) {
    next *= 2;
    lengths.forEach((each, symbol) => {
      if (each !== length) return;
      if (next >= 2 ** length) throw new RangeError("too many codes");
      code.set(next.toString(2).padStart(length, "0"), symbol);
      next += 1;
    });
  }
  const lone = code.size === 0 || (code.size === 1 && code.has("0"));
  if (next !== 2 ** 15 && !(sparse && lone)) throw new RangeError("codes are missing");
  return code;
}
