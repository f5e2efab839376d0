/**
 * How a board's key-value storage and its retained memory fail. ESP-IDF's NVS does all of this in the field:
 * it cannot be opened after its partition was damaged, has no page left, lies on flash that refuses or that
 * takes a write and keeps nothing, and holds bits that have turned.
 *
 *     refuse-open, refuse-read, refuse-write    the firmware gets an exception
 *     full                                      the same at a write, while what is stored can be read and deleted
 *     lose-write                                a write or a deletion says that it is done, and nothing has changed
 *     flip-read                                 one bit of the value comes the other way round, this time
 *     flip-write                                one bit of the value is stored the other way round
 *
 * Exceptions reach the firmware, on Node and in XS alike, and never the simulator. The same random stream gives
 * the same faults.
 */
import type { Random } from "../time/random";

/** What the firmware does to a store. */
type StorageOperation = "open" | "read" | "write" | "delete";

/** What one operation meets. */
export type StorageFault =
  /** The firmware gets an exception with this text. */
  | { readonly kind: "refused"; readonly text: string }
  /** Nothing is changed, and the firmware is not told. */
  | { readonly kind: "lost" }
  /** That bit of the value is the other way round; counted over its bytes, modulo their number. */
  | { readonly kind: "flipped"; readonly bit: number };

/** Decides what an operation on a key meets; undefined: it is done. `key` is empty for "open". */
export type StorageStrike = (
  operation: StorageOperation,
  store: string,
  key: string,
) => StorageFault | undefined;

export const storageFaultKinds = [
  "refuse-open",
  "refuse-read",
  "refuse-write",
  "full",
  "lose-write",
  "flip-read",
  "flip-write",
] as const;
export type StorageFaultKind = (typeof storageFaultKinds)[number];

/** Which operations a kind strikes, and what they meet. */
const strikes: Readonly<
  Record<StorageFaultKind, { readonly of: readonly StorageOperation[]; readonly text?: string }>
> = {
  "refuse-open": { of: ["open"], text: "ESP_ERR_NVS_NOT_INITIALIZED" },
  "refuse-read": { of: ["read"], text: "ESP_ERR_NVS_INVALID_STATE" },
  "refuse-write": { of: ["write", "delete"], text: "ESP_ERR_FLASH_OP_FAIL" },
  full: { of: ["write"], text: "ESP_ERR_NVS_NOT_ENOUGH_SPACE" },
  "lose-write": { of: ["write", "delete"] },
  "flip-read": { of: ["read"] },
  "flip-write": { of: ["write"] },
};

/** The name of the store with the firmware's own state: see firmware/board/state-store.ts. */
const stateStore = "state";

/** A schedule of faults that whoever runs a campaign changes as time goes on. */
export class StorageFaults {
  readonly #random: Random;
  readonly #chances = new Map<StorageFaultKind, { readonly chance: number; readonly stores: string[] }>();
  /** Operations that met a fault so far, by kind. */
  readonly struck: Partial<Record<StorageFaultKind, number>> = {};
  /** Values that were written or deleted so far, or were to be. */
  writes = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * From now on an operation meets this kind of fault with that chance, 0 to 1; 0 ends it.
   *
   * @param stores the names of the stores that it strikes. The device's keys are in "enos": a bit that turns
   *   there makes it another device, which no firmware can put right, so only "state" is struck unless told
   */
  set(kind: StorageFaultKind, chance: number, stores: readonly string[] = [stateStore]): void {
    if (chance > 0) this.#chances.set(kind, { chance, stores: [...stores] });
    else this.#chances.delete(kind);
  }

  /** Ends all faults. What they have damaged stays so. */
  clear(): void {
    this.#chances.clear();
  }

  /** What the operation meets; hand it to the board as `BoardOptions.storageStrike`. */
  readonly strike: StorageStrike = (operation, store) => {
    if (operation === "write" || operation === "delete") this.writes += 1;
    for (const [kind, { chance, stores }] of this.#chances) {
      const { of, text } = strikes[kind];
      if (!of.includes(operation) || !stores.includes(store) || !this.#random.chance(chance)) continue;
      this.struck[kind] = (this.struck[kind] ?? 0) + 1;
      if (text !== undefined) return { kind: "refused", text };
      return kind === "lose-write" ? { kind: "lost" } : { kind: "flipped", bit: this.#random.u32() };
    }
    return undefined;
  };
}

/** What can happen to memory: some of its bits turn, or it holds whatever it came up with, or nothing. */
export const memoryDamages = ["bits", "random", "zero"] as const;
export type MemoryDamage = (typeof memoryDamages)[number];

/**
 * Damages bytes in place: retained memory (`World.retained`), or a value of a store.
 *
 * @param bits how many of them turn, for "bits"
 */
export function damage(bytes: Uint8Array, how: MemoryDamage, random: Random, bits = 1): void {
  if (bytes.length === 0) return;
  if (how === "zero") bytes.fill(0);
  if (how === "random") bytes.set(random.bytes(bytes.length));
  for (let i = 0; how === "bits" && i < bits; i++) flip(bytes, random.u32());
}

/** Turns one bit, counted over the bytes modulo their number. */
export function flip(bytes: Uint8Array, bit: number): void {
  if (bytes.length > 0) bytes[(bit >>> 3) % bytes.length] ^= 1 << (bit & 7);
}
