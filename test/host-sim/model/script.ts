/**
 * Models, and the parsing script that the tool writes, in a bare context.
 */
import { readFileSync } from "node:fs";
import { Script, createContext } from "node:vm";
import { defineThing } from "../../../firmware/model/thing";
import { generate } from "../../../host-sim/model/generate";
import { emptyLock } from "../../../host-sim/model/lock";
import { readModel } from "../../../host-sim/model/read-model";
import { thingTable } from "../../../host-sim/model/write-thing";
import type { Thing } from "../../../firmware/model/thing";
import type { Generated } from "../../../host-sim/model/generate";
import type { Lock } from "../../../host-sim/model/lock";
import type { Model } from "../../../host-sim/model/model";

/** What EnOS calls. */
export interface ParsingScript {
  rawDataToJsonStr(bytes: unknown): unknown;
  jsonStrToRawData(json: unknown): number[];
  readonly lastFault: string;
}

/** The script, as EnOS runs it: ECMAScript's own globals and nothing else. */
export function load(source: string): ParsingScript {
  const context = createContext(Object.create(null) as object);
  new Script(source).runInContext(context, { timeout: 1000 });
  return context as unknown as ParsingScript;
}

/** A model that has to be sound. */
export function sound(value: unknown): Model {
  const model = readModel(typeof value === "string" ? value : JSON.stringify(value));
  if ("product" in model) return model;
  throw new Error(model.map(({ path, problem }) => `${path}: ${problem}`).join("\n"));
}

export function generated(model: Model, lock: Lock = emptyLock): Generated {
  const result = generate(model, lock);
  if ("files" in result) return result;
  throw new Error(result.map(({ path, problem }) => `${path}: ${problem}`).join("\n"));
}

/** Both sides of a model. */
export function sides(model: Model): { thing: Thing; script: ParsingScript; source: string } {
  const { files, fingerprint, model: whole } = generated(model);
  const source = files["parsing-script.js"];
  return { thing: thingOf(whole, fingerprint), script: load(source), source };
}

/** The firmware's table of a model; thing.ts holds the same as text. */
function thingOf(model: Model, fingerprint = "0"): Thing {
  return defineThing(structuredClone(thingTable(model, fingerprint)) as unknown as Thing);
}

export const exampleFile = "firmware/product/model.json";
export const example = sound(readFileSync(exampleFile, "utf8"));
export const manual = sound(readFileSync("test/host-sim/model/manual.model.json", "utf8"));

/** Bytes written as hex digits, with spaces where they help. */
export function unhex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));
}
