/** Runs commands of README and docs in this process, with the reader's files in a folder that is theirs alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
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
  if (call.script === "model") args.push("--check");
  const key = args.join("\0");
  if (!ended.has(key)) ended.set(key, obeyed(args));
  return ended.get(key)!;
}

/** Holds what a command printed to the lines that a page shows of it: all of them, in their order. */
export function expectShown(shown: string, printed: string): void {
  const lines = printed.split("\n");
  let at = 0;
  for (const line of shown
    .split("\n")
    .filter((each) => each !== "" && each !== "…" && !each.startsWith("$ "))) {
    const found = lines.findIndex((each, i) => i >= at && agrees(line, each));
    expect(found, `"${line}" is not printed, or not in this place`).toBeGreaterThanOrEqual(0);
    at = found + 1;
  }
}

/** Whether a line is the one that a page shows; `…` at its end stands for what differs between two runs. */
function agrees(shown: string, printed: string): boolean {
  return shown.endsWith("…") ? printed.startsWith(shown.slice(0, -1)) : printed === shown;
}
