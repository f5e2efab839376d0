/**
 * Salt and counters, of which no two envelopes of a device have the same: a nonce that comes twice under one key gives both
 * plain texts away, and lets whoever has seen it forge (RFC 3610 section 5, RFC 5116 section 3.1).
 *
 * A start draws a fresh salt of 8 random bytes, which makes a key of its own. Only a start from deep sleep goes on with
 * the salt before, where retained memory has it with the last counter that was reserved:
 *
 *     salt, 8 bytes | last reserved u16, twice                                    big-endian
 *
 * A counter is used after its reservation was read back, so that no start finds an older one: neither where the power
 * fails at any moment, nor where the memory takes no more writes. Where a bit of it sticks, the memory's own CRC is of
 * what it has, and the two counters differ. Nothing of it is in flash, which can be restored, or copied onto another
 * board.
 */
import { retainedParts } from "../continuity/retained-memory";
import { join } from "./join";
import type { RetainedMemory } from "../continuity/retained-memory";

/** Bytes of a salt. */
export const saltLength = 8;
/** Counters that are reserved at once. */
const reserved = 4;
const lastOfAll = 0xffff;

export interface NoncesOptions {
  /** Undefined for a board that has none: its every start draws a fresh salt. */
  readonly retained: RetainedMemory | undefined;
  /** Number in [0, 1) of 32 random bits. */
  readonly random: () => number;
  /** Why the board started, as it knows it. */
  readonly startReason: string;
}

/** Gives out each pair of salt and counter once. */
export class Nonces {
  readonly #options: NoncesOptions;
  #salt: Uint8Array | undefined;
  /** The last counter that may be used before more are reserved. */
  #last = lastOfAll;
  #next: number;

  constructor(options: NoncesOptions) {
    this.#options = options;
    const { retained, startReason } = options;
    const kept = startReason === "deep-sleep" ? retained?.read(retainedParts.seal) : undefined;
    if (kept?.length === 12 && kept[8] === kept[10] && kept[9] === kept[11]) {
      this.#salt = kept.subarray(0, saltLength);
      this.#last = (kept[8] << 8) | kept[9];
    }
    // Behind the last of all there is none, and the first counter draws a salt.
    this.#next = this.#last + 1;
  }

  /** The salt of the counter that was given out last; the same object as long as it is the same. */
  get salt(): Uint8Array {
    return this.#salt!;
  }

  /** A salt and a counter that were never used together, 8 bytes | u16. */
  next(): Uint8Array {
    for (let last = -1; this.#next > this.#last && !this.reserve(); last = lastOfAll) {
      const { random } = this.#options;
      const words = Uint32Array.of(random() * 0x1_0000_0000, random() * 0x1_0000_0000);
      this.#salt = new Uint8Array(words.buffer);
      this.#next = 0;
      // The memory may have a salt that was not read back. The one after it was never written: all of it is this start's.
      this.#last = last;
    }
    return this.pair(this.#next++);
  }

  /** Reserves the next counters; false where there are none, or the memory does not have them. */
  private reserve(): boolean {
    const { retained } = this.#options;
    const last = Math.min(this.#next + reserved - 1, lastOfAll);
    if (last < this.#next) return false;
    const pair = this.pair(last);
    const body = join(pair, pair.subarray(saltLength));
    retained?.write(retainedParts.seal, body);
    if (retained?.read(retainedParts.seal)?.join() !== body.join()) return false;
    this.#last = last;
    return true;
  }

  private pair(counter: number): Uint8Array {
    return join(this.salt, Uint8Array.of(counter >> 8, counter));
  }
}
