/**
 * How flash fails, block by block. A chip does all of this at the end of its life, at a low supply or in the cold:
 *
 *     refuse-read, refuse-write, refuse-erase   the firmware gets an exception, and nothing has changed
 *     late-write, late-erase                    the firmware gets an exception, and it is done all the same
 *     lose-write, lose-erase                    it says that it is done, and nothing has changed
 *     half-write, half-erase                    it says that it is done, and some bits have not changed
 *     flip-read                                 one bit comes the other way round, this time
 *
 * Bits that turn in what is stored are `MemoryFlash.flipBits` and `setBits`. Exceptions reach the firmware, on Node
 * and in XS alike, and never the simulator. The same random stream gives the same faults.
 */
import type { Random } from "../time/random";

export type FlashOperation = "read" | "write" | "erase";

/** What one operation meets. */
export type FlashStrike = "refused" | "late" | "lost" | "half" | "flipped";

const strikes = {
  "refuse-read": { of: "read", how: "refused" },
  "refuse-write": { of: "write", how: "refused" },
  "refuse-erase": { of: "erase", how: "refused" },
  "late-write": { of: "write", how: "late" },
  "late-erase": { of: "erase", how: "late" },
  "lose-write": { of: "write", how: "lost" },
  "lose-erase": { of: "erase", how: "lost" },
  "half-write": { of: "write", how: "half" },
  "half-erase": { of: "erase", how: "half" },
  "flip-read": { of: "read", how: "flipped" },
} as const satisfies Record<string, { of: FlashOperation; how: FlashStrike }>;

export type FlashFaultKind = keyof typeof strikes;
export const flashFaultKinds = Object.keys(strikes) as readonly FlashFaultKind[];

/** Where a kind of fault strikes. */
export interface FlashFaultPlace {
  /** Numbers of blocks; all of them when left out. */
  readonly blocks?: readonly number[];
  /** Only a block that was erased so often, as it wears (default 0). */
  readonly afterErases?: number;
}

interface Fault extends FlashFaultPlace {
  readonly kind: FlashFaultKind;
  readonly chance: number;
}

/** An operation that the hardware has refused: it is for the firmware, as an exception. */
export class FlashRefusal extends Error {
  override readonly name = "FlashRefusal";
}

/** A schedule of faults that whoever runs a simulation changes as time goes on. */
export class FlashFaults {
  readonly random: Random;
  #faults: Fault[] = [];
  /** Operations that met a fault so far, by kind. */
  readonly struck: Partial<Record<FlashFaultKind, number>> = {};

  constructor(random: Random) {
    this.random = random;
  }

  /**
   * From now on an operation meets this kind of fault with that chance, 0 to 1, in place of what was set for the
   * kind before; 0 ends it.
   */
  set(kind: FlashFaultKind, chance: number, place: FlashFaultPlace = {}): void {
    this.#faults = this.#faults.filter((fault) => fault.kind !== kind);
    if (chance > 0) this.#faults.push({ kind, chance, ...place });
  }

  /** Ends all faults. What they have damaged stays so. */
  clear(): void {
    this.#faults = [];
  }

  /** What an operation on a block meets; undefined: it is done. @param erases how often the block was erased */
  strike(operation: FlashOperation, block: number, erases: number): FlashStrike | undefined {
    for (const { kind, chance, blocks, afterErases = 0 } of this.#faults) {
      const { of, how } = strikes[kind];
      if (of !== operation || erases < afterErases || blocks?.includes(block) === false) continue;
      if (!this.random.chance(chance)) continue;
      this.struck[kind] = (this.struck[kind] ?? 0) + 1;
      return how;
    }
    return undefined;
  }
}
