/**
 * What a chunk tells the device to do, before it is packed: records that take bytes of the base, correct them, and put
 * bytes behind them that are new. See docs/update-format.md.
 */
import { MovedWords } from "./moved-words";
import type { Stretch } from "./difference";

/** Bytes for which it is decided whether words are guessed: whole words, and whole pieces of the decoder's. */
const unit = 256;
/** What it costs to decide otherwise than before, and what a run of corrections does, bits. */
const change = 16;
const runPrice = 10;
/** Zeros that end a run of corrections; fewer go with it. */
const gap = 2;

/** A part of the image that is like a part of the base. */
interface Likeness {
  /** Where it begins in the base. */
  readonly base: number;
  /** Whether its words are guessed. */
  readonly isMoved: boolean;
  /** One for each byte. */
  readonly corrections: Uint8Array;
}

/**
 * The records that make the image's bytes from `start` to `end`.
 *
 * @param guesses whether words may be guessed
 */
export function instructions(
  base: Uint8Array,
  image: Uint8Array,
  stretches: readonly Stretch[],
  start: number,
  end: number,
  guesses: boolean,
): Uint8Array {
  const records = new Records(start);
  const words = guesses ? new MovedWords() : undefined;
  const price = new Price();
  for (let i = indexAt(stretches, start); i < stretches.length && stretches[i].at < end; i += 1) {
    const { at, base: baseAt, alike, extra } = stretches[i];
    const from = Math.max(start, at);
    const to = Math.min(end, at + alike);
    if (from < to) {
      for (const part of likenesses(base, image, from, to, baseAt - at, words, price)) records.like(part);
    }
    const newFrom = Math.max(start, at + alike);
    const newTo = Math.min(end, at + alike + extra);
    if (newFrom < newTo) records.add(image.subarray(newFrom, newTo));
  }
  return records.bytes();
}

/** Which stretch a byte of the image is in. */
function indexAt(stretches: readonly Stretch[], at: number): number {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { at: begin, alike, extra } = stretches[middle];
    if (begin + alike + extra <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Parts of the image whose words are guessed, and others, in turn: as costs least. */
function likenesses(
  base: Uint8Array,
  image: Uint8Array,
  start: number,
  end: number,
  offset: number,
  words: MovedWords | undefined,
  price: Price,
): readonly Likeness[] {
  const corrections = new Uint8Array(end - start);
  const parts: Likeness[] = [];
  // What was moved by no whole words is no table of addresses.
  const learnt = (offset & 3) === 0 ? words : undefined;
  let begun = start;
  let isMoved = false;
  const finish = (to: number): void => {
    if (begun < to) {
      parts.push({
        base: begun + offset,
        isMoved,
        corrections: corrections.subarray(begun - start, to - start),
      });
    }
    begun = to;
  };
  for (let from = start; from < end;) {
    const to = Math.min(end, from - (from % unit) + unit);
    const plain = corrections.subarray(from - start, to - start);
    correctBytes(base, image, from, offset, plain);
    const plainPrice = price.of(plain) + (isMoved ? change : 0);
    let choice = false;
    if (learnt !== undefined && plainPrice > 0) {
      const next = learnt.copy();
      const moved = new Uint8Array(plain.length);
      correctWords(base, image, from, offset, moved, next);
      if (price.of(moved) + (isMoved ? 0 : change) <= plainPrice) {
        choice = true;
        plain.set(moved);
        learnt.become(next);
      }
    }
    price.learn(plain);
    if (choice !== isMoved) {
      finish(from);
      isMoved = choice;
    }
    from = to;
  }
  finish(end);
  return parts;
}

/** What is to be added to the base's bytes. */
function correctBytes(
  base: Uint8Array,
  image: Uint8Array,
  from: number,
  offset: number,
  corrections: Uint8Array,
): void {
  for (let i = 0; i < corrections.length; i += 1) corrections[i] = image[from + i] - base[from + i + offset];
}

/** The same where the image's words are guessed. */
function correctWords(
  base: Uint8Array,
  image: Uint8Array,
  from: number,
  offset: number,
  corrections: Uint8Array,
  words: MovedWords,
): void {
  const firstWord = Math.min(corrections.length, -from & 3);
  const lastWord = corrections.length - ((corrections.length - firstWord) & 3);
  correctBytes(base, image, from, offset, corrections);
  for (let i = firstWord; i < lastWord; i += 4) {
    const word = wordAt(base, from + i + offset);
    const target = wordAt(image, from + i);
    const guess = words.guess(word);
    words.learn(word, target);
    for (let k = 0; k < 4; k += 1) corrections[i + k] = (target >>> (8 * k)) - (guess >>> (8 * k));
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** About how many bits corrections take: what has come often takes few. */
class Price {
  readonly #counts = new Uint32Array(256).fill(1);
  #total = 256;

  of(corrections: Uint8Array): number {
    let bits = 0;
    let zeros = gap;
    for (let i = 0; i < corrections.length; i += 1) {
      if (corrections[i] === 0) zeros += 1;
      else {
        if (zeros >= gap) bits += runPrice;
        bits += Math.log2(this.#total / this.#counts[corrections[i]]);
        zeros = 0;
      }
    }
    return bits;
  }

  /** Has seen these. */
  learn(corrections: Uint8Array): void {
    for (let i = 0; i < corrections.length; i += 1) {
      if (corrections[i] === 0) continue;
      this.#counts[corrections[i]] += 1;
      this.#total += 1;
    }
  }
}

/** Writes records. */
class Records {
  #bytes = new Uint8Array(4_096);
  #length = 0;
  /** Where the decoder is in the base. */
  #position: number;
  /** The likeness that waits for what is new behind it. */
  #waiting: Likeness | undefined;

  constructor(position: number) {
    this.#position = position;
  }

  like(likeness: Likeness): void {
    this.#write(nothing);
    this.#waiting = likeness;
  }

  add(added: Uint8Array): void {
    this.#write(added);
  }

  bytes(): Uint8Array {
    this.#write(nothing);
    return this.#bytes.subarray(0, this.#length);
  }

  #write(added: Uint8Array): void {
    const { base, isMoved, corrections } = this.#waiting ?? {
      base: this.#position,
      isMoved: false,
      corrections: nothing,
    };
    this.#waiting = undefined;
    if (corrections.length + added.length === 0) return;
    const seek = base - this.#position;
    this.#number(2 * corrections.length + (isMoved ? 1 : 0));
    this.#number(added.length);
    this.#number(seek < 0 ? -2 * seek - 1 : 2 * seek);
    this.#position = base + corrections.length;
    for (let at = 0; at < corrections.length;) {
      let run = at;
      while (run < corrections.length && corrections[run] === 0) run += 1;
      const runEnd = endOfRun(corrections, run);
      this.#number(run - at);
      this.#number(runEnd - run);
      this.#put(corrections.subarray(run, runEnd));
      at = runEnd;
    }
    this.#put(added);
  }

  #number(value: number): void {
    this.#reserve(5);
    let left = value;
    for (; left > 0x7f; left >>>= 7) this.#bytes[this.#length++] = (left & 0x7f) | 0x80;
    this.#bytes[this.#length++] = left;
  }

  #put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

const nothing = new Uint8Array(0);

/** Where corrections that begin at `start` end: at `gap` zeros, or with the last one that is not zero. */
function endOfRun(corrections: Uint8Array, start: number): number {
  let end = start;
  for (let at = start; at < corrections.length && at - end < gap; at += 1) {
    if (corrections[at] !== 0) end = at + 1;
  }
  return end;
}
