/**
 * A product of this project with a seal (product-variant.ts), with keys from a master that nobody else has.
 */
import { keyedScript } from "../../model/generate";
import { deviceKeyOf, rootOf } from "../../model/seal/keys";
import { variantFiles } from "./product-variant";
import type { ProductRecord } from "../../cloud/registry/product";
import type { ApplicationName, Seal, Variant } from "./device-options";

/** A sealed product with keys. */
export class SealedProduct {
  readonly #application: ApplicationName;
  readonly #files: ReturnType<typeof variantFiles>;
  readonly #productKey: string;
  readonly #root: Buffer;

  /**
   * @param variant what the product has besides
   * @param master 32 bytes
   */
  constructor(
    application: ApplicationName,
    variant: Variant & { readonly sealed: Seal },
    productKey: string,
    master: Uint8Array,
  ) {
    this.#application = application;
    this.#files = variantFiles(application, variant);
    this.#productKey = productKey;
    this.#root = rootOf(master);
  }

  /** As its operator registers it: with the script that has the keys. */
  record(): ProductRecord {
    const { model, generated } = this.#files;
    const productKey = this.#productKey;
    const script = keyedScript(generated, { roots: [this.#root.toString("hex")], productKey });
    return { productKey, name: this.#application, payload: "raw", model, script };
  }

  /** What provisioning puts on a board as `sealKey`. */
  sealKey(deviceKey: string): string {
    return deviceKeyOf(this.#root, this.#productKey, deviceKey).toString("hex");
  }
}
