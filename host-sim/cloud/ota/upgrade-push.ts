/**
 * The command that tells a device of its task, where that has the policy "push": queued when the task is made, again on a
 * later contact when it was lost, taken back when the task is over or halted before the device was told.
 */
import type { UpgradeParams } from "../enos/command-encoding";
import type { CloudDevice } from "../registry/cloud-device";
import type { FirmwareFiles } from "./firmware-files";
import type { TaskEntry, TaskStore } from "./task-store";
import { offerTo } from "./upgrade-offer";

/** After an upgrade was queued and ended without a reply, ms until a contact of the device brings it again. */
const pushAgainAfter = 3_600_000;

/** Who has the commands of all devices. */
export interface PushOptions {
  files: FirmwareFiles;
  /** Queues the command and returns its id. @throws RangeError when it cannot be sent */
  send(device: CloudDevice, params: UpgradeParams): string;
  /** Takes a command back that has not been sent; one that has been stays. */
  revoke(device: CloudDevice, commandId: string): void;
}

/** The commands of all tasks. */
export class UpgradePush {
  readonly #options: PushOptions;
  readonly #tasks: TaskStore;

  constructor(options: PushOptions, tasks: TaskStore) {
    this.#options = options;
    this.#tasks = tasks;
  }

  /** Queues the command, where there is a file for the device; the caller keeps the task. @throws RangeError as `send` does */
  queue(device: CloudDevice, entry: TaskEntry, now: number): void {
    const offer = offerTo(device, entry.task.toVersion, this.#options.files);
    if (typeof offer === "string") return;
    entry.commandId = this.#options.send(device, offer.params);
    entry.task.file = offer.file;
    entry.commandWaits = true;
    entry.pushedAt = now;
  }

  /** Queues it where the device was not told, or has not replied for long, and none waits. */
  queueIfDue(device: CloudDevice, entry: TaskEntry, now: number): void {
    const { policy, status } = entry.task;
    if (policy !== "push" || (status !== "init" && status !== "published")) return;
    if (entry.accepted || entry.commandWaits || entry.held) return;
    if (entry.pushedAt !== undefined && now < entry.pushedAt + pushAgainAfter) return;
    entry.pushedAt = now;
    try {
      this.queue(device, entry, now);
    } catch (error) {
      // Its queue is full: a later contact will do.
      if (!(error instanceof RangeError)) throw error;
    }
    this.#tasks.keep(entry);
  }

  /** Takes it back as far as it has not left; the caller keeps the task. @param device undefined when it is gone */
  takeBack(device: CloudDevice | undefined, entry: TaskEntry): void {
    if (entry.commandWaits && device !== undefined) this.#options.revoke(device, entry.commandId!);
    entry.commandWaits = undefined;
  }

  /** The task begins anew, and nothing was said of it yet. */
  forget(entry: TaskEntry): void {
    entry.accepted = undefined;
    entry.commandId = undefined;
    entry.pushedAt = undefined;
  }
}
