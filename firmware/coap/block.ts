/**
 * The Block1 and Block2 options (RFC 7959 section 2.2): which part of a body a message carries.
 *
 *     0 1 2 3 4 5 6 7        size of a block: 2 ** (SZX + 4), 16 to 1024 bytes; SZX 7 is reserved
 *    +-+-+-+-+-+-+-+-+       NUM: number of the block, counted in blocks of this size
 *    |  NUM  |M| SZX |       M: more blocks follow
 *    +-+-+-+-+-+-+-+-+       one, two or three bytes in network order, none for 0/0/0
 *
 * A transfer may go over to smaller blocks on the way: the offset in bytes, NUM << (SZX + 4), is what
 * stays.
 */
import { encodeUint, findOption } from "./option";
import type { Option } from "./option";

/** A block option's value. */
export interface Block {
  /** Number of the block, 0 to 1048575. */
  readonly num: number;
  /** More blocks follow. */
  readonly more: boolean;
  /** Size exponent, 0 to 6. */
  readonly szx: number;
}

const nothing: Uint8Array = new Uint8Array(0);

/** Block numbers have 20 bits. */
export const largestBlockNumber = 0xfffff;

/** Bytes of a block. */
export function blockSize(szx: number): number {
  return 16 << szx;
}

/** Where a block starts in the body, bytes. */
export function blockOffset(block: Block): number {
  return block.num * blockSize(block.szx);
}

/** The largest exponent whose blocks are no longer than `bytes`, or -1 below 16 bytes. */
export function szxFor(bytes: number): number {
  let szx = -1;
  while (szx < 6 && blockSize(szx + 1) <= bytes) szx += 1;
  return szx;
}

/** The option's value; `block.num` must be in range. */
export function encodeBlock(block: Block): Uint8Array {
  return encodeUint(block.num * 16 + (block.more ? 8 : 0) + block.szx);
}

/**
 * The block option with this number, `undefined` when there is none, `"reserved"` when it has the
 * reserved size exponent. Its length has been checked with the other options (option-rules.ts).
 */
export function findBlock(options: readonly Option[], optionNumber: number): Block | undefined | "reserved" {
  const value = findOption(options, optionNumber);
  if (value === undefined) return undefined;
  if (value.length > 3) return "reserved";
  let bits = 0;
  for (let i = 0; i < value.length; i++) bits = bits * 256 + (value[i] ?? 0);
  const szx = bits & 7;
  if (szx === 7) return "reserved";
  return { num: bits >> 4, more: (bits & 8) !== 0, szx };
}

/** The options with `added` among them, ascending, behind those with the same number. */
export function insertOptions(options: readonly Option[], added: readonly Option[]): Option[] {
  const merged = options.slice();
  for (let i = 0; i < added.length; i++) {
    const option = added[i];
    if (option === undefined) break;
    let at = merged.length;
    for (
      let before = merged[at - 1];
      before !== undefined && before.number > option.number;
      before = merged[at - 1]
    )
      at -= 1;
    merged.splice(at, 0, option);
  }
  return merged;
}

/** The options without those of these numbers; the same list when there are none. */
export function withoutOptions(options: readonly Option[], numbers: readonly number[]): readonly Option[] {
  const kept = options.filter((option) => numbers.indexOf(option.number) < 0);
  return kept.length === options.length ? options : kept;
}

/**
 * A body that grows block by block. Room is made for at most twice of what has come, whatever the peer
 * foretells: a few bytes of a stranger must not claim the memory of a whole body.
 */
export class Body {
  #bytes: Uint8Array = nothing;
  readonly #expected: number;
  readonly #limit: number;
  length = 0;

  /**
   * @param expected length foretold by the peer, bytes: no more room than this is made until more has come
   * @param limit longest body that will be appended, bytes: no more room than this is ever made
   */
  constructor(expected: number, limit: number) {
    this.#expected = expected;
    this.#limit = limit;
  }

  /** Adds a block. */
  append(block: Uint8Array): void {
    const needed = this.length + block.length;
    if (needed > this.#bytes.length) {
      const most = needed <= this.#expected ? Math.min(this.#expected, this.#limit) : this.#limit;
      const larger = new Uint8Array(Math.max(needed, Math.min(2 * needed, most)));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(block, this.length);
    this.length = needed;
  }

  /** Takes back all from `offset` on. */
  truncate(offset: number): void {
    this.length = offset;
  }

  /** What has been put together so far: a view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}
