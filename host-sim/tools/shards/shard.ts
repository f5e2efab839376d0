/** A run in parts that several processes do, each its share of what does not hang together. */

/** Which part of a run, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A whole run. */
export const wholeRun: Shard = { index: 1, count: 1 };

/** The first of `total` pieces that is a shard's, and the one behind its last: each is one shard's; none where both are the same. */
export function shareOf(
  total: number,
  { index, count }: Shard,
): { readonly first: number; readonly end: number } {
  const edge = (part: number): number => Math.floor((total * part) / count);
  return { first: edge(index - 1), end: edge(index) };
}

/** `3/16` as a shard; undefined for another text. */
export function parseShard(text: string): Shard | undefined {
  const found = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  if (found === null) return undefined;
  const shard = { index: Number(found[1]), count: Number(found[2]) };
  return isShard(shard) ? shard : undefined;
}

/** Whether a value is a shard. */
export function isShard(value: unknown): value is Shard {
  if (typeof value !== "object" || value === null) return false;
  const { index, count } = value as Record<string, unknown>;
  return isWhole(index) && isWhole(count) && index >= 1 && index <= count;
}

/** Whether a value is a whole number from 0 on. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
