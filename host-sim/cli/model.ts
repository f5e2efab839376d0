/**
 * `npm run model`: writes firmware code, parsing script and layout table of a thing model, and the model as EnOS has it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { projectRoot } from "../project";
import { enosModelOf } from "../model/enos-model";
import { generate } from "../model/generate";
import { modelOfEnos } from "../model/read-enos-model";
import { emptyLock, lockText, readLock } from "../model/lock";
import { faultLine, sealedOf } from "../model/model";
import { readModel } from "../model/read-model";
import { joinedModel, partedModel } from "../model/joined-model";
import { jsonPlace } from "../model/json-place";
import { unsealing } from "../model/seal/unsealing";
import { masterOption } from "./master-flag";
import { Command } from "./command";
import { CommandError, misuse, systemReason, unwritten } from "./misuse";
import { keysFor, keyedFile } from "./model-keys";
import type { Lock } from "../model/lock";
import type { Model, ModelFault } from "../model/model";
import type { KeyFlags } from "./model-keys";

/** What all files say that come from here. */
const ours = "npm run model";

interface ModelFlags extends KeyFlags {
  out?: string;
  check?: boolean;
  import?: string;
  export?: string;
  unseal?: boolean;
}

/** The `model` command. */
export function modelCommand(): Command {
  return new Command("model")
    .configureHelp({ commandUsage: () => "npm run model -- [options] <model.json>" })
    .argument("<file>", "the thing model, such as firmware/product/model.json")
    .option("--out <folder>", "where to write, instead of next to the model (its lock stays there)")
    .option("--check", "write nothing, and fail when the files are not what would be written")
    .option("--import <enos.json>", "first write <model.json> from the file that EnOS's console exports")
    .option("--export <enos.json>", "write nothing but the model as EnOS's console imports it")
    .addOption(
      masterOption(
        "a sealed product's master key: write its script with keys, too; once more for the one before",
      ),
    )
    .option("--product-key <key>", "the product key in EnOS, which goes into the keys")
    .option(
      "--script-out <file>",
      "where the script with keys goes (default: build/sealed/<key>/parsing-script.js)",
    )
    .option("--unseal", "take back of the seal what devices in the field have")
    .action(model);
}

function model(file: string, flags: ModelFlags): void {
  const keys = keysFor(flags);
  const lockFile = join(dirname(file), `${basename(file).replace(/\.json$/i, "")}.lock.json`);
  const notes: string[] = [];
  const before = flags.import !== undefined && existsSync(file) ? modelIn(file) : undefined;
  const lock = lockOf(lockFile);
  const imported = flags.import === undefined ? undefined : importedModel(flags.import, before, lock);
  const read = imported ?? modelIn(file, (line) => notes.push(line));
  if (flags.export !== undefined) return exportModel(wholeModel(read, lock, file), flags);
  if (flags.unseal === true && unsealing(lock.sealed, sealedOf(read)).length === 0) {
    throw misuse("--unseal: the model takes nothing back that devices in the field have; leave it out");
  }
  const out = flags.out ?? dirname(file);
  const result = generate(read, lock, { firmware: firmwareFrom(out), unseal: flags.unseal });
  if (!("files" in result)) throw refused(file, result);

  const wanted = new Map<string, string>();
  // The lock comes first: once bytes can go out, it must know what they mean.
  wanted.set(lockFile, lockText(result.lock));
  if (imported !== undefined && imported !== before) wanted.set(file, modelText(imported, file));
  for (const [name, content] of Object.entries(result.files)) wanted.set(join(out, name), content);
  const keyed = keys && keyedFile(keys, file, read, result);
  const stale = [...wanted].filter(([path, content]) => readText(path) !== content).map(([path]) => path);
  if (flags.check === true) {
    const old = keyed === undefined || keyed.isThere() ? stale : [...stale, keyed.path];
    if (old.length === 0) return say(`${file}: all files are as the model says`);
    const keysToo = stale.length === old.length ? "" : " with --master and --product-key as now";
    throw new CommandError(
      1,
      `${file}: not what the model says: ${old.join(", ")}; run npm run model -- ${file}${keysToo}`,
    );
  }
  const foreign = Object.keys(result.files)
    .map((name) => join(out, name))
    .find((path) => !(readText(path) ?? ours).includes(ours));
  if (foreign !== undefined) {
    throw misuse(`${foreign}: was not written by this command; move it away, or choose another --out`);
  }
  if (stale.length > 0) write(stale, wanted);
  const { product, version } = read;
  say(`${product}, version ${version}, layout ${result.fingerprint}`);
  sayNotes(file, notes);
  saySeal(lock, read);
  for (const path of wanted.keys()) say(`  ${stale.includes(path) ? "written  " : "unchanged"} ${path}`);
  keyed?.write(say);
}

/** That devices in the field are shut out, where the seal is new to them. */
function saySeal(lock: Lock, model: Model): void {
  const sealed = sealedOf(model);
  const known = Object.keys(lock.points).length + Object.keys(lock.services).length > 0;
  if (!known || lock.sealed !== undefined || sealed === undefined || sealed.migrating) return;
  const proof = sealed.proof ? '"proof": true, ' : "";
  say(`  note: this script refuses what devices of before send. While there are such devices, write`);
  say(`  "sealed": { ${proof}"migrating": true }, which takes both.`);
}

/** What a file of before says otherwise than it is written now. */
function sayNotes(file: string, notes: readonly string[]): void {
  if (notes.length === 0) return;
  say(`  note: ${file} states no format, so its words are read as before: ${notes.join("; ")}.`);
  say(`  Write them so and add "format": 2 at its top: numbers and lock keep their meaning.`);
}

/** The model of this file. */
function modelIn(file: string, note?: (line: string) => void): Model {
  const text = readText(file);
  if (text === undefined) throw misuse(`${file}: no such file; name the product's model.json`);
  const read = readModel(text, note);
  if (!("product" in read)) throw refused(file, read);
  return read;
}

/** The model with what its rooms add to it. */
function wholeModel(model: Model, lock: Lock, file: string): Model {
  const whole = joinedModel(model, lock);
  if (!("product" in whole)) throw refused(file, whole);
  return whole;
}

/** Writes EnOS's file, or says that it is not what would be written. */
function exportModel(model: Model, { export: file = "", check }: ModelFlags): void {
  const text = `${JSON.stringify(enosModelOf(model), undefined, 2)}\n`;
  const isStale = readText(file) !== text;
  if (check === true && isStale) throw new CommandError(1, `${file}: not what the model says`);
  if (isStale) write([file], new Map([[file, text]]));
  say(
    `${model.product}, version ${model.version}, as EnOS has it\n  ${isStale ? "written  " : "unchanged"} ${file}`,
  );
}

/**
 * EnOS's model in `enosFile` with the lock's numbers: `before` itself where it says the same, or a version above.
 */
function importedModel(enosFile: string, before: Model | undefined, lock: Lock): Model {
  const text = readText(enosFile);
  if (text === undefined) throw misuse(`${enosFile}: no such file; name what EnOS's console has exported`);
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    throw misuse(`${enosFile}: no JSON${jsonPlace(text)}`);
  }
  // EnOS has no place for what a seal may have: the model that was there has it, or the lock.
  const sealed = (before && sealedOf(before)) ?? lock.sealed;
  const read = modelOfEnos(value, sealed === undefined ? lock : { ...lock, sealed }, before?.version);
  if (!("product" in read)) throw refused(enosFile, read);
  if (before === undefined) return read;
  // Nor for the parts of the firmware.
  const { update, health, remoteSettings } = before;
  const same: Model = { ...partedModel(read, before), update, health, remoteSettings };
  return isDeepStrictEqual(settled(same), settled(before)) ? before : { ...same, version: read.version + 1 };
}

/** What a model says, whether what may be left out is there or not. */
function settled(model: Model): unknown {
  const text = JSON.stringify(members(model), (key, value: unknown) => {
    if (key === "compact") return { scale: 1, offset: 0, ...(value as object) };
    return value === false || (key === "enumType" && value === "int") ? undefined : value;
  });
  return JSON.parse(text);
}

/** The text of a model.json. */
function modelText(model: Model, file: string): string {
  const schema = relative(dirname(resolve(file)), join(projectRoot(), "host-sim/model/model.schema.json"));
  return `${JSON.stringify({ $schema: schema.split(sep).join("/"), ...members(model) }, undefined, 2)}\n`;
}

/** What a model says, in the order of a model.json. */
function members({ measurepoints, attributes, events, services, ...rest }: Model): Model {
  const { format, product, version, sealed, update, health, remoteSettings } = rest;
  return {
    ...{ format, product, version },
    ...(sealed === undefined ? {} : { sealed }),
    ...(update === undefined ? {} : { update }),
    ...(health === undefined ? {} : { health }),
    ...(remoteSettings === undefined ? {} : { remoteSettings }),
    ...{ measurepoints, attributes, events, services },
  };
}

function write(stale: readonly string[], wanted: ReadonlyMap<string, string>): void {
  let path = "";
  try {
    for (path of stale) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, wanted.get(path)!);
    }
  } catch (error) {
    throw unwritten(`cannot write ${path}: ${systemReason(error)}`, error);
  }
}

/** How a file in this folder imports the firmware's. */
function firmwareFrom(folder: string): string {
  const path = relative(resolve(folder), join(projectRoot(), "firmware")).split(sep).join("/");
  if (path === "") return ".";
  return path.startsWith(".") ? path : `./${path}`;
}

function lockOf(file: string): Lock {
  const text = readText(file);
  if (text === undefined) return emptyLock;
  const lock = readLock(text);
  if ("problem" in lock) throw refused(file, [lock]);
  return lock;
}

function refused(file: string, faults: readonly ModelFault[]): CommandError {
  return misuse(faults.map((fault) => `${file}: ${faultLine(fault)}`).join("\n"));
}

function readText(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw misuse(`${file}: cannot be read: ${systemReason(error)}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
