/**
 * Which bits have flipped, told by what is wrong with a checksum. A CRC is linear: the difference between the one
 * that is stored and the one that the bytes have is the exclusive or of one number for each flipped bit, which
 * depends on its place alone.
 */

/** Flips one bit, counted from the lowest of the first byte. */
export function flipBit(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

/**
 * One bit whose flip explains a CRC-32 that is wrong.
 *
 * @param wrong stored and computed CRC, exclusive or
 * @param length bytes up to the end of what the CRC covers
 * @returns the bit, counted from the lowest of the first of these bytes; -1 when there is none
 */
export function oneFlip(wrong: number, length: number): number {
  let effect = lastEffect;
  for (let i = 0; i < 8 * length; i++) {
    if (effect === wrong) return bitFromEnd(length, i);
    effect = earlier(effect);
  }
  return -1;
}

/** Clears two bits of the `length` bytes in front of `end` that are set, if that explains a wrong CRC-32. */
export function clearLastTwo(bytes: Uint8Array, wrong: number, end: number, length: number): boolean {
  const start = end - length;
  const isSet = (bit: number): boolean => (((bytes[start + (bit >> 3)] ?? 0) >> (bit & 7)) & 1) !== 0;
  let effect = lastEffect;
  for (let i = 0; i < 8 * length; i++) {
    const bit = bitFromEnd(length, i);
    // The other one stands in front of it.
    const other = isSet(bit) ? oneFlip((effect ^ wrong) >>> 0, length) : -1;
    if (other >= 0 && other !== bit && isSet(other)) {
      flipBit(bytes, 8 * start + bit);
      flipBit(bytes, 8 * start + other);
      return true;
    }
    effect = earlier(effect);
  }
  return false;
}

/** Bytes among which two flipped bits are looked for, which takes 32 times as many of RAM. */
const longestSearched = 256;

/** Whether two flipped bits among the last `length` bytes that a CRC-32 covers explain that it is wrong. */
export function areTwoFlips(wrong: number, length: number): boolean {
  if (length > longestSearched) return false;
  const effects = new Uint32Array(8 * length);
  let effect = lastEffect;
  for (let i = 0; i < effects.length; i++) {
    effects[i] = effect;
    effect = earlier(effect);
  }
  effects.sort();
  for (let i = 0; i < effects.length; i++) {
    if (contains(effects, ((effects[i] ?? 0) ^ wrong) >>> 0)) return true;
  }
  return false;
}

/**
 * Puts one or two flipped bits of a record's header right, as its CRC-16 shows them.
 *
 * @param wrong stored and computed CRC, exclusive or
 * @param length bytes that the CRC covers; it is stored behind them, little-endian
 * @param confirm whether the bytes as they are now are those that were written, by another checksum: two bits can
 *   be told by 16 only as a guess
 * @param most flipped bits to look for
 */
export function mendByCrc16(
  bytes: Uint8Array,
  wrong: number,
  length: number,
  most: 1 | 2,
  confirm: (flips: number) => boolean,
): boolean {
  const effects = new Uint16Array(8 * (length + 2));
  let effect = 0x1021;
  for (let byte = length - 1; byte >= 0; byte--) {
    for (let bit = 0; bit < 8; bit++) {
      effects[8 * byte + bit] = effect;
      effect = (effect << 1) ^ (effect & 0x8000 ? 0x1021 : 0);
    }
  }
  for (let bit = 0; bit < 16; bit++) effects[8 * length + bit] = 1 << bit;
  for (let i = 0; i < effects.length; i++) {
    if (effects[i] !== wrong) continue;
    flipBit(bytes, i);
    if (confirm(1)) return true;
    flipBit(bytes, i);
  }
  for (let i = 0; most === 2 && i < effects.length; i++) {
    const other = (effects[i] ?? 0) ^ wrong;
    for (let j = i + 1; j < effects.length; j++) {
      if (effects[j] !== other) continue;
      flipBit(bytes, i);
      flipBit(bytes, j);
      if (confirm(2)) return true;
      flipBit(bytes, i);
      flipBit(bytes, j);
    }
  }
  return false;
}

/** What the last bit that a CRC-32 covers does to it: its polynomial, reflected. */
const lastEffect = 0xedb88320;

/** The effect of the bit before. */
function earlier(effect: number): number {
  return (effect & 1 ? (effect >>> 1) ^ 0xedb88320 : effect >>> 1) >>> 0;
}

/** The `i`-th bit from the end in the order of a reflected CRC, which takes the highest bit of a byte last. */
function bitFromEnd(length: number, i: number): number {
  return 8 * (length - 1 - (i >> 3)) + 7 - (i & 7);
}

function contains(sorted: Uint32Array, value: number): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle] ?? 0;
    if (found === value) return true;
    if (found < value) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
