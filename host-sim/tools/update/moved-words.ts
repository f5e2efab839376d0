/**
 * How a word of the image is guessed from the base's, where both are tables of addresses: what an address points to has
 * moved, mostly by as much as what the last address to its neighbourhood pointed to. Encoder and decoder keep the same
 * table of what they have seen, so that nothing of it is in the package (docs/update-format.md).
 */

/** Neighbourhoods that are told apart, of 4 KiB each. */
const pages = 256;
const pageBits = 12;
/** So often is a shift believed against others, once it was right as often. */
const mostTrust = 3;

/** What has been learnt of a chunk's words so far. */
export class MovedWords {
  /** By page: the shift in the upper 30 bits, and how much it is trusted in the lower two. */
  readonly #pages: Int32Array;

  constructor(from = new Int32Array(pages)) {
    this.#pages = from;
  }

  copy(): MovedWords {
    return new MovedWords(this.#pages.slice());
  }

  /** Knows what the other one has learnt. */
  become(other: MovedWords): void {
    this.#pages.set(other.#pages);
  }

  /** What the image's word is, by the base's. */
  guess(word: number): number {
    return isAddress(word) ? (word + (this.#pages[pageOf(word)] >> 2)) >>> 0 : word;
  }

  /** Learns what it was. */
  learn(word: number, image: number): void {
    if (!isAddress(word)) return;
    const page = pageOf(word);
    const known = this.#pages[page];
    const trust = known & 3;
    const shift = (image - word) | 0;
    if (shift === known >> 2) this.#pages[page] = known - trust + Math.min(mostTrust, trust + 1);
    else if (trust > 0) this.#pages[page] = known - 1;
    else this.#pages[page] = shift << 2;
  }
}

/** No address of an ESP32 begins with such a byte, and most words that are none do. */
function isAddress(word: number): boolean {
  const top = word >>> 24;
  return top !== 0 && top !== 0xff;
}

function pageOf(word: number): number {
  return (word >>> pageBits) & (pages - 1);
}
