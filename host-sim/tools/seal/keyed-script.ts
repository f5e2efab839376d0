/**
 * The parsing script with a sealed product's keys in it, as a file: its owner's alone, and nothing that git takes up.
 */
import { chmodSync, readFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { projectRoot } from "../../project";
import { ownDirectory } from "../../cloud/store/own-directory";
import { entryAt, othersCanRead, writeOwnFile } from "../provision/own-file";
import { gitsViewOf } from "./unversioned";

/** Product keys that are a folder's name on any file system. */
const folderName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** What stands in every script of ours. */
const ours = "npm run model";

/** Holds a folder for each product key, with its script: nothing else. */
const ownFolder = (): string => join(projectRoot(), "build", "sealed");

/** Where the script of a product goes that names no place; undefined for a product key that is no folder's name. */
export function keyedPlace(productKey: string): string | undefined {
  return folderName.test(productKey) ? join(ownFolder(), productKey, "parsing-script.js") : undefined;
}

/** Why no script with keys is to be written there, and how to mend it; undefined when it may be. */
export function placeFault(path: string): string | undefined {
  const elsewhere = "name a file elsewhere with --script-out";
  const view = gitsViewOf(path);
  if (view === "has")
    return `${path} is tracked by git, and is to hold keys: git rm --cached it, or ${elsewhere}`;
  if (view === "would take up") {
    return `${path} is in a git work tree that does not ignore it, and is to hold keys: ignore it, or ${elsewhere}`;
  }
  if (view === "is not installed") {
    return `${path} is in a git work tree, and git is not installed to say whether it ignores it: install git, or ${elsewhere}`;
  }
  if (typeof view === "object") {
    return `${path} is in a git work tree, and git does not say whether it ignores it (${view.unclear}): ${elsewhere}`;
  }
  const there = entryAt(path);
  if (there === undefined || there.isSymbolicLink()) return undefined;
  if (!there.isFile()) return `${path} is no file: move it away, or ${elsewhere}`;
  if (!readFileSync(path, "utf8").includes(ours)) {
    return `${path} was not written by this command: move it away, or ${elsewhere}`;
  }
  return undefined;
}

/** Whether the file is this script, and its owner's alone. */
export function isKeyedScript(path: string, text: string): boolean {
  const there = entryAt(path);
  if (there === undefined || !there.isFile() || othersCanRead(path)) return false;
  return readFileSync(path, "utf8") === text;
}

/**
 * Writes the script in one step, mode 0600; folders that are made for it are 0700.
 *
 * @throws the file system's error; what was there is left as it was then
 */
export function writeKeyedScript(path: string, text: string): void {
  const folder = dirname(path);
  ownDirectory(folder);
  if (resolve(folder).startsWith(ownFolder() + sep)) chmodSync(folder, 0o700);
  writeOwnFile(path, Buffer.from(text, "utf8"), true);
}
