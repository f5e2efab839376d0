/** Runs commands of README and docs in this process, with the reader's files in a folder that is theirs alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { obeyed } from "./host-sim/cli/command-line";
import { npmCall } from "./docs-shell";
import type { Finished } from "./host-sim/cli/command-line";

/** Where the reader is: what the commands of this test file write goes here. */
export const scratch = mkdtempSync(join(tmpdir(), "docs-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A name without a folder, of a file that a command writes. */
const isFile = (word: string): boolean => /^[\w.-]+\.(html|pcapng|json)$/.test(word);

const ended = new Map<string, Promise<Finished>>();

/**
 * Runs one of the project's npm scripts to its end; what was run before is not run again.
 *
 * @param words the command, such as `npm start -- --seed 7`
 * @throws RangeError when it calls none
 */
export function ran(words: readonly string[]): Promise<Finished> {
  const call = npmCall(words);
  if (call === undefined) throw new RangeError(`no npm script: ${words.join(" ")}`);
  const args = [call.script, ...call.args.map((word) => (isFile(word) ? join(scratch, word) : word))];
  // The model's files are those of the project: they are compared, not written.
  if (call.script === "model" && !args.includes("--export")) args.push("--check");
  const key = args.join("\0");
  if (!ended.has(key)) ended.set(key, obeyed(args));
  return ended.get(key)!;
}
