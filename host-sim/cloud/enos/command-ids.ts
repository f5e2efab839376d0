/**
 * Ids of commands as EnOS gives them out: 62 bits, as decimal text. No double holds one, and a parsing script that
 * writes it as a u32 keeps its low half at most.
 */

const lowest = 1n << 61n;
/**
 * From one id to the next. A double of this size counts in steps of 512, so two ids stay different in a script that
 * makes numbers of them, in their low 32 bits too.
 */
const step = 1024n;

/** Gives out ids, none twice. */
export class CommandIds {
  #next: bigint;

  /** @param seed 8 bytes: at random, so that a cloud started anew gives out no id that a device has answered */
  constructor(seed: Uint8Array) {
    let start = 0n;
    for (const byte of seed) start = (start << 8n) | BigInt(byte);
    // Odd, so that no double is equal to it.
    this.#next = lowest | BigInt.asUintN(61, start) | 1n;
  }

  next(): string {
    const id = this.#next;
    this.#next = lowest | BigInt.asUintN(61, id + step);
    return String(id);
  }
}

/** The id of 32 bits for a product whose parsing script takes no other. */
export function shortId(id: string): string {
  return String(BigInt.asUintN(32, BigInt(id)));
}

/**
 * Whether `key` is what a script leaves of an id: its low 32 bits, those of the double next to it, or that double as
 * text.
 */
export function isCutFrom(id: string, key: string): boolean {
  const double = Number(id);
  return key === shortId(id) || key === String(double >>> 0) || key === String(double);
}
