/** The files of parts: what `--out` of a command writes, and what its `merge` reads. */
import { readFileSync, writeFileSync } from "node:fs";
import { reasonOf } from "../../firmware/text/reason";
import { escaped } from "../model/escaped";
import { wholeRun } from "../tools/shards/shard";
import { CommandError, misuse, systemReason, unwritten } from "./misuse";
import type { Named, PartHead, Problem } from "../tools/shards/parts";
import type { Shard } from "../tools/shards/shard";
import type { Command } from "./command";

/** Whether `merge` was said. @param options that a merge takes @throws CommandError for another word, or another option beside it */
export function isMerge(action: string | undefined, command: Command, options: readonly string[]): boolean {
  if (action === undefined) return false;
  if (action !== "merge") {
    throw misuse(`${command.name()} takes no word but merge, got "${escaped(action.slice(0, 40))}"`);
  }
  const taken = options.map((each) => `--${each}`);
  const other = command.options.find(
    (option) =>
      command.getOptionValueSource(option.attributeName()) === "cli" && !taken.includes(option.long!),
  );
  if (other === undefined) return true;
  throw misuse(
    `merge does not go with ${other.long}: the parts say what was run; it takes ${taken.join(", ")}`,
  );
}

/** Parts as their files have them. @throws CommandError that names the file which is none */
export function partsIn<Part extends object>(
  files: readonly string[],
  read: (text: string) => Part | Problem,
): Named<Part>[] {
  if (files.length === 0) throw misuse("merge takes the files that --out has written");
  return files.map((name) => {
    let text: string;
    try {
      text = readFileSync(name, "utf8");
    } catch (error) {
      throw misuse(`${name}: ${systemReason(error)}`);
    }
    const part = read(text);
    if ("problem" in part) throw new CommandError(1, `${name} ${part.problem}`);
    return { name, part };
  });
}

/**
 * Whether `merge` says what came of a run, and not the run's own exit code: it is a part that has written its file, so that
 * its work is done, and an engine for batches of tasks that runs again what exits with 1 would get the same again. An
 * array of one task is a part as well.
 */
export function isMergesToJudge(shard: Shard, out: string | undefined): boolean {
  return shard !== wholeRun && out !== undefined;
}

/** Says on stderr, where an engine for batches keeps it, what failed in a part. */
export function tellOfPart({ index, count }: Shard, failed: string): void {
  process.stderr.write(`shard ${index}/${count}: ${failed}; merge exits with 1 for that\n`);
}

/**
 * Does the work of a part and writes what came of it. A name that cannot be written shows before the work, and a part that
 * does not come to its end leaves a file that says so, and none that passes for a result.
 *
 * @param out undefined where nothing is to be written
 * @throws CommandError for such a name, and whatever the work throws
 */
export async function keptIn<Part extends object>(
  out: string | undefined,
  head: PartHead,
  work: () => Promise<Part>,
): Promise<Part> {
  if (out === undefined) return work();
  const failed = (reason: string): void => write(out, { ...head, failed: reason });
  failed("it did not end");
  let part: Part;
  try {
    part = await work();
  } catch (error) {
    failed(reasonOf(error));
    throw error;
  }
  write(out, part);
  return part;
}

function write(file: string, value: object): void {
  try {
    writeFileSync(file, `${JSON.stringify(value)}\n`);
  } catch (error) {
    throw unwritten(`--out: ${file}: ${systemReason(error)}`, error);
  }
}
