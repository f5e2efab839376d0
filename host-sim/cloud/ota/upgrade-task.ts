/**
 * The upgrade of one device to one version of its firmware: a task, in EnOS's words, of which a job makes one for each
 * of its devices.
 *
 *           told of it        a first step 0 … 100
 *     init ---------> published ---------> upgrading
 *       |               |    |                 |
 *       |               |    '-----------------+---> failed       a step below 0, a reply other than 200 (published),
 *       |               |                      |       |          the time limit (upgrading)
 *       |               |                      |       '--> init  tried again
 *       +---------------+----------------------+---> succeeded    the device informs the new version
 *       |               |
 *       '---------------+---> canceled                            by an operator
 *
 *     succeeded ---> failed    the device informs the version that it had before, within the time limit: it went back
 *
 * "Told of it": the upgrade has left, or was the answer to getversion.
 *
 * States are those that EnOS's API names. As there, what is upgrading already cannot be canceled, only a task that
 * failed can be tried again, and the time limit counts from the first progress. A device may have got the version
 * otherwise, by cable for one: that succeeds from any state that is not an end. A device that tells a new version as it
 * starts it and goes back for what it finds then tells the old one again: EnOS has no word for that, and a rollout has to
 * see it.
 */

/** Where a task stands. */
export type TaskStatus = "init" | "published" | "upgrading" | "succeeded" | "failed" | "canceled";

export const taskStatuses: readonly TaskStatus[] = Object.freeze([
  "init",
  "published",
  "upgrading",
  "succeeded",
  "failed",
  "canceled",
]);

/** What can happen to a task. */
export type Happening =
  | "published"
  /** A step from 0 to 100. */
  | "progress"
  /** A step below 0. */
  | "failure"
  /** The reply to the upgrade has another code than 200. */
  | "refusal"
  /** The device has informed the version that it was to get. */
  | "informed"
  | "timeout"
  /** The device has informed the version that it had before, soon after the new one. */
  | "return"
  | "cancel"
  | "retry";

/** Why a task failed: by the device's own word, by its reply to the upgrade, by the time limit, or as it went back. */
export type FailureCause = "failure" | "refusal" | "timeout" | "return";

/** How the device hears of it: "push" sends `ota/device/upgrade`, "request" waits until it asks. */
export type UpgradePolicy = "push" | "request";

/** The file that a device is given. */
interface TaskFile {
  readonly fileUrl: string;
  /** Bytes. */
  readonly fileSize: number;
  readonly board?: string;
  /** A difference from this version. */
  readonly from?: string;
}

/** A task as its operator sees it. */
export interface UpgradeTask {
  /** Digits. */
  readonly taskId: string;
  /** Of the tasks that were made at once. */
  readonly jobId: string;
  /** Of the rollout that made it, and which of its stages, from 1. */
  readonly rolloutId?: string;
  readonly stage?: number;
  readonly productKey: string;
  readonly deviceKey: string;
  readonly policy: UpgradePolicy;
  /** What the device had informed when the task was made. */
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly status: TaskStatus;
  /** As it was chosen for the device last; not in data of before. */
  readonly file?: TaskFile;
  /** The device's last step: 0 to 100, or what it failed with. */
  readonly progress?: number;
  /** What the device, or this server, said of the last change. */
  readonly desc?: string;
  /** Of a task that failed. */
  readonly cause?: FailureCause;
  /** ms that it may be upgrading. */
  readonly timeout: number;
  /** ms, as the four below */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the device was told of it. */
  readonly publishedAt?: number;
  /** When it became upgrading; the time limit counts from then. */
  readonly startedAt?: number;
  /** When it came to an end. */
  readonly endedAt?: number;
}

/** What a device is to have, and on what terms. */
export type TaskTerms = Pick<
  UpgradeTask,
  "toVersion" | "jobId" | "policy" | "timeout" | "rolloutId" | "stage"
>;

/** Time limits that can be set, and the one of a task that names none, ms. A file of 1 MB takes hours on NB-IoT. */
export const upgradeTimeouts = Object.freeze({
  least: 60_000,
  most: 30 * 86_400_000,
  usual: 7 * 86_400_000,
});
const next: Readonly<Record<TaskStatus, Partial<Record<Happening, TaskStatus>>>> = Object.freeze({
  init: { published: "published", informed: "succeeded", cancel: "canceled" },
  published: {
    ...{ published: "published", progress: "upgrading", failure: "failed", refusal: "failed" },
    ...{ informed: "succeeded", cancel: "canceled" },
  },
  upgrading: { progress: "upgrading", failure: "failed", informed: "succeeded", timeout: "failed" },
  succeeded: { return: "failed" },
  failed: { retry: "init" },
  canceled: {},
});

/** Where a task stands after something happened to it; undefined when that cannot happen to it there. */
export function afterwards(status: TaskStatus, happening: Happening): TaskStatus | undefined {
  return next[status][happening];
}

/** Whether nothing can happen to a task any more but that it is tried again, or that its device goes back. */
export function isOver(status: TaskStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "canceled";
}
