/** Writes a file in one step: under its name there is never a part of it, which a server might send. */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * @param replace whether a file of this name gives way to it
 * @throws the file system's error, EEXIST among them; nothing of the file is left behind then
 */
export function writeWholeFile(path: string, bytes: Uint8Array, replace: boolean): void {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  try {
    const file = openSync(draft, "wx", 0o666);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (replace) renameSync(draft, path);
    else linkSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}
