/**
 * New inputs out of old ones, as fuzzers make them: a few small damages at a time.
 */
import type { Random } from "../../sim/time/random";

/** Bytes at which formats turn: the borders of CoAP's nibbles, signs and markers. */
const borders = [
  0, 1, 7, 8, 12, 13, 14, 15, 16, 0x1f, 0x20, 0x40, 0x60, 0x70, 0x7f, 0x80, 0xd0, 0xe0, 0xf0, 0xff,
];

const longest = 700;

/** A copy of `input` with one to four damages; `other` lends what is put in. */
export function mutate(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = input.slice();
  for (let count = 1 + below(random, 4); count > 0; count--) bytes = damage(bytes, other, random);
  return bytes.length > longest ? bytes.slice(0, longest) : bytes;
}

function damage(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return random.bytes(1 + below(random, 16));
  const at = below(random, bytes.length);
  const end = Math.min(bytes.length, at + 1 + below(random, random.chance(0.8) ? 8 : bytes.length));
  switch (below(random, 9)) {
    case 0:
      bytes[at] ^= 1 << below(random, 8);
      return bytes;
    case 1:
      bytes[at] = random.pick(borders);
      return bytes;
    case 2:
      bytes[at] += random.pick([1, -1, 16, -16]);
      return bytes;
    case 3:
      bytes[at] = below(random, 256);
      return bytes;
    case 4:
      return joined(bytes.subarray(0, at), random.bytes(1 + below(random, 8)), bytes.subarray(at));
    case 5:
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    case 6:
      return joined(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end));
    case 7:
      return bytes.slice(0, at);
    default: {
      const from = below(random, other.length + 1);
      return joined(bytes.subarray(0, at), other.subarray(from, from + (end - at)), bytes.subarray(at));
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function below(random: Random, count: number): number {
  return Math.floor(random.next() * count);
}
