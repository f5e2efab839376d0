/**
 * `--master`: files with a product's master keys. What is wrong with one is one line, and quotes no key.
 */
import { Master, readMasterFile } from "../model/seal/master-file";
import { gitsViewOf } from "../tools/seal/unversioned";
import { Option } from "./command";
import { misuse } from "./misuse";

/** The flag, which may be given again: files in their order. @param text what the command does with it */
export function masterOption(text: string): Option {
  return new Option("--master <file>", text)
    .argParser((file, before: readonly string[] = []) => [...before, file])
    .repeatable();
}

/**
 * The keys in these files, in their order.
 *
 * @throws CommandError
 */
export function readMasters(files: readonly string[]): readonly Master[] {
  return files.map((file) => {
    const master = readMasterFile(file);
    if (!(master instanceof Master)) throw misuse(`--master: ${master.problem}; ${master.remedy}`);
    return master;
  });
}

/** Warns of each file that git has, or would take up. */
export function warnOfVersioning(files: readonly string[]): void {
  for (const file of files) {
    const view = gitsViewOf(file);
    if (view !== "has" && view !== "would take up") continue;
    const what = view === "has" ? "git tracks" : "git does not ignore";
    process.stderr.write(`warning: ${what} ${file}, a master key: move it out of the work tree\n`);
  }
}
