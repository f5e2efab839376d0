/**
 * Files with secrets in them: never readable by others, not even for a moment.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Stats } from "node:fs";

/**
 * Writes a file that its owner alone can read. It is created that way; where something has the name, that
 * is left as it is, or with `replace` gives way in one step to the whole new file.
 *
 * @throws the file system's error, EEXIST among them; nothing of the file is left behind then
 */
export function writeOwnFile(path: string, bytes: Uint8Array, replace: boolean): void {
  if (!replace) return create(path, bytes);
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  create(draft, bytes);
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function create(path: string, bytes: Uint8Array): void {
  // Exclusive: it follows no link, and opens nothing that somebody else has made and can read.
  const file = openSync(path, "wx", 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** What has this name, a link as such; undefined where nothing has it, or nothing can. */
export function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Whether others than its owner may read a file; what is no file, such as a pipe, nobody else reads. */
export function othersCanRead(path: string): boolean {
  if (process.platform === "win32") return false;
  const { mode } = statSync(path);
  return (mode & 0o170_000) === 0o100_000 && (mode & 0o044) !== 0;
}
