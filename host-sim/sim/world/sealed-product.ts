/**
 * A product of this project with a seal. There is no second copy of its files: the model is read with `sealed` in it, and
 * what `npm run model` would write of that is made when a run needs it, with keys from a master that nobody else has.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { generate, keyedScript } from "../../model/generate";
import { readLock } from "../../model/lock";
import { faultLine } from "../../model/model";
import { readModel } from "../../model/read-model";
import { deviceKeyOf, rootOf } from "../../model/seal/keys";
import { projectRoot } from "../../project";
import { products } from "./products";
import type { ProductRecord } from "../../cloud/registry/product";
import type { Generated } from "../../model/generate";
import type { Model } from "../../model/model";
import type { ApplicationName, Seal } from "./device-options";

/** What is made of a product's model. */
interface SealedFiles {
  readonly model: Model;
  readonly generated: Generated;
}

/** By product and seal: the same for every device. */
const made = new Map<string, SealedFiles>();

/**
 * What `npm run model` writes of a product's model with a seal.
 *
 * @param mark readings that came in an envelope bear their device's mark
 */
export function sealedFiles(application: ApplicationName, seal: Seal, mark = false): SealedFiles {
  const name = `${application} ${seal} ${mark}`;
  const files = made.get(name) ?? make(application, seal, mark);
  made.set(name, files);
  return files;
}

function make(application: ApplicationName, seal: Seal, mark: boolean): SealedFiles {
  const folder = join(projectRoot(), products[application].folder);
  const text = (file: string): string => readFileSync(join(folder, file), "utf8");
  const own = JSON.parse(text("model.json")) as object;
  const model = readModel(JSON.stringify({ ...own, sealed: { proof: seal === "proof", mark } }));
  if (!("product" in model)) throw new Error(model.map(faultLine).join("; "));
  const lock = readLock(text("model.lock.json"));
  if (!("points" in lock)) throw new Error(faultLine(lock));
  const generated = generate(model, lock);
  if (!("files" in generated)) throw new Error(generated.map(faultLine).join("; "));
  return { model, generated };
}

/** Sources of the firmware that are others in such a product: their text by the path from the project's root. */
export function sealedSources(application: ApplicationName, seal: Seal): ReadonlyMap<string, string> {
  const { files } = sealedFiles(application, seal).generated;
  const { folder } = products[application];
  return new Map((["thing.ts", "sealing.ts"] as const).map((file) => [`${folder}/${file}`, files[file]]));
}

/** A sealed product with keys. */
export class SealedProduct {
  readonly #application: ApplicationName;
  readonly #files: SealedFiles;
  readonly #productKey: string;
  readonly #root: Buffer;

  /**
   * @param master 32 bytes
   * @param mark as of `sealedFiles`
   */
  constructor(
    application: ApplicationName,
    seal: Seal,
    productKey: string,
    master: Uint8Array,
    mark = false,
  ) {
    this.#application = application;
    this.#files = sealedFiles(application, seal, mark);
    this.#productKey = productKey;
    this.#root = rootOf(master);
  }

  /** As its operator registers it: with the script that has the keys. */
  record(): ProductRecord {
    const { model, generated } = this.#files;
    const productKey = this.#productKey;
    const script = keyedScript(model, generated, { roots: [this.#root.toString("hex")], productKey });
    return { productKey, name: this.#application, payload: "raw", model, script };
  }

  /** What provisioning puts on a board as `sealKey`. */
  sealKey(deviceKey: string): string {
    return deviceKeyOf(this.#root, this.#productKey, deviceKey).toString("hex");
  }
}
