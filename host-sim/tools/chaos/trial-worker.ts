/** A worker of a campaign: runs a trial for each seed that it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { randomScript } from "./script";
import { runTrial } from "./trial";
import type { Assignment } from "./campaign";

const { hours, engine, device, kinds } = workerData as Assignment;
const port = parentPort!;
port.on("message", async (seed: number) => {
  port.postMessage(await runTrial(randomScript(seed, hours, device, kinds), { engine }));
});
