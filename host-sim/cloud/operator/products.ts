/**
 * What an operator does with products: their records, models and parsing scripts.
 */
import type { Model } from "../../model/model";
import type { ProductVersion } from "../registry/product-versions";
import type { Product } from "../registry/product";
import type { FirmwareFiles } from "../ota/firmware-files";
import type { Rollouts } from "../ota/rollouts";
import type { ProductRecord } from "../registry/product";
import type { ScriptFault } from "../script/script-engine";
import type { VitalPoints } from "../registry/vital-points";
import type { OperatorContext } from "./operator-context";

/** The products of one cloud. */
export class Products {
  readonly #context: OperatorContext;
  readonly #files: FirmwareFiles;
  readonly #rollouts: Rollouts;

  /** @param files go with their product, and so do rollouts */
  constructor(context: OperatorContext, files: FirmwareFiles, rollouts: Rollouts) {
    this.#context = context;
    this.#files = files;
    this.#rollouts = rollouts;
  }

  /** Products in the order of their registration. */
  list(): ProductRecord[] {
    return this.#context.fleet.products();
  }

  /** What a product was registered with; undefined for an unknown one. */
  record(productKey: string): ProductRecord | undefined {
    return this.#context.fleet.product(productKey)?.record;
  }

  /** A product's thing model, read; undefined without one. */
  model(productKey: string): Model | undefined {
    return this.#context.fleet.product(productKey)?.model;
  }

  /** The product itself, with its script and what that was given last; undefined for an unknown one. */
  product(productKey: string): Product | undefined {
    return this.#context.fleet.product(productKey);
  }

  /** The models and scripts that were in force before, the last one first. */
  versions(productKey: string): readonly ProductVersion[] {
    return this.#context.fleet.versions.list(productKey);
  }

  /** Which measure points tell of battery and signal, of each product that has a thing model. */
  vitalPoints(): Record<string, VitalPoints> {
    const found: Record<string, VitalPoints> = {};
    for (const { productKey } of this.list()) {
      const points = this.#context.fleet.product(productKey)?.vitalPoints;
      if (points !== undefined) found[productKey] = points;
    }
    return found;
  }

  /**
   * Registers a product, or gives it another model and script.
   * @throws ProductError on a record that cannot be used
   */
  put(record: ProductRecord, now: number): void {
    this.#context.advance(now);
    const { fleet } = this.#context;
    const former = fleet.product(record.productKey)?.record;
    fleet.putProduct(record);
    // In the words in which both are kept: a model of EnOS's own is another text than the same one read.
    if (former !== undefined) fleet.versions.add(former, fleet.product(record.productKey)!.record, now);
    this.#context.emit({ type: "product-put", productKey: record.productKey });
    this.#context.flush();
  }

  /**
   * Removes a product with its firmware files.
   * @throws RangeError when there is no such product, or it has devices
   */
  remove(productKey: string, now: number): void {
    this.#context.advance(now);
    this.#context.fleet.removeProduct(productKey);
    this.#rollouts.removeProduct(productKey);
    this.#files.removeProduct(productKey);
    this.#context.emit({ type: "product-removed", productKey });
    this.#context.flush();
  }

  /** What a product's parsing script makes of bytes; nothing is stored. */
  scriptToJson(productKey: string, bytes: Uint8Array): string | ScriptFault {
    return this.#context.fleet.product(productKey)?.rawToJson(bytes) ?? { fault: `no product ${productKey}` };
  }

  /** What a product's parsing script makes of JSON; nothing is sent. */
  scriptToRaw(productKey: string, json: string): Uint8Array | ScriptFault {
    return this.#context.fleet.product(productKey)?.jsonToRaw(json) ?? { fault: `no product ${productKey}` };
  }
}
