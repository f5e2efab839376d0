/**
 * All that is made of a model: the three files, and the lock with the numbers that the model adds.
 */
import { createHash } from "node:crypto";
import { lockText, updateLock } from "./lock";
import { layoutTable } from "./write-layout";
import { parsingScript } from "./write-script";
import { thingSource } from "./write-thing";
import type { Lock } from "./lock";
import type { Model, ModelFault } from "./model";

export interface Generated {
  /** Files by name, without a folder. */
  readonly files: Readonly<Record<"thing.ts" | "parsing-script.js" | "layout.md", string>>;
  readonly lock: Lock;
  readonly fingerprint: string;
}

/**
 * The same files for the same model and lock; or why the model does not go with the lock.
 *
 * @param runtime how thing.ts imports the firmware's folder `model`
 */
export function generate(model: Model, lock: Lock, runtime = "../model"): Generated | readonly ModelFault[] {
  const grown = updateLock(lock, model);
  if (!("points" in grown)) return grown;
  const fingerprint = fingerprintOf(model, grown);
  return {
    lock: grown,
    fingerprint,
    files: {
      "thing.ts": thingSource(model, fingerprint, runtime),
      "parsing-script.js": parsingScript(model, grown, fingerprint),
      "layout.md": layoutTable(model, grown, fingerprint),
    },
  };
}

/** Which messages there are, whatever the model: another one makes another layout. */
const messages = "01 02 03 04 05 06";

/** 16 hex digits that tell product, model version and what all bytes mean. */
function fingerprintOf({ product, version }: Model, lock: Lock): string {
  const text = `${messages}\n${product}\n${version}\n${lockText(lock)}`;
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
