/**
 * What of one firmware image is in another: bsdiff's differences (C. Percival, "Naive Differences of Executable Code",
 * 2003). Where code or data has moved, all addresses of it have changed, by the same few amounts: stretches that are alike
 * but for that are taken from the old image and corrected byte by byte, which packs to a tenth of what new bytes take.
 */
import { suffixArray } from "./suffix-array";

/** A stretch of the new image. */
export interface Stretch {
  /** Where it begins in the new image, and its likeness in the old one. */
  readonly at: number;
  readonly base: number;
  /** Bytes that are the old ones, corrected. */
  readonly alike: number;
  /** Bytes behind them that are new. */
  readonly extra: number;
}

/** Bytes by which a likeness has to be better than going on with the one before. */
const worth = 8;
/** Bytes looked at for likenesses that are no better: then one is taken, as what is sought lies behind it. */
const patience = 1 << 16;
/** Likenesses that are shorter cost no time. */
const brief = 16;

/** The stretches that the new image consists of, in their order and without a gap. */
export function difference(base: Uint8Array, image: Uint8Array): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const search = new Search(base, image);
  // What is settled ends at `settled`; behind it goes on the likeness that begins at `settledBase`.
  let [settled, settledBase] = [0, 0];
  let scan = 0;
  while (scan < image.length) {
    const offset = settledBase - settled;
    scan += search.length;
    // Bytes of the likeness found that going on would hit as well.
    let hits = 0;
    let looked = 0;
    for (let end = scan; scan < image.length; scan += 1) {
      search.from(scan);
      for (; end < scan + search.length; end += 1) if (isHit(base, image, end, offset)) hits += 1;
      if (search.length === hits ? hits > 0 : search.length > hits + worth) break;
      if (search.length >= brief) looked += search.length;
      if (looked > patience) break;
      if (isHit(base, image, scan, offset)) hits -= 1;
    }
    const isLast = scan === image.length;
    if (!isLast && search.length === hits) continue;
    let forward = likeAfter(base, image, settled, settledBase, scan);
    let backward = isLast ? 0 : likeBefore(base, image, scan, search.at, settled);
    const overlap = settled + forward - (scan - backward);
    if (overlap > 0) {
      const kept = keptOf(base, image, scan - backward, offset, search.at - scan, overlap);
      forward += kept - overlap;
      backward -= kept;
    }
    const next = scan - backward;
    stretches.push({ at: settled, base: settledBase, alike: forward, extra: next - settled - forward });
    settled = next;
    settledBase = search.at - backward;
  }
  return stretches;
}

/** Whether a byte of the image is the one that lies `offset` further in the base. */
function isHit(base: Uint8Array, image: Uint8Array, at: number, offset: number): boolean {
  const there = at + offset;
  return there >= 0 && there < base.length && base[there] === image[at];
}

/** How many bytes from `from` on are alike: as many as give most hits beyond half of them. */
function likeAfter(base: Uint8Array, image: Uint8Array, from: number, fromBase: number, to: number): number {
  let [best, length, hits] = [0, 0, 0];
  const most = Math.min(to - from, base.length - fromBase);
  for (let i = 0; i < most; i += 1) {
    if (base[fromBase + i] === image[from + i]) hits += 1;
    const score = 2 * hits - (i + 1);
    if (score > best) [best, length] = [score, i + 1];
  }
  return length;
}

/** The same of the bytes before. */
function likeBefore(base: Uint8Array, image: Uint8Array, to: number, toBase: number, from: number): number {
  let [best, length, hits] = [0, 0, 0];
  const most = Math.min(to - from, toBase);
  for (let i = 1; i <= most; i += 1) {
    if (base[toBase - i] === image[to - i]) hits += 1;
    const score = 2 * hits - i;
    if (score > best) [best, length] = [score, i];
  }
  return length;
}

/** How many of the bytes that both likenesses cover stay with the first: as many as let most bytes be hits. */
function keptOf(
  base: Uint8Array,
  image: Uint8Array,
  from: number,
  first: number,
  second: number,
  overlap: number,
): number {
  let [best, kept, score] = [0, 0, 0];
  for (let i = from; i < from + overlap; i += 1) {
    if (base[i + first] === image[i]) score += 1;
    if (base[i + second] === image[i]) score -= 1;
    if (score > best) [best, kept] = [score, i + 1 - from];
  }
  return kept;
}

/** Finds the longest piece of the base that the image has from some byte on. */
class Search {
  /** Of what was found last: where it begins in the base, and how long it is. */
  at = 0;
  length = 0;
  readonly #base: Uint8Array;
  readonly #image: Uint8Array;
  readonly #order: Int32Array;

  constructor(base: Uint8Array, image: Uint8Array) {
    this.#base = base;
    this.#image = image;
    this.#order = suffixArray(base);
  }

  from(from: number): void {
    this.at = 0;
    this.length = 0;
    let low = 0;
    let high = this.#order.length;
    // Suffixes between two others begin with what these have in common, which is not compared again.
    let lowLength = 0;
    let highLength = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#order[middle];
      const length = this.#sameFrom(at, from, Math.min(lowLength, highLength));
      if (length > this.length) {
        this.length = length;
        this.at = at;
      }
      const isBelow =
        from + length < this.#image.length &&
        (at + length === this.#base.length || this.#base[at + length] < this.#image[from + length]);
      if (isBelow) {
        low = middle + 1;
        lowLength = length;
      } else {
        high = middle;
        highLength = length;
      }
    }
  }

  /** Bytes that are the same from `at` in the base and `from` in the image on, of which `length` are known to be. */
  #sameFrom(at: number, from: number, length: number): number {
    const most = Math.min(this.#base.length - at, this.#image.length - from);
    let same = length;
    while (same < most && this.#base[at + same] === this.#image[from + same]) same += 1;
    return same;
  }
}
