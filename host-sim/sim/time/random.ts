/**
 * Seeded randomness: every chance in a simulation comes from here.
 *
 * Each part of the world takes a stream of its own with `fork`, so that one more draw in the radio
 * does not shift what the modem draws. The generator is sfc32 (Chris Doty-Humphrey, PractRand):
 * integers only, so its numbers are the same on every machine.
 */
export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed a number or text; the same seed gives the same numbers */
  constructor(seed: number | string) {
    this.#seed = String(seed);
    const hash = spread(this.#seed);
    this.#a = hash[0];
    this.#b = hash[1];
    this.#c = hash[2];
    for (let i = 0; i < 12; i++) this.u32();
  }

  /** A stream of its own, fixed by this one's seed and `label`, whatever was drawn before. */
  fork(label: string): Random {
    return new Random(`${this.#seed}/${label}`);
  }

  /** An integer from 0 to 2^32 - 1. */
  u32(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.next() < p;
  }

  /** `length` random bytes. */
  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.u32() >>> 24;
    return out;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)];
  }

  /** A standard normal number (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** A log-normal number with this median, and this 95th percentile (same unit, p95 > median). */
  logNormal(median: number, p95: number): number {
    const sigma = Math.log(p95 / median) / 1.6448536269514722;
    return median * Math.exp(sigma * this.normal());
  }
}

/** Three 32-bit words from a text (cyrb-style multiply and xor, enough to tell seeds apart). */
function spread(text: string): [number, number, number] {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  let c = 0xc2b2ae35;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x2c1b3c6d);
    b = Math.imul(b ^ unit, 0x297a2d39);
    c = Math.imul(c ^ (a >>> 15) ^ (b >>> 13), 0x1b56c4e9);
  }
  return [a ^ (c >>> 16), b ^ (a >>> 16), c ^ (b >>> 16)];
}
