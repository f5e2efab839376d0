/**
 * Directories that hold secrets: made for their owner alone.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Sees to it that the directory is there, mode 0700 if it is new or empty, and returns the names in it.
 * @throws the file system's error
 */
export function ownDirectory(directory: string): string[] {
  make(resolve(directory));
  const names = readdirSync(directory);
  if (names.length === 0 && (statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
  return names;
}

/**
 * Makes a directory and those above it, for their owner alone. One by one: with `recursive`, Node never
 * comes back from where the system refuses oddly, as below /proc.
 */
function make(directory: string): void {
  if (existsSync(directory)) return;
  make(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}
