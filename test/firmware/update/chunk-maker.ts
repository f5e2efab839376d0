/**
 * Chunks for the tests of what unpacks them, written from docs/update-format.md alone: made of records that chance
 * draws, and read again in the simplest way there is.
 */
import type { Random } from "../../../host-sim/sim/time/random";

export interface ChunkRecord {
  readonly difference: Uint8Array;
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

/** Differences in runs: where there are so many zeros they are a run's own. */
export function runsOf(difference: Uint8Array, fewestZeros: number): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < difference.length;) {
    let others = at;
    while (others < difference.length && difference[others] === 0) others += 1;
    let end = others;
    for (let i = others, zeros = 0; i < difference.length && zeros < fewestZeros; i++) {
      zeros = difference[i] === 0 ? zeros + 1 : 0;
      end = i + 1 - zeros;
    }
    bytes.push(...number(others - at), ...number(end - others), ...difference.subarray(others, end));
    at = end;
  }
  return bytes;
}

/** What is packed in a chunk. */
export function instructionsOf(records: readonly ChunkRecord[], fewestZeros: number): Uint8Array {
  return Uint8Array.from(
    records.flatMap(({ difference, extra, seek }) => [
      ...number(difference.length),
      ...number(extra.length),
      ...zigzag(seek),
      ...runsOf(difference, fewestZeros),
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
    const difference = new Uint8Array(Math.floor(random.next() * (longest + 1)));
    const kind = random.next();
    for (let i = 0; i < difference.length; i++) {
      if (random.chance(kind < 0.3 ? 0.01 : kind < 0.6 ? 0.9 : i % 4 === 0 ? 0.8 : 0))
        difference[i] = random.bytes(1)[0];
    }
    const extra = random.bytes(
      random.chance(0.5) ? 0 : Math.floor(random.next() * (random.chance(0.2) ? 2_500 : 20)),
    );
    if (difference.length + extra.length === 0) continue;
    records.push({ difference, extra, seek: from - position });
    position = from + difference.length;
    made += difference.length + extra.length;
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
  try {
    while (output.length < outputLength) {
      const difference = take();
      const extra = take();
      const seek = take();
      position += seek % 2 === 0 ? seek / 2 : -(seek + 1) / 2;
      if (difference + extra === 0 || output.length + difference + extra > outputLength) return undefined;
      if (difference > 0 && (position < 0 || position + difference > base.length)) return undefined;
      for (let left = difference; left > 0;) {
        const zeros = take();
        const others = take();
        left -= zeros + others;
        if (zeros + others === 0 || left < 0) return undefined;
        for (let i = 0; i < zeros; i++) output.push(base[position++]);
        for (let i = 0; i < others; i++) output.push((base[position++] + next()) & 0xff);
      }
      for (let i = 0; i < extra; i++) output.push(next());
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return at === instructions.length ? Uint8Array.from(output) : undefined;
}
