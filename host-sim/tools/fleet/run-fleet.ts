/**
 * Runs a fleet on as many cores as it is given: a shard on each, whose devices share no cell with another's. It comes to
 * the same bytes on one core.
 */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { mergeResults } from "./merge";
import { devicesOf } from "./plan";
import { devicesTogether, runShard } from "./shard-run";
import type { ResourceLimits } from "node:worker_threads";
import type { Shard } from "../shards/shard";
import type { FleetPlan } from "./plan";
import type { FleetResult } from "./result";

/**
 * What a worker may have of memory, MB. V8 lets garbage lie as long as there is room: with 8 GB allowed, 5,000 devices took
 * 1.4 GB, and no less time than with this, which is several times what lives. Young is most of what a fleet makes: with V8's own
 * 48 MB much of that grows old that is garbage a moment later, and 384 take a thirtieth less time than 192.
 */
function memoryFor(devices: number, hours: number): ResourceLimits {
  return {
    maxOldGenerationSizeMb: Math.ceil(256 + devices / 10 + hours / 10),
    maxYoungGenerationSizeMb: 384,
  };
}

/** The parts of a shard, one for each of so many workers at most: none of them is empty. */
function partsOf(plan: FleetPlan, shard: Shard, jobs: number): readonly Shard[] {
  const { first, end } = devicesOf(plan, shard);
  const cells = Math.ceil((end - first) / plan.devicesPerCell);
  const parts = Math.max(1, Math.min(jobs, cells));
  // A finer cut of the same cells: part k of p of shard i of n is part (i-1)p+k of np.
  const cut = Array.from({ length: parts }, (_, k) => ({
    index: (shard.index - 1) * parts + k + 1,
    count: shard.count * parts,
  }));
  return cut.every((each) => devicesOf(plan, each).first < devicesOf(plan, each).end) ? cut : [shard];
}

/**
 * Runs a shard of a plan.
 *
 * @param onProgress gets the share of it that is done
 * @throws whatever ended a worker
 */
export async function runFleet(
  plan: FleetPlan,
  shard: Shard,
  jobs: number,
  onProgress: (share: number) => void = () => {},
): Promise<FleetResult> {
  const parts = partsOf(plan, shard, jobs);
  // host-sim/cli/run.mjs bundles it into a file beside this one; where it has not, there is one core.
  const program = new URL("./shard-worker.mjs", import.meta.url);
  if (!existsSync(program)) return runShard(plan, shard, onProgress);
  const shares = parts.map(() => 0);
  const results = await Promise.all(
    parts.map(
      (part, i) =>
        new Promise<FleetResult>((resolve, reject) => {
          const { first, end } = devicesOf(plan, part);
          const worker = new Worker(program, {
            workerData: { plan, shard: part },
            resourceLimits: memoryFor(Math.min(end - first, devicesTogether(plan)), plan.hours),
          });
          worker.on("message", ({ share, result }: { share?: number; result?: FleetResult }) => {
            if (result !== undefined) return resolve(result);
            shares[i] = share!;
            onProgress(shares.reduce((sum, each) => sum + each, 0) / shares.length);
          });
          worker.on("error", reject);
          worker.on("exit", (code) => {
            if (code !== 0) reject(new Error(`a worker of the fleet ended with ${code}`));
          });
        }),
    ),
  );
  // The parts as if they were all there is: their places among all are the shard's.
  const alone = results.map((result, i) => ({
    name: `part ${i + 1}`,
    part: { ...result, shard: { index: i + 1, count: parts.length } },
  }));
  const merged = mergeResults(alone);
  if ("problem" in merged) throw new Error(merged.problem);
  return { ...merged, shard };
}
