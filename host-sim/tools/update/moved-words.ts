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
  readonly #shifts: Int32Array;
  readonly #trust: Uint8Array;

  constructor(shifts = new Int32Array(pages), trust = new Uint8Array(pages)) {
    this.#shifts = shifts;
    this.#trust = trust;
  }

  copy(): MovedWords {
    return new MovedWords(this.#shifts.slice(), this.#trust.slice());
  }

  /** Knows what the other one has learnt. */
  become(other: MovedWords): void {
    this.#shifts.set(other.#shifts);
    this.#trust.set(other.#trust);
  }

  /** What the image's word is, by the base's. */
  guess(word: number): number {
    return isAddress(word) ? (word + this.#shifts[pageOf(word)]) >>> 0 : word;
  }

  /** Learns what it was. */
  learn(word: number, image: number): void {
    if (!isAddress(word)) return;
    const page = pageOf(word);
    const shift = (image - word) | 0;
    if (shift === this.#shifts[page]) this.#trust[page] = Math.min(mostTrust, this.#trust[page] + 1);
    else if (this.#trust[page] > 0) this.#trust[page] -= 1;
    else this.#shifts[page] = shift;
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
