/**
 * `npm run model`: writes firmware code, parsing script and layout table of a thing model, and the model as EnOS has it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { Command } from "commander";
import { projectRoot } from "../project";
import { enosModelOf } from "../model/enos-model";
import { generate } from "../model/generate";
import { emptyLock, lockText, readLock } from "../model/lock";
import { faultLine } from "../model/model";
import { readModel } from "../model/read-model";
import { CommandError, misuse } from "./misuse";
import { reasonOf } from "../../firmware/text/reason";
import type { Lock } from "../model/lock";
import type { ModelFault } from "../model/model";

/** What all files say that come from here. */
const ours = "npm run model";

interface ModelFlags {
  out?: string;
  check?: boolean;
  export?: boolean;
}

/** The `model` command. */
export function modelCommand(): Command {
  return new Command("model")
    .configureHelp({ commandUsage: () => "npm run model -- [options] <model.json>" })
    .argument("<file>", "the thing model, such as firmware/product/model.json")
    .option("--out <folder>", "where to write, instead of next to the model (its lock stays there)")
    .option("--check", "write nothing, and fail when the files are not what would be written")
    .option("--export", "write nothing but the model as EnOS's console imports it, to standard output")
    .action(model);
}

function model(file: string, flags: ModelFlags): void {
  const text = readText(file);
  if (text === undefined) throw misuse(`${file}: no such file; name the product's model.json`);
  const notes: string[] = [];
  const read = readModel(text, (line) => notes.push(line));
  if (!("product" in read)) throw refused(file, read);
  if (flags.export === true) return say(JSON.stringify(enosModelOf(read), undefined, 2));
  const lockFile = join(dirname(file), `${basename(file).replace(/\.json$/i, "")}.lock.json`);
  const out = flags.out ?? dirname(file);
  const result = generate(read, lockOf(lockFile), runtimeFrom(out));
  if (!("files" in result)) throw refused(file, result);

  const wanted = new Map<string, string>();
  // The lock comes first: once bytes can go out, it must know what they mean.
  wanted.set(lockFile, lockText(result.lock));
  for (const [name, content] of Object.entries(result.files)) wanted.set(join(out, name), content);
  const stale = [...wanted].filter(([path, content]) => readText(path) !== content).map(([path]) => path);
  if (flags.check === true) {
    if (stale.length === 0) return say(`${file}: all files are as the model says`);
    const names = stale.join(", ");
    throw new CommandError(1, `${file}: not what the model says: ${names}; run npm run model -- ${file}`);
  }
  const foreign = Object.keys(result.files)
    .map((name) => join(out, name))
    .find((path) => !(readText(path) ?? ours).includes(ours));
  if (foreign !== undefined) {
    throw misuse(`${foreign}: was not written by this command; move it away, or choose another --out`);
  }
  if (stale.length > 0) write(out, stale, wanted);
  const { product, version } = read;
  say(`${product}, version ${version}, layout ${result.fingerprint}`);
  sayNotes(file, notes);
  for (const path of wanted.keys()) say(`  ${stale.includes(path) ? "written  " : "unchanged"} ${path}`);
}

/** What a file of before says otherwise than it is written now. */
function sayNotes(file: string, notes: readonly string[]): void {
  if (notes.length === 0) return;
  say(`  note: ${file} states no format, so its words are read as before: ${notes.join("; ")}.`);
  say(`  Write them so and add "format": 2 at its top: numbers and lock keep their meaning.`);
}

function write(folder: string, stale: readonly string[], wanted: ReadonlyMap<string, string>): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const path of stale) writeFileSync(path, wanted.get(path)!);
  } catch (error) {
    throw new CommandError(1, `cannot write: ${reasonOf(error)}`);
  }
}

/** How a file in this folder imports the runtime. */
function runtimeFrom(folder: string): string {
  const path = relative(resolve(folder), join(projectRoot(), "firmware/model")).split(sep).join("/");
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
    throw misuse(`${file}: cannot be read: ${reasonOf(error)}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
