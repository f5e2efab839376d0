/** A product's firmware files and a device's upgrades as the API shows them, and the life of an upgrade in steps. */
import { span } from "../../../page/words";
import type { Step } from "../commands/life";

export interface FirmwareFile {
  readonly version: string;
  readonly board?: string;
  /** A difference from this version. */
  readonly from?: string;
  readonly signMethod: "md5" | "sha256";
  readonly sign: string;
  readonly fileSize: number;
  readonly fileUrl: string;
  readonly desc?: string;
  readonly warnings?: readonly string[];
  /** Epoch ms. */
  readonly uploadedAt: number;
  /** How many devices run it. */
  readonly devices: number;
}

/** Bytes, but for the number of files. */
export interface FirmwareRoom {
  readonly fileBytes: number;
  readonly filesPerProduct: number;
  readonly totalBytes: number;
  readonly usedBytes: number;
}

export interface FirmwareList {
  readonly items: readonly FirmwareFile[];
  readonly room: FirmwareRoom;
}

export type TaskStatus = "init" | "published" | "upgrading" | "succeeded" | "failed" | "canceled";

/** Times are epoch ms, the time limit is in seconds. */
export interface UpgradeTask {
  readonly taskId: string;
  readonly jobId: string;
  readonly policy: "push" | "request";
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly status: TaskStatus;
  readonly progress?: number;
  readonly desc?: string;
  readonly cause?: "failure" | "refusal" | "timeout" | "return";
  readonly timeout: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly publishedAt?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

export interface DeviceFirmware {
  readonly version?: string;
  readonly since?: number;
  readonly informedAt?: number;
  readonly tasks: readonly UpgradeTask[];
}

/** How a status is written. */
export const taskWords: Readonly<Record<TaskStatus, string>> = {
  init: "ordered",
  published: "told",
  upgrading: "upgrading",
  succeeded: "succeeded",
  failed: "failed",
  canceled: "canceled",
};

/** Whether nothing happens to it any more by itself. */
export function isTaskOver({ status }: UpgradeTask): boolean {
  return status === "succeeded" || status === "failed" || status === "canceled";
}

/** Its steps, those behind it first. @param now epoch ms */
export function taskSteps(task: UpgradeTask, now: number): Step[] {
  const { status, policy, createdAt, publishedAt, startedAt, endedAt, progress, timeout } = task;
  const steps: Step[] = [{ label: "ordered", at: createdAt, state: "done" }];
  const isOver = isTaskOver(task);
  if (publishedAt !== undefined || status === "published" || status === "upgrading") {
    steps.push({ label: "told", at: publishedAt, state: "done" });
  } else if (!isOver) {
    const note = policy === "push" ? "with the device's next contact" : "when the device asks";
    steps.push({
      label: "to be told",
      state: "now",
      note: `${note}, for ${span(Math.max(0, now - createdAt))} by now`,
    });
  }
  if (startedAt !== undefined) {
    const done = progress !== undefined && progress >= 0 ? `${progress} %` : "";
    const isRunning = status === "upgrading";
    const left = startedAt + timeout * 1000 - now;
    const limit = isRunning && left > 0 ? `${span(left)} left of its time` : "";
    const note = [done, limit].filter((part) => part !== "").join(", ");
    steps.push({ label: "upgrading", at: startedAt, state: isRunning ? "now" : "done", note });
  } else if (!isOver) {
    steps.push({
      label: "upgrading",
      state: status === "published" ? "now" : "todo",
      note: status === "published" ? "waits for the device's first progress" : undefined,
    });
  }
  if (!isOver) steps.push({ label: "succeeded", state: "todo", note: "once the device informs the version" });
  else {
    const state = status === "failed" ? "bad" : "done";
    const took =
      endedAt !== undefined && status === "succeeded" ? `${span(endedAt - createdAt)} after the order` : "";
    steps.push({
      label: taskWords[status],
      at: endedAt,
      state,
      note: status === "failed" ? failureWords(task) : took,
    });
  }
  return steps;
}

function failureWords({ cause, progress }: UpgradeTask): string {
  switch (cause) {
    case "failure":
      return `the device said so, step ${progress ?? "below 0"}${stepName(progress)}`;
    case "refusal":
      return "the device refused the upgrade";
    case "timeout":
      return "its time was over";
    case "return":
      return "it went back to the version before";
    case undefined:
      return "";
  }
}

/** A file's name within its product, for people. */
export function fileName({ version, board, from }: Pick<FirmwareFile, "version" | "board" | "from">): string {
  return [
    version,
    ...(board === undefined ? [] : [`for ${board}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
  ].join(" ");
}

/** What the API has of a file behind its version. */
export function fileQuery({ board, from }: Pick<FirmwareFile, "board" | "from">): string {
  const query = new URLSearchParams();
  if (board !== undefined) query.set("board", board);
  if (from !== undefined) query.set("from", from);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** What EnOS's manual has a device say with these steps. */
const stepNames: ReadonlyMap<number, string> = new Map([
  [-1, "the upgrade failed"],
  [-2, "the download failed"],
  [-3, "the verification failed"],
  [-4, "the burning failed"],
  [-5, "the upgrade was ignored"],
]);

function stepName(step: number | undefined): string {
  const name = step === undefined ? undefined : stepNames.get(step);
  return name === undefined ? "" : `: ${name}`;
}

/** A battery below this is low: % of its charge, V of its voltage. An upgrade that it ends half-way is hard to mend. */
const low = { percent: 30, volt: 3.3 } as const;

/** Whether a battery may not last for an upgrade; false where its unit says nothing of that. */
export function isLowBattery({
  value,
  unit = "",
}: {
  readonly value: number;
  readonly unit?: string;
}): boolean {
  if (unit.startsWith("%")) return value < low.percent;
  if (/^mv$/i.test(unit)) return value < low.volt * 1000;
  return /^v(?:olt)?$/i.test(unit) && value < low.volt;
}
