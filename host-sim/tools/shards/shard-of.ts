/**
 * Which shard this process is to run where an engine for batches of tasks has started it: by the variables that it sets.
 *
 *     Slurm array           SLURM_ARRAY_TASK_ID, _MIN, _COUNT    numbered from _MIN on, as `--array` says
 *     Kubernetes Indexed    JOB_COMPLETION_INDEX                  from 0; how many there are is not told: ENOS_SHARDS
 *     AWS Batch array       AWS_BATCH_JOB_ARRAY_INDEX             from 0; AWS_BATCH_JOB_ARRAY_SIZE
 */
import { parseShard } from "./shard";
import type { Shard } from "./shard";

/** The shard; undefined where no such variable is set; or what is wrong with them. */
export function shardOf(env: NodeJS.ProcessEnv): Shard | undefined | { readonly problem: string } {
  const { SLURM_ARRAY_TASK_ID: slurm, JOB_COMPLETION_INDEX: kubernetes } = env;
  const { AWS_BATCH_JOB_ARRAY_INDEX: aws } = env;
  const own = env["ENOS_SHARDS"];
  if (slurm !== undefined) {
    return checked("SLURM_ARRAY_TASK_ID", slurm, env["SLURM_ARRAY_TASK_MIN"] ?? "0", [
      own,
      env["SLURM_ARRAY_TASK_COUNT"],
    ]);
  }
  if (kubernetes !== undefined) return checked("JOB_COMPLETION_INDEX", kubernetes, "0", [own]);
  if (aws !== undefined) {
    return checked("AWS_BATCH_JOB_ARRAY_INDEX", aws, "0", [own, env["AWS_BATCH_JOB_ARRAY_SIZE"]]);
  }
  return undefined;
}

function checked(
  name: string,
  id: string,
  least: string,
  counts: readonly (string | undefined)[],
): Shard | { readonly problem: string } {
  const count = counts.find((each) => each !== undefined);
  if (count === undefined)
    return { problem: `${name} is set, and not how many tasks there are: set ENOS_SHARDS` };
  const shard = parseShard(`${Number(id) - Number(least) + 1}/${count}`);
  if (shard !== undefined && /^\d+$/.test(id)) return shard;
  return {
    problem: `${name} is ${id.slice(0, 20)} of ${count.slice(0, 20)} tasks from ${least.slice(0, 20)} on: no shard`,
  };
}
