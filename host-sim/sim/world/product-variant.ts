/**
 * A product of this project with what its own model.json has not: a seal, update, health, settings from afar. There is no
 * second copy of its files: the model is read with these in it, and what `npm run model` would write of that is made when a
 * run needs it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineThing } from "../../../firmware/model/thing";
import { generate } from "../../model/generate";
import { readLock } from "../../model/lock";
import { faultLine } from "../../model/model";
import { readModel } from "../../model/read-model";
import { thingTable } from "../../model/write-thing";
import { projectRoot } from "../../project";
import { products } from "./products";
import type { ProductRecord } from "../../cloud/registry/product";
import type { Thing } from "../../../firmware/model/thing";
import type { Generated } from "../../model/generate";
import type { Model } from "../../model/model";
import type { ApplicationName, Variant } from "./device-options";

/** What is made of a product's model. */
interface VariantFiles {
  readonly model: Model;
  readonly generated: Generated;
}

/** By product and variant: the same for every device. */
const made = new Map<string, VariantFiles>();

/** Sources of the firmware that a variant changes. */
const changed = ["thing.ts", "sealing.ts", "update.ts", "health.ts", "remote-settings.ts"] as const;

/** A variant in one word, the same for all that say the same; empty for the product as it is. */
export function variantName({ sealed, mark, update, health, remoteSettings }: Variant): string {
  const seal = sealed === undefined ? [] : [`sealed ${sealed} ${mark === true}`];
  const parts = Object.entries({ update, health, remoteSettings }).filter(([, on]) => on === true);
  return [...seal, ...parts.map(([name]) => name)].join(" ");
}

/** What `npm run model` writes of a product's model with this. */
export function variantFiles(application: ApplicationName, variant: Variant): VariantFiles {
  const name = `${application} ${variantName(variant)}`;
  const files = made.get(name) ?? make(application, variant);
  made.set(name, files);
  return files;
}

function make(application: ApplicationName, variant: Variant): VariantFiles {
  const { sealed, mark = false, update = false, health = false, remoteSettings = false } = variant;
  const folder = join(projectRoot(), products[application].folder);
  const text = (file: string): string => readFileSync(join(folder, file), "utf8");
  const own = JSON.parse(text("model.json")) as object;
  const seal = sealed !== undefined && { proof: sealed === "proof", mark };
  const model = readModel(JSON.stringify({ ...own, sealed: seal, update, health, remoteSettings }));
  if (!("product" in model)) throw new Error(model.map(faultLine).join("; "));
  const lock = readLock(text("model.lock.json"));
  if (!("points" in lock)) throw new Error(faultLine(lock));
  const generated = generate(model, lock);
  if (!("files" in generated)) throw new Error(generated.map(faultLine).join("; "));
  return { model: generated.model, generated };
}

/**
 * Sources of the firmware that are others in such a product: their text by the path from the project's root. Undefined for
 * the product as it is.
 */
export function variantSources(
  application: ApplicationName,
  variant: Variant,
): ReadonlyMap<string, string> | undefined {
  if (variantName(variant) === "") return undefined;
  const { files } = variantFiles(application, variant).generated;
  const { folder } = products[application];
  return new Map(changed.map((file) => [`${folder}/${file}`, files[file]]));
}

/** The thing model of such a product, for firmware in this process. */
export function variantThing(application: ApplicationName, variant: Variant): Thing {
  const { model, fingerprint } = variantFiles(application, variant).generated;
  return defineThing(structuredClone(thingTable(model, fingerprint)) as unknown as Thing);
}

/** Such a product as an operator registers it; one with a seal: `SealedProduct`. */
export function variantRecord(
  application: ApplicationName,
  productKey: string,
  payload: "raw" | "json",
  variant: Variant,
): ProductRecord {
  const { model, generated } = variantFiles(application, variant);
  return { productKey, name: application, payload, model, script: generated.files["parsing-script.js"] };
}
