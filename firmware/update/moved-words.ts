/**
 * Words of the image that are guessed from the base's. An address points to what has moved, mostly by as much as what
 * the last address into the same 4,096 bytes pointed to. What was learnt of such a page is one number:
 *
 *     how far it has moved << 2 | how often that was right, 0 to 3
 *
 * Nothing of it is in the package: encoder and decoder learn the same from the words that they have both seen
 * (docs/update-format.md).
 */
import { addBytes, highBits, lowBits } from "./byte-sums";

/** Pages that are told apart. */
const pages = 256;
const pageMask = pages - 1;
const pageBits = 12;
/** Bytes of memory that it takes. */
export const movedWordsMemory = 4 * pages;

/**
 * Forgets what was learnt.
 *
 * @param learntAt index of the first of the 256 words that it is kept in
 */
export function forgetMoves(words: Int32Array, learntAt: number): void {
  words.fill(0, learntAt, learntAt + pages);
}

/**
 * Makes the image's words from the base's, in their place, and learns from them.
 *
 * @param at index of the first
 * @param end behind the last
 * @param toCorrections how far behind each word its correction is, which is added to the guess byte by byte
 */
export function correctMovedWords(
  words: Int32Array,
  learntAt: number,
  at: number,
  end: number,
  toCorrections: number,
): void {
  let word = 0;
  let correction = 0;
  let guess = 0;
  let page = 0;
  let learnt = 0;
  for (; at < end; at += 1) {
    word = words[at];
    correction = words[at + toCorrections];
    // No address of an ESP32 begins with 0x00 or 0xff, and most words that are none do.
    if (((word >> 24) + 1) >> 1 === 0) {
      if (correction !== 0) words[at] = addBytes(word, correction);
      continue;
    }
    page = learntAt + ((word >> pageBits) & pageMask);
    learnt = words[page];
    guess = (word + (learnt >> 2)) | 0;
    if (correction === 0) {
      words[at] = guess;
      if ((learnt & 3) < 3) words[page] = learnt + 1;
      continue;
    }
    // As addBytes does it, without a call for each.
    guess = ((guess & lowBits) + (correction & lowBits)) ^ ((guess ^ correction) & highBits);
    words[at] = guess;
    if ((learnt & 3) > 0) words[page] = learnt - 1;
    else words[page] = (guess - word) << 2;
  }
}
