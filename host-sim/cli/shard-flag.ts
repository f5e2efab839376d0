/** `--shard` of the commands whose work can be cut into parts. */
import { parseShard, wholeRun } from "../tools/shards/shard";
import { shardOf } from "../tools/shards/shard-of";
import { misuse } from "./misuse";
import type { Shard } from "../tools/shards/shard";

/**
 * The part that is wanted: as it was given, as the engine for batches of tasks says, or the whole.
 *
 * @param pieces how many there are of what a part has one of at least: a cut into more parts is refused in each of them, for it
 *   could never be merged
 * @param piece what one of them is
 * @throws CommandError
 */
export function shardWanted(given: string | undefined, pieces: number, piece: string): Shard {
  const shard = shardSaid(given);
  const { index, count } = shard;
  if (count <= pieces) return shard;
  const are = pieces === 1 ? `is 1 ${piece}` : `are ${pieces} ${piece}s`;
  throw misuse(`shard ${index}/${count}: there ${are}, and no shard has less than one`);
}

function shardSaid(given: string | undefined): Shard {
  if (given !== undefined) {
    const parsed = parseShard(given);
    if (parsed === undefined) throw misuse(`--shard takes a part such as 3/16, got "${given.slice(0, 20)}"`);
    return parsed;
  }
  const told = shardOf(process.env);
  if (told !== undefined && "problem" in told) throw misuse(told.problem);
  return told ?? wholeRun;
}
