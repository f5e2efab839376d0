/**
 * A version on its way to a product's devices in stages, so that a bad one is seen by a few. A rollout is
 *
 *                            its tasks are over             its time is there
 *     running (stage 1) ------------------------> waiting ---------------------> running (stage 2) ... -----> done
 *       |       |  ^                                 |
 *       |       |  '------ resumed ---------.        |
 *       |       '- by an operator -----> paused <----+                     by an operator, from all but done:
 *       '- too many failures ----------> stopped                           aborted
 *
 * While it is paused or stopped, devices that were not told yet are not; who is at it goes on. What is decided here is
 * decided by counts alone: rollouts.ts keeps them, and has devices given their tasks.
 *
 * A stage's tasks are over when each has an end; a device that is never heard of again would hold up all others, so that
 * a stage whose time limit is over is left as well, provided that one device has succeeded in it. One that has failed
 * for good is told by its own time limit (upgrade-task.ts), which counts from its first progress.
 */
import { createHash } from "node:crypto";
import { upgradeTimeouts } from "./upgrade-task";
import type { TaskStatus, UpgradePolicy } from "./upgrade-task";

/** Where a rollout stands. */
export const rolloutStates = Object.freeze([
  "running",
  "waiting",
  "paused",
  "stopped",
  "aborted",
  "done",
] as const);
export type RolloutState = (typeof rolloutStates)[number];

/** Devices that were given no task in a stage, with one reason. */
export interface SkippedDevices {
  readonly reason: string;
  readonly count: number;
  /** One of them. */
  readonly deviceKey: string;
}

/** A stage, and how it stands. */
export interface RolloutStage {
  /** Of the devices that have, or had, another version: 0 to 1. */
  readonly share: number;
  /** ms; left out before it begins. */
  readonly begunAt?: number;
  /** ms; when its last task came to its end, or its time limit to its own. */
  readonly endedAt?: number;
  /** How many devices were given a task in it. */
  readonly devices: number;
  /** Their tasks, by where they stand. */
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly skipped: readonly SkippedDevices[];
  /** Failures that an operator has seen and let pass, by resuming: the share counts anew. */
  readonly passed: number;
  /** An operator has let it pass though no device succeeded. */
  readonly isExcused?: true;
}

/** What is asked of a rollout. */
export interface RolloutTerms {
  readonly policy: UpgradePolicy;
  /** ms that a device may be upgrading. */
  readonly timeout: number;
  /** ms from the end of a stage to the next. */
  readonly wait: number;
  /** Failures in a stage above this share of its devices stop the rollout. */
  readonly failureShare: number;
  /** But not fewer than so many. */
  readonly leastFailures: number;
  /** ms after which a stage is left though some of its devices have not ended. */
  readonly stageLimit: number;
}

/** A rollout as it is kept. */
export interface Rollout extends RolloutTerms {
  /** Digits. */
  readonly rolloutId: string;
  readonly productKey: string;
  readonly version: string;
  readonly stages: readonly RolloutStage[];
  readonly state: RolloutState;
  /** Of the stage that goes on, or was the last one to: 1 to the number of stages. */
  readonly stage: number;
  /** Why it was stopped. */
  readonly reason?: string;
  /** While it waits: when the next stage begins, ms. */
  readonly nextAt?: number;
  /** When the time limit of its stage is over, ms. */
  readonly until: number;
  /** ms */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** ms; of one that is done or aborted. */
  readonly endedAt?: number;
}

const day = 86_400_000;

/** What can be set, and what is taken for what is left out. Times are ms. */
export const rolloutTerms = Object.freeze({
  shares: Object.freeze([0.01, 0.1, 1]),
  mostStages: 16,
  wait: Object.freeze({ most: 30 * day, usual: 3_600_000 }),
  failureShare: 0.05,
  leastFailures: 1,
  stageLimit: Object.freeze({ least: 60_000, most: 90 * day, usual: 14 * day }),
});

/** What is asked, with what is left out. @throws RangeError on one that is out of bounds */
export function termsOf(asked: Partial<RolloutTerms>): RolloutTerms {
  const { wait: waits, stageLimit: limits } = rolloutTerms;
  const { policy = "push", timeout = upgradeTimeouts.usual, wait = waits.usual } = asked;
  const { failureShare = rolloutTerms.failureShare, leastFailures = rolloutTerms.leastFailures } = asked;
  const { stageLimit = limits.usual } = asked;
  const within = (what: string, value: number, least: number, most: number, unit = ""): void => {
    if (value >= least && value <= most) return;
    throw new RangeError(`${what}: expected ${least} to ${most}${unit}, got ${value}`);
  };
  within("timeout", timeout / 1000, upgradeTimeouts.least / 1000, upgradeTimeouts.most / 1000, " s");
  within("wait", wait / 1000, 0, waits.most / 1000, " s");
  within("stageLimit", stageLimit / 1000, limits.least / 1000, limits.most / 1000, " s");
  within("failureShare", failureShare, 0, 1);
  within("leastFailures", leastFailures, 1, 1_000_000);
  return { policy, timeout, wait, failureShare, leastFailures, stageLimit };
}

/** Why these are no shares of stages; undefined when they are: each in (0, 1], each larger than the one before. */
export function sharesFault(shares: readonly number[]): string | undefined {
  const { mostStages } = rolloutTerms;
  if (shares.length < 1 || shares.length > mostStages) return `expected 1 to ${mostStages} of them`;
  const rises = shares.every((share, at) => share > (at === 0 ? 0 : shares[at - 1]) && share <= 1);
  return rises ? undefined : "expected shares above 0, each larger than the one before, the last at most 1";
}

/** Whether nothing happens to it any more unless what failed is tried again. */
export function isRolloutOver({ state }: Pick<Rollout, "state">): boolean {
  return state === "done" || state === "aborted";
}

/** A stage before it begins. */
export function newStage(share: number): RolloutStage {
  const counts = { init: 0, published: 0, upgrading: 0, succeeded: 0, failed: 0, canceled: 0 };
  return { share, devices: 0, counts, skipped: [], passed: 0 };
}

/** Tasks of a stage that have no end yet. */
export function openTasks({ counts }: RolloutStage): number {
  return counts.init + counts.published + counts.upgrading;
}

/**
 * How many more devices a stage takes, so that all stages so far have its share.
 * @param members devices that earlier stages have taken
 * @param others devices that could be taken: at least one of them is
 */
export function stageSize(share: number, members: number, others: number): number {
  return Math.min(others, Math.max(1, Math.ceil(share * (members + others)) - members));
}

/**
 * The devices in the order in which a rollout takes them: by a hash of rollout and device, so that no device is always
 * among the first, and it is the same order at each look, whoever was added meanwhile.
 */
export function inOrder<T extends { readonly deviceKey: string }>(
  rolloutId: string,
  devices: Iterable<T>,
): T[] {
  const hashed = [...devices].map((device) => ({
    device,
    hash: createHash("sha256").update(`${rolloutId}/${device.deviceKey}`).digest("hex"),
  }));
  return hashed.sort((one, other) => (one.hash < other.hash ? -1 : 1)).map(({ device }) => device);
}

/** What becomes of a rollout that goes on. */
export type Verdict =
  /** It goes on as it does, until then at the latest, ms. */
  | { readonly what: "goes on"; readonly until: number }
  | { readonly what: "stop"; readonly reason: string }
  /** Its stage is over; the next one begins then, ms. */
  | { readonly what: "next"; readonly at: number }
  /** So many of its devices have not come to an end, and may yet. */
  | { readonly what: "done"; readonly open: number };

/** Judges one that is running or waiting. */
export function judge(rollout: Rollout, now: number): Verdict {
  const { stages, stage: number, wait, until } = rollout;
  for (const [at, stage] of stages.entries()) {
    const reason = failureOf(rollout, stage, at + 1);
    if (reason !== undefined) return { what: "stop", reason };
  }
  const stage = stages[number - 1];
  const isLast = number === stages.length;
  // Those of earlier stages, left because of their time, are waited for in the last.
  const open = (isLast ? stages : [stage]).reduce((sum, each) => sum + openTasks(each), 0);
  if (open > 0 && now < until) return { what: "goes on", until };
  if (stage.devices > 0 && stage.counts.succeeded === 0 && stage.isExcused !== true) {
    const what = open > 0 ? "came to an end in time" : "succeeded";
    return { what: "stop", reason: `no device of stage ${number} ${what}` };
  }
  if (isLast) return { what: "done", open };
  return { what: "next", at: (stage.endedAt ?? now) + wait };
}

function failureOf(
  { failureShare, leastFailures }: Rollout,
  { counts, devices, passed }: RolloutStage,
  number: number,
): string | undefined {
  const failures = counts.failed - passed;
  if (failures < leastFailures || failures <= failureShare * devices) return undefined;
  const percent = (share: number): string => `${Math.round(1000 * share) / 10} %`;
  const more = passed === 0 ? "" : " more";
  return `${failures}${more} of ${devices} devices of stage ${number} failed: ${percent(failures / devices)}, above ${percent(failureShare)}`;
}
