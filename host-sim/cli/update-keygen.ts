/** `npm run update -- keygen`: makes the maker's key, or tells what devices are to know of one that is there. */
import { MakerKey, keyPlaceFault, makeMakerKey, readMakerKey } from "../tools/update/maker-key";
import { Part } from "./command";
import { exclusive, misuse, systemReason, unwritten } from "./misuse";

interface KeygenFlags {
  out?: string;
  key?: string;
  json?: boolean;
}

/** The part `keygen`. */
export function keygenPart(): Part {
  return new Part("keygen")
    .description("make the maker's key, and print what devices are to know of it")
    .configureHelp({ commandUsage: () => "npm run update -- keygen --out FILE   or   --key FILE" })
    .option("--out <file>", "the file for a new private key: readable by its owner alone, never replaced")
    .option("--key <file>", "print the public key of this one, and make none")
    .option("--json", "print it as JSON")
    .action(keygen);
}

function keygen({ out, key: file, json = false }: KeygenFlags): void {
  if (out !== undefined && file !== undefined) throw exclusive("--out", "--key");
  const place = out ?? file;
  if (place === undefined)
    throw misuse("name a file for the new key with --out, or one that is there with --key");
  const key = out === undefined ? keyOf(place) : made(place);
  const { publicKey } = key;
  if (json)
    return void process.stdout.write(
      `${JSON.stringify({ file: place, updateKey: publicKey }, undefined, 2)}\n`,
    );
  const lines = [`updateKey=${publicKey}`];
  if (out !== undefined) {
    lines.unshift(`written: ${place}`, "", "devices are built with the setting");
    lines.push(
      "",
      "Keep a copy of the file where it cannot be lost: without it no device that knows this key takes an update again,",
      "and whoever has it can put any firmware on all of them.",
    );
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The key of a file that was named by `--key`. @throws CommandError */
export function keyOf(file: string): MakerKey {
  const key = readMakerKey(file);
  if (!(key instanceof MakerKey)) throw misuse(`--key: ${key.problem}; ${key.remedy}`);
  return key;
}

function made(place: string): MakerKey {
  const fault = keyPlaceFault(place);
  if (fault !== undefined) throw misuse(fault);
  try {
    return makeMakerKey(place);
  } catch (error) {
    throw unwritten(`cannot write ${place}: ${systemReason(error)}`, error);
  }
}
