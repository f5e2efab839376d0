/** The rollouts of all products: the last few of each, by product and in the storage. */
import type { CloudStorage } from "../registry/storage";
import { isRolloutOver } from "./rollout";
import type { Rollout, RolloutStage, RolloutState } from "./rollout";

/** A rollout whose state may be changed, by whoever has it kept afterwards. Its stages are replaced and never changed. */
export type KeptRollout = { -readonly [K in keyof Rollout]: Rollout[K] };

/** Storage's kind of a rollout. */
export const rolloutKind = "rollout";

/** Rollouts that are kept of a product; those that are over make room. */
const rolloutsPerProduct = 32;

export class RolloutStore {
  readonly #storage: CloudStorage | undefined;
  /** By product, oldest first. */
  readonly #products = new Map<string, KeptRollout[]>();
  #nextNumber = 1;

  constructor(storage: CloudStorage | undefined) {
    this.#storage = storage;
  }

  /** The id of the rollout that is taken next. */
  get nextId(): string {
    return String(this.#nextNumber);
  }

  /** All that are there now, those of one product in the order of their making. */
  *all(): Iterable<KeptRollout> {
    for (const rollouts of this.#products.values()) yield* [...rollouts];
  }

  /** A product's, oldest first. */
  ofProduct(productKey: string): readonly KeptRollout[] {
    return this.#products.get(productKey) ?? [];
  }

  find(productKey: string, rolloutId: string | undefined): KeptRollout | undefined {
    return this.#products.get(productKey)?.find((each) => each.rolloutId === rolloutId);
  }

  /** The product's that is not over. There is one at most. */
  current(productKey: string): KeptRollout | undefined {
    return this.#products.get(productKey)?.find((each) => !isRolloutOver(each));
  }

  /**
   * One that is in one of these states.
   *
   * @param what would be done with it, for the error
   * @throws RangeError for one that is unknown or in another state
   */
  known(productKey: string, rolloutId: string, states: readonly RolloutState[], what: string): KeptRollout {
    const rollout = this.find(productKey, rolloutId);
    if (rollout === undefined) throw new RangeError(`no rollout ${rolloutId} of product ${productKey}`);
    if (states.includes(rollout.state)) return rollout;
    throw new RangeError(
      `rollout ${rolloutId} is ${rollout.state}: only one that is ${states.join(" or ")} can be ${what}`,
    );
  }

  /** Takes a new one, which is stored once it is kept; the oldest of its product makes room. */
  take(rollout: KeptRollout): void {
    const { productKey, rolloutId } = rollout;
    let rollouts = this.#products.get(productKey);
    if (rollouts === undefined) this.#products.set(productKey, (rollouts = []));
    rollouts.push(rollout);
    this.#nextNumber = Math.max(this.#nextNumber, Number(rolloutId) + 1);
    if (rollouts.length > rolloutsPerProduct) this.drop(rollouts[0]);
  }

  /** Stores what has changed about one. */
  keep(rollout: Rollout): void {
    // A copy: the storage may write later than it changes; its stages are replaced and never changed.
    this.#storage?.put(keyOf(rollout), { ...rollout });
  }

  /** Changes one of its stages. @param number 1 to the number of stages */
  setStage(rollout: KeptRollout, number: number, change: Partial<RolloutStage>): void {
    rollout.stages = rollout.stages.map((stage, at) => (at === number - 1 ? { ...stage, ...change } : stage));
  }

  /** Forgets one. */
  drop(rollout: Rollout): void {
    const { productKey, rolloutId } = rollout;
    const left = this.ofProduct(productKey).filter((each) => each.rolloutId !== rolloutId);
    if (left.length === 0) this.#products.delete(productKey);
    else this.#products.set(productKey, left);
    this.#storage?.delete(keyOf(rollout));
  }

  /** Takes up one that was kept. @throws TypeError when its content is another's */
  restore(value: unknown): void {
    const kept = value as KeptRollout;
    if (!/^[0-9]{1,12}$/.test(kept.rolloutId) || !Array.isArray(kept.stages))
      throw new TypeError("no rollout");
    this.take({ ...kept });
  }
}

function keyOf({ productKey, rolloutId }: Rollout): string {
  return `${rolloutKind}/${productKey}/${rolloutId.padStart(12, "0")}`;
}
