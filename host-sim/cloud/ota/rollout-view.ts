/** A rollout as an operator sees it: with how far those are that upgrade, and why others failed. */
import type { Rollout, RolloutStage } from "./rollout";
import type { UpgradeTask } from "./upgrade-task";

/** Devices that failed for one reason. */
interface FailedDevices {
  readonly reason: string;
  readonly count: number;
  /** The first of them, by their keys. */
  readonly deviceKeys: readonly string[];
}

interface RolloutStageView extends RolloutStage {
  /** The middle one of the steps of those that upgrade, 0 to 100. */
  readonly progress?: number;
  /** The most frequent reason first. */
  readonly failures: readonly FailedDevices[];
}

export interface RolloutView extends Rollout {
  readonly stages: readonly RolloutStageView[];
}

/** Bounds of what is told of failures. */
const mostReasons = 8;
const mostKeys = 20;

/** @param tasks the rollout's, as far as they are kept */
export function viewOf(rollout: Rollout, tasks: Iterable<UpgradeTask>): RolloutView {
  const found = rollout.stages.map(() => ({ steps: [] as number[], failed: new Map<string, string[]>() }));
  for (const task of tasks) {
    const stage = found[(task.stage ?? 0) - 1];
    if (stage === undefined) continue;
    if (task.status === "upgrading") stage.steps.push(task.progress ?? 0);
    if (task.status !== "failed") continue;
    const reason = reasonOf(task);
    const keys = stage.failed.get(reason);
    if (keys === undefined) stage.failed.set(reason, [task.deviceKey]);
    else keys.push(task.deviceKey);
  }
  const stages = rollout.stages.map((stage, at) => {
    const { steps, failed } = found[at];
    const progress = steps.sort((one, other) => one - other)[(steps.length - 1) >> 1];
    return { ...stage, ...(progress === undefined ? {} : { progress }), failures: failuresIn(failed) };
  });
  return { ...rollout, stages };
}

function failuresIn(failed: ReadonlyMap<string, string[]>): FailedDevices[] {
  return [...failed]
    .map(([reason, keys]) => ({ reason, count: keys.length, deviceKeys: keys.sort().slice(0, mostKeys) }))
    .sort((one, other) => other.count - one.count)
    .slice(0, mostReasons);
}

/** A device's step without its own words, which may differ in each; what it or this server said where there is no step. */
function reasonOf({ cause, progress, desc = "" }: UpgradeTask): string {
  if (cause !== "failure") return desc === "" ? "failed" : desc;
  return desc === "" ? `step ${progress ?? -1}` : `step ${progress ?? -1}: ${desc}`;
}
