/**
 * What an operator does with products: their records, models and parsing scripts.
 */
import type { Model } from "../../model/model";
import type { FirmwareFiles } from "../ota/firmware-files";
import type { ProductRecord } from "../registry/product";
import type { ScriptFault } from "../script/script-engine";
import type { OperatorContext } from "./operator-context";

/** The products of one cloud. */
export class Products {
  readonly #context: OperatorContext;
  readonly #files: FirmwareFiles;

  /** @param files go with their product */
  constructor(context: OperatorContext, files: FirmwareFiles) {
    this.#context = context;
    this.#files = files;
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

  /**
   * Registers a product, or gives it another model and script.
   * @throws ProductError on a record that cannot be used
   */
  put(record: ProductRecord, now: number): void {
    this.#context.advance(now);
    this.#context.fleet.putProduct(record);
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
