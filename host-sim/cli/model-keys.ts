/**
 * The part of `npm run model` that has keys: a sealed product's script with its roots, in a file of its own. Nothing
 * else that the command writes or says has anything of them.
 */
import { relative } from "node:path";
import { checkSegment, SettingsError } from "../../firmware/enos/credentials";
import { keyedScript } from "../model/generate";
import { sealedOf } from "../model/model";
import { isKeyedScript, keyedPlace, placeFault, writeKeyedScript } from "../tools/seal/keyed-script";
import { readMasters, warnOfVersioning } from "./master-flag";
import { exclusive, misuse, systemReason, unwritten } from "./misuse";
import type { Generated } from "../model/generate";
import type { Model } from "../model/model";

/** Flags that a script with keys takes, and one that it does not go with. */
export interface KeyFlags {
  master?: readonly string[];
  productKey?: string;
  scriptOut?: string;
  export?: string;
}

/** What a script with keys is made of. */
export interface ScriptKeys {
  /** Hexadecimal digits, the newest first. */
  readonly roots: readonly string[];
  readonly productKey: string;
  readonly path: string;
  /** Where the masters are. */
  readonly files: readonly string[];
}

/** The script with keys, as it is to be. */
export interface KeyedFile {
  readonly path: string;
  /** Whether it is there as it is to be, its owner's alone. */
  isThere(): boolean;
  /** @throws CommandError when it cannot be written */
  write(say: (line: string) => void): void;
}

/** Masters that may be alive at once: the script tries each with what comes up, and seals commands under each. */
const mostMasters = 2;

/**
 * The keys that the command was given; undefined where it was given none.
 *
 * @throws CommandError
 */
export function keysFor({
  master: files,
  productKey,
  scriptOut,
  ...flags
}: KeyFlags): ScriptKeys | undefined {
  if (files === undefined) {
    const lone =
      productKey === undefined ? (scriptOut === undefined ? undefined : "--script-out") : "--product-key";
    if (lone !== undefined)
      throw misuse(`${lone} is for the script with keys: name a master key's file with --master`);
    return undefined;
  }
  if (flags.export !== undefined) throw exclusive("--master", "--export");
  if (files.length > mostMasters) {
    throw misuse(`--master: ${files.length} of them; two may be alive at once, the new one first`);
  }
  if (productKey === undefined) {
    throw misuse("--master needs --product-key: keys are made of it, and of each device's");
  }
  const masters = readMasters(files);
  if (masters.length === 2 && masters[0].equals(masters[1])) {
    throw misuse("--master: both files have the same key; name the new one, then the one before");
  }
  for (const [name, text] of Object.entries({
    "--product-key": productKey,
    "--script-out": scriptOut ?? "",
  })) {
    if (masters.some((each) => each.isIn(text)))
      throw misuse(`${name} has the master key in it; make a new one`);
  }
  try {
    checkSegment("--product-key", productKey);
  } catch (error) {
    if (error instanceof SettingsError) throw misuse(error.message);
    throw error;
  }
  const place = scriptOut ?? keyedPlace(productKey);
  if (place === undefined) {
    throw misuse("--product-key is no folder's name: name the file for the script with --script-out");
  }
  const path = fromHere(place);
  const fault = placeFault(path);
  if (fault !== undefined) throw misuse(fault);
  return { roots: masters.map((each) => each.root().toString("hex")), productKey, path, files };
}

/**
 * The script of a model with these keys.
 *
 * @param file the model's
 * @throws CommandError for a product that has no seal
 */
export function keyedFile(keys: ScriptKeys, file: string, model: Model, made: Generated): KeyedFile {
  if (sealedOf(model) === undefined) {
    throw misuse(`${file}: $.sealed: is not there, and --master is for sealed products; add "sealed": true`);
  }
  const text = keyedScript(made, keys);
  const { path, roots, files } = keys;
  const isThere = (): boolean => isKeyedScript(path, text);
  return {
    path,
    isThere,
    write(say) {
      const stands = isThere();
      warnOfVersioning(files);
      try {
        if (!stands) writeKeyedScript(path, text);
      } catch (error) {
        throw unwritten(`cannot write ${path}: ${systemReason(error)}`, error);
      }
      const what = roots.length === 1 ? "one master" : "two masters";
      say(`  ${stands ? "unchanged" : "written  "} ${path}, with keys of ${what}: for EnOS's console alone`);
    },
  };
}

/** As the user would type it where he is, unless that leads up. */
function fromHere(path: string): string {
  const here = relative("", path);
  return here.startsWith("..") ? path : here;
}
