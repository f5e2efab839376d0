/**
 * All that is made of a model: the files, and the lock with the numbers that the model adds.
 */
import { createHash } from "node:crypto";
import { joinedModel } from "./joined-model";
import { lockText, updateLock } from "./lock";
import { sealedOf } from "./model";
import { layoutTable } from "./write-layout";
import { optionalPartFiles } from "./write-optional-parts";
import { parsingScript } from "./write-script";
import { sealingManifest, sealingSource } from "./write-sealing";
import { thingSource } from "./write-thing";
import type { Lock } from "./lock";
import type { Model, ModelFault } from "./model";
import type { OptionalPartFile } from "./write-optional-parts";

/** What is written of a model, by name and in this order. */
type FileName =
  "thing.ts" | "sealing.ts" | "manifest-sealing.json" | OptionalPartFile | "parsing-script.js" | "layout.md";

export interface Generated {
  /** Files by name, without a folder. None of them holds a key. */
  readonly files: Readonly<Record<FileName, string>>;
  /** With all that its devices tell and obey. */
  readonly model: Model;
  readonly lock: Lock;
  readonly fingerprint: string;
}

/** How the files come to the firmware's. */
export interface Surroundings {
  /** The firmware's folder, as thing.ts imports it and a manifest includes it; `..` when left out. */
  readonly firmware?: string;
  /** What devices in the field have of a seal may go. */
  readonly unseal?: boolean;
}

/** The same files for the same model and lock; or why the model does not go with the lock. */
export function generate(
  own: Model,
  lock: Lock,
  { firmware = "..", unseal = false }: Surroundings = {},
): Generated | readonly ModelFault[] {
  const model = joinedModel(own, lock);
  if (!("product" in model)) return model;
  const grown = updateLock(lock, model, unseal);
  if (!("points" in grown)) return grown;
  const fingerprint = fingerprintOf(model, grown);
  const sealed = sealedOf(model);
  const script = sealed && { ...sealed, roots: [], productKey: "" };
  return {
    model,
    lock: grown,
    fingerprint,
    files: {
      "thing.ts": thingSource(model, fingerprint, `${firmware}/model`, joinedServices(model, own)),
      "sealing.ts": sealingSource(sealed, firmware),
      "manifest-sealing.json": sealingManifest(sealed, firmware),
      ...optionalPartFiles(own, firmware),
      "parsing-script.js": parsingScript(model, grown, fingerprint, script),
      "layout.md": layoutTable(model, grown, fingerprint),
    },
  };
}

/** Identifiers of the services that no model.json lists. */
function joinedServices({ services }: Model, own: Model): string[] {
  const names = services.map(({ identifier }) => identifier);
  return names.filter((name) => !own.services.some(({ identifier }) => identifier === name));
}

/** The script with the keys of a sealed product: for EnOS's console, and for no version control. */
export function keyedScript(
  { model, lock, fingerprint }: Generated,
  keys: { readonly roots: readonly string[]; readonly productKey: string },
): string {
  return parsingScript(model, lock, fingerprint, { ...sealedOf(model)!, ...keys });
}

/** Which messages there are, whatever the model: another one makes another layout. */
const messages = "01 02 03 04 05 06";
/** Those of a sealed product besides. */
const sealedMessages = " 07 08 09 0a 0b 0c 0d 0e 0f";

/** 16 hex digits that tell product, model version and what all bytes mean. */
function fingerprintOf({ product, version }: Model, lock: Lock): string {
  const all = lock.sealed === undefined ? messages : messages + sealedMessages;
  const text = `${all}\n${product}\n${version}\n${lockText(lock)}`;
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
