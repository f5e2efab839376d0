/**
 * Chunks for the tests of what unpacks them, written from docs/update-format.md alone: made of records that chance
 * draws, and read again in the simplest way there is.
 */
import type { Random } from "../../../host-sim/sim/time/random";

export interface ChunkRecord {
  readonly corrections: Uint8Array;
  /** Its words are guessed. */
  readonly isMoved: boolean;
  readonly extra: Uint8Array;
  readonly seek: number;
}

/** A number in groups of 7 bits. */
export function number(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

export function zigzag(value: number): number[] {
  return number(value < 0 ? -2 * value - 1 : 2 * value);
}

/** Corrections in runs: where there are so many zeros they are a run's own. */
export function runsOf(corrections: Uint8Array, fewestZeros: number): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < corrections.length;) {
    let others = at;
    while (others < corrections.length && corrections[others] === 0) others += 1;
    let end = others;
    for (let i = others, zeros = 0; i < corrections.length && zeros < fewestZeros; i++) {
      zeros = corrections[i] === 0 ? zeros + 1 : 0;
      end = i + 1 - zeros;
    }
    bytes.push(...number(others - at), ...number(end - others), ...corrections.subarray(others, end));
    at = end;
  }
  return bytes;
}

/** What is packed in a chunk. */
export function instructionsOf(records: readonly ChunkRecord[], fewestZeros: number): Uint8Array {
  return Uint8Array.from(
    records.flatMap(({ corrections, isMoved, extra, seek }) => [
      ...number(2 * corrections.length + (isMoved ? 1 : 0)),
      ...number(extra.length),
      ...zigzag(seek),
      ...runsOf(corrections, fewestZeros),
      ...extra,
    ]),
  );
}

/** Records that make `length` bytes or some more, from a base of so many. */
export function drawRecords(
  random: Random,
  length: number,
  baseLength: number,
  start: number,
): ChunkRecord[] {
  const records: ChunkRecord[] = [];
  let position = start;
  for (let made = 0; made < length;) {
    const from = Math.floor(random.next() * (baseLength + 1));
    const longest = Math.min(baseLength - from, random.chance(0.3) ? 3_000 : 60);
    const corrections = new Uint8Array(Math.floor(random.next() * (longest + 1)));
    const kind = random.next();
    for (let i = 0; i < corrections.length; i++) {
      const chance = kind < 0.3 ? 0.01 : kind < 0.6 ? 0.9 : i % 4 === 0 ? 0.8 : 0;
      if (random.chance(chance)) corrections[i] = random.bytes(1)[0];
    }
    const most = random.chance(0.2) ? 2_500 : 20;
    const extra = random.bytes(random.chance(0.5) ? 0 : Math.floor(random.next() * most));
    if (corrections.length + extra.length === 0) continue;
    records.push({ corrections, isMoved: random.chance(0.5), extra, seek: from - position });
    position = from + corrections.length;
    made += corrections.length + extra.length;
  }
  return records;
}

/** The bytes that these instructions make, all of them used; undefined where they break a rule of the format. */
export function referencePatch(
  instructions: Uint8Array,
  chunk: { readonly base: Uint8Array; readonly imageOffset: number; readonly outputLength: number },
): Uint8Array | undefined {
  const output: number[] = [];
  let at = 0;
  const next = (): number => {
    if (at >= instructions.length) throw new RangeError("no more");
    return instructions[at++];
  };
  const take = (): number => {
    let value = 0;
    for (let group = 0; group < 4; group++) {
      const byte = next();
      value += (byte & 0x7f) * 2 ** (7 * group);
      if (byte < 0x80) return value;
    }
    throw new RangeError("too large");
  };
  const { base, imageOffset, outputLength } = chunk;
  let position = imageOffset;
  /** By page: how far its addresses have moved, and how often that was right. */
  const moved = new Map<number, { shift: number; trust: number }>();
  /** Corrects `length` bytes of the base, word by word where they are whole ones, and puts them behind the output. */
  const correctMoved = (corrections: readonly number[]): void => {
    for (let i = 0; i < corrections.length;) {
      const isWord = (imageOffset + output.length) % 4 === 0 && i + 4 <= corrections.length;
      const bytes = Buffer.from(base.subarray(position, position + (isWord ? 4 : 1)));
      const word = isWord ? bytes.readUInt32LE() : 0;
      const page = Math.floor(word / 4_096) % 256;
      const isAddress = isWord && bytes[3] !== 0 && bytes[3] !== 0xff;
      const known = moved.get(page) ?? { shift: 0, trust: 0 };
      if (isAddress) bytes.writeInt32LE((word + known.shift) | 0);
      for (let k = 0; k < bytes.length; k++) bytes[k] = bytes[k] + corrections[i + k];
      if (isAddress) {
        const shift = (bytes.readUInt32LE() - word) | 0;
        if (shift === known.shift) known.trust = Math.min(3, known.trust + 1);
        else if (known.trust > 0) known.trust -= 1;
        else known.shift = (shift << 2) >> 2;
        moved.set(page, known);
      }
      output.push(...bytes);
      position += bytes.length;
      i += bytes.length;
    }
  };
  try {
    while (output.length < outputLength) {
      const kind = take();
      const extra = take();
      const seek = take();
      const corrected = Math.floor(kind / 2);
      position += seek % 2 === 0 ? seek / 2 : -(seek + 1) / 2;
      if (corrected + extra === 0 || output.length + corrected + extra > outputLength) return undefined;
      if (corrected > 0 && (position < 0 || position + corrected > base.length)) return undefined;
      const corrections: number[] = [];
      while (corrections.length < corrected) {
        const zeros = take();
        const others = take();
        if (zeros + others === 0 || corrections.length + zeros + others > corrected) return undefined;
        for (let i = 0; i < zeros; i++) corrections.push(0);
        for (let i = 0; i < others; i++) corrections.push(next());
      }
      if (kind % 2 === 1) correctMoved(corrections);
      else for (const correction of corrections) output.push((base[position++] + correction) & 0xff);
      for (let i = 0; i < extra; i++) output.push(next());
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return at === instructions.length ? Uint8Array.from(output) : undefined;
}
