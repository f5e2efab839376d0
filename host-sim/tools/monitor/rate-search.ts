/**
 * At which rate a board speaks: an instrumented build at 115,200 baud, a debug build mostly at 921,600, its boot ROM at
 * 115,200 in either case. So it is the firmware's own lines that tell, and what is no text that denies.
 */

/** Rates of the SDK's builds, the likeliest first. */
export const usualRates: readonly number[] = [115_200, 921_600, 460_800, 1_500_000];

/** Bytes that are looked at together. */
const sample = 96;
/** Share of them that is text where the rate is right. */
const enoughText = 0.75;

/** Goes through the rates until one is the board's. */
export class RateSearch {
  readonly #rates: readonly number[];
  #at = 0;
  #text = 0;
  #seen = 0;
  #found = false;

  /** @param rates one for a rate that is known */
  constructor(rates: readonly number[]) {
    this.#rates = rates;
  }

  get rate(): number {
    return this.#rates[this.#at];
  }

  /** A line of the firmware's was read. */
  confirm(): void {
    this.#found = true;
  }

  /** Bytes of the port. @returns the rate to try next; undefined as long as this one may be right */
  next(bytes: Uint8Array): number | undefined {
    if (this.#found || this.#rates.length < 2) return undefined;
    for (const byte of bytes) {
      if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) this.#text += 1;
      this.#seen += 1;
    }
    if (this.#seen < sample) return undefined;
    const wrong = this.#text < enoughText * this.#seen;
    this.#text = 0;
    this.#seen = 0;
    if (!wrong) return undefined;
    this.#at = (this.#at + 1) % this.#rates.length;
    return this.rate;
  }
}
