/**
 * What was in force before: the last few thing models and parsing scripts of each product, so that an apply can be
 * undone, also after a restart with a data directory.
 */
import type { ProductRecord } from "./product";
import { productVersionStorageKey } from "./storage";
import type { CloudStorage } from "./storage";

/** Versions kept of each product, and the characters of all of them together; the last one is always kept. */
const most = 10;
const mostCharacters = 1 << 20;

/** What can be given back of a product. */
export interface ProductVersion {
  /** Counts up from 1 within the product. */
  readonly number: number;
  /** Until when it was in force, epoch ms. */
  readonly until: number;
  /** What the change that ended it concerned. */
  readonly changed: readonly ("model" | "script" | "payload")[];
  readonly payload: "raw" | "json";
  /** Left out where there was none. */
  readonly model?: unknown;
  readonly script?: string;
}

/** Of all products. */
export class ProductVersions {
  readonly #storage: CloudStorage | undefined;
  /** By product, oldest first. */
  readonly #kept = new Map<string, ProductVersion[]>();

  constructor(storage: CloudStorage | undefined) {
    this.#storage = storage;
  }

  /** Keeps what was in force, unless the change touches none of it. @param now epoch ms */
  add(former: ProductRecord, next: ProductRecord, now: number): void {
    const changed = parts.filter((part) => partOf(former, part) !== partOf(next, part));
    if (changed.length === 0) return;
    const { productKey, payload = "json", model, script } = former;
    const kept = this.#of(productKey);
    const version: ProductVersion = {
      ...{ number: (kept[kept.length - 1]?.number ?? 0) + 1, until: now, changed, payload },
      ...(model === undefined ? {} : { model }),
      ...(script === undefined ? {} : { script }),
    };
    kept.push(version);
    this.#storage?.put(productVersionStorageKey(productKey, version.number), version);
    while (kept.length > 1 && (kept.length > most || sizeOf(kept) > mostCharacters)) {
      this.#storage?.delete(productVersionStorageKey(productKey, kept.shift()!.number));
    }
  }

  /** The last one first. */
  list(productKey: string): readonly ProductVersion[] {
    return [...(this.#kept.get(productKey) ?? [])].reverse();
  }

  /** Forgets those of a product that is removed. */
  remove(productKey: string): void {
    for (const { number } of this.#kept.get(productKey) ?? []) {
      this.#storage?.delete(productVersionStorageKey(productKey, number));
    }
    this.#kept.delete(productKey);
  }

  /** Takes up one from the storage, which has them by number. @throws TypeError when it is none */
  restore(productKey: string, value: unknown): void {
    const { number, until } = value as ProductVersion;
    if (!Number.isInteger(number) || typeof until !== "number")
      throw new TypeError("no version of a product");
    this.#of(productKey).push(value as ProductVersion);
  }

  #of(productKey: string): ProductVersion[] {
    let kept = this.#kept.get(productKey);
    if (kept === undefined) this.#kept.set(productKey, (kept = []));
    return kept;
  }
}

const parts = ["model", "script", "payload"] as const;

function partOf(record: ProductRecord, part: (typeof parts)[number]): string {
  return JSON.stringify(part === "payload" ? (record.payload ?? "json") : (record[part] ?? null));
}

function sizeOf(versions: readonly ProductVersion[]): number {
  return versions.reduce((sum, version) => sum + JSON.stringify(version).length, 0);
}
