/** A worker of a fleet run: one shard, then it ends. */
import { parentPort, workerData } from "node:worker_threads";
import { runShard } from "./shard-run";
import type { Shard } from "../shards/shard";
import type { FleetPlan } from "./plan";

const { plan, shard } = workerData as { readonly plan: FleetPlan; readonly shard: Shard };
const port = parentPort!;
port.postMessage({ result: await runShard(plan, shard, (share) => port.postMessage({ share })) });
