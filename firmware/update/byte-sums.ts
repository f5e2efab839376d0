/**
 * Four bytes that lie in a word, added to four others, each sum by itself: the lower seven bits of all four at once, so
 * that what they carry goes into the highest one, and the highest ones without a carry.
 */

/** Of each of four bytes, all bits but the highest, and the highest. */
export const lowBits = 0x7f7f_7f7f;
export const highBits = 0x8080_8080 | 0;

/** The sums, as a number of 32 bits with a sign. */
export function addBytes(word: number, other: number): number {
  return ((word & lowBits) + (other & lowBits)) ^ ((word ^ other) & highBits);
}
