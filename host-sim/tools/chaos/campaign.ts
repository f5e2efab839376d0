/**
 * Many trials, on as many cores as there are. A trial depends on its seed alone, so it does not matter which
 * worker runs it, nor when: results come out in the order of their seeds.
 */
import { Worker } from "node:worker_threads";
import { randomScript } from "./script";
import { runTrial } from "./trial";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { ChosenDevice, FaultKind } from "./script";
import type { WorldEvent } from "../../sim/world/world";
import type { TrialResult } from "./trial";

export interface CampaignOptions extends Pick<DeviceOptions, "engine"> {
  readonly hours: number;
  /** The first seed, and how many there are. */
  readonly first: number;
  readonly seeds: number;
  /** Workers; 1 runs everything in this thread. */
  readonly jobs: number;
  readonly device?: ChosenDevice;
  /** Kinds that scripts are drawn from; all when left out. */
  readonly kinds?: readonly FaultKind[];
  /** A trial is over; in the order in which they end. */
  readonly onResult?: (result: TrialResult) => void;
  /** How far the trial is that runs in this thread, 0 to 1; of those in workers only their ends are heard. */
  readonly onWork?: (share: number) => void;
}

/**
 * Heap of a worker, MB. A trial needs some 15; but each start of a board leaves a megabyte of garbage, with deep
 * sleep a thousand times a trial, and V8 lets garbage grow to gigabytes where it may.
 */
const workerHeap = 256;

/** What a worker is started with. */
export interface Assignment {
  readonly hours: number;
  readonly engine: "node" | "xs";
  readonly device: ChosenDevice | undefined;
  readonly kinds: readonly FaultKind[] | undefined;
}

/** Runs all trials. @throws EngineMissing, and whatever ended a worker */
export async function runCampaign(options: CampaignOptions): Promise<TrialResult[]> {
  const { hours, first, seeds, engine, device, kinds, onWork } = options;
  const results: TrialResult[] = [];
  let next = first;
  const take = (): number | undefined => (next < first + seeds ? next++ : undefined);
  const finish = (result: TrialResult): void => {
    results.push(result);
    options.onResult?.(result);
  };
  const jobs = Math.min(options.jobs, seeds);
  if (jobs <= 1) {
    for (let seed = take(); seed !== undefined; seed = take()) {
      const onEvent = ({ time }: WorldEvent): void => onWork?.(shareOf(time, hours));
      finish(await runTrial(randomScript(seed, hours, device, kinds), { engine, onEvent }));
    }
  } else {
    const assignment: Assignment = { hours, engine, device, kinds };
    const workers = Array.from({ length: jobs }, () => runWorker(assignment, take, finish));
    await Promise.all(workers);
  }
  return results.sort((a, b) => a.seed - b.seed);
}

/** How far a trial is at a virtual time; what follows its hours is short, and counts as nothing. */
export function shareOf(time: number, hours: number): number {
  return Math.min(1, time / (hours * 3_600_000));
}

/** One worker, fed with seeds until there are none. */
async function runWorker(
  assignment: Assignment,
  take: () => number | undefined,
  finish: (result: TrialResult) => void,
): Promise<void> {
  // host-sim/cli/run.mjs bundles it into a file beside this one.
  const worker = new Worker(new URL("./trial-worker.mjs", import.meta.url), {
    workerData: assignment,
    resourceLimits: { maxOldGenerationSizeMb: workerHeap },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const feed = (): void => {
        const seed = take();
        if (seed === undefined) resolve();
        else worker.postMessage(seed);
      };
      worker.on("message", (result: TrialResult) => {
        finish(result);
        feed();
      });
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`a worker ended by itself with code ${code}`)));
      feed();
    });
  } finally {
    await worker.terminate();
  }
}
