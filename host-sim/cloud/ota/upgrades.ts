/**
 * EnOS's firmware service: which devices are to have which version, how they are told, and what became of it. The
 * topics are those of the manual, `ota/device/…`; the path of a task is in upgrade-task.ts, the command that tells a device
 * of it in upgrade-push.ts.
 *
 *     inform       the device's version: only a device that told one can be given a task
 *     upgrade      a command, sent for a task with policy "push"; again on a later contact if it was lost
 *     getversion   asks for what it may upgrade to: the version of its task, whatever the policy
 *     request      is in the topic lists of EnOS's SDKs and described in no manual: answered as getversion is
 *     progress     764 when the device has no task, 765 when it was not told of it yet
 */
import { printable } from "../coap/coap-text";
import type { CloudEventBody } from "../events";
import type { UpgradeParams } from "../enos/command-encoding";
import type { Progress } from "../enos/thing-json";
import type { Refusal } from "../enos/thing-message";
import type { CloudDevice } from "../registry/cloud-device";
import type { CloudStorage } from "../registry/storage";
import type { FirmwareName } from "./firmware-name";
import { TaskStore } from "./task-store";
import type { TaskEntry, TaskQuery } from "./task-store";
import { giveJob } from "./upgrade-job";
import type { JobOrder, UpgradeJob } from "./upgrade-job";
import { offerTo } from "./upgrade-offer";
import { UpgradePush } from "./upgrade-push";
import type { PushOptions } from "./upgrade-push";
import { afterwards, isOver } from "./upgrade-task";
import type { FailureCause, Happening, TaskStatus, TaskTerms, UpgradeTask } from "./upgrade-task";

/** EnOS's codes for a progress: the device has no task, or has not started one. */
const taskNotFound = 764;
const taskNotStarted = 765;
const success = 200;

/** Characters of what a device says of its progress, in an event. */
const longestDesc = 256;

export interface UpgradesOptions extends PushOptions {
  storage: CloudStorage | undefined;
  emit: ((event: CloudEventBody) => void) | undefined;
  /** The devices of a product. */
  devicesOf(productKey: string): Iterable<CloudDevice>;
  device(productKey: string, deviceKey: string): CloudDevice | undefined;
  /** Asks for `expire` at `at`, ms. */
  wake(at: number): void;
  /**
   * Hears of each change of a rollout's task, once it is complete and told. `before` is undefined for a new one, `after`
   * for one whose device is gone.
   */
  changed?(
    task: UpgradeTask,
    before: TaskStatus | undefined,
    after: TaskStatus | undefined,
    now: number,
  ): void;
  /** Hears of each device that has told its version. */
  informed?(device: CloudDevice, now: number): void;
}

/** The tasks of all devices. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #tasks: TaskStore;
  readonly #push: UpgradePush;

  constructor(options: UpgradesOptions) {
    this.#options = options;
    this.#tasks = new TaskStore(options.storage);
    this.#push = new UpgradePush(options, this.#tasks);
  }

  /** Tasks, the newest first. */
  list(query: TaskQuery = {}): UpgradeTask[] {
    return this.#tasks.list(query);
  }

  /** The tasks that a rollout has made, as far as they are kept, to be looked at alone. */
  *ofRollout(rolloutId: string): Iterable<UpgradeTask> {
    for (const { task } of this.#tasks.ofRollout(rolloutId)) yield task;
  }

  task(taskId: string): UpgradeTask | undefined {
    const found = this.#tasks.find(taskId);
    return found && { ...found.task };
  }

  /** Whether the device of a task that is not over would be given this file. */
  needs(productKey: string, name: FirmwareName): boolean {
    const { record } = this.#options.files.file(productKey, name) ?? {};
    return this.list({ productKey }).some(({ toVersion, status, deviceKey }) => {
      if (toVersion !== name.version || isOver(status)) return false;
      const device = this.#options.device(productKey, deviceKey);
      if (device === undefined) return false;
      const offer = offerTo(device, toVersion, this.#options.files);
      return typeof offer !== "string" && offer.record === record;
    });
  }

  /**
   * Gives devices a task each.
   * @throws RangeError when the version or a device is unknown, the time limit is none, or no device can have one
   */
  order(order: JobOrder, now: number): UpgradeJob {
    const give = (device: CloudDevice, terms: TaskTerms): UpgradeTask | string =>
      this.give(device, terms, now);
    return giveJob(order, this.#tasks.nextJobId, this.#options, give);
  }

  /** @throws RangeError for a task that is unknown, or upgrading or over already */
  cancel(taskId: string, now: number): UpgradeTask {
    return this.#decide(taskId, "cancel", "canceled", now);
  }

  /** Begins a task anew. @throws RangeError for one that is unknown or has not failed, or whose file is gone */
  retry(taskId: string, now: number): UpgradeTask {
    const entry = this.#tasks.find(taskId);
    if (entry !== undefined && entry.task.status === "failed") {
      const { task } = entry;
      const { productKey, deviceKey, toVersion } = task;
      if (this.#tasks.current(`${productKey}/${deviceKey}`) !== undefined) {
        throw new RangeError(`task ${taskId}: the device has another task`);
      }
      if (this.#options.files.ofVersion(productKey, toVersion).length === 0) {
        throw new RangeError(`task ${taskId}: firmware ${toVersion} is not there any more`);
      }
    }
    const task = this.#decide(taskId, "retry", "tried again", now);
    const device = this.#device(entry!);
    if (device !== undefined) this.#push.queueIfDue(device, entry!, now);
    return task;
  }

  /** The device has told its version. */
  inform(device: CloudDevice, version: string, now: number): void {
    if (device.firmwareVersion !== version) device.firmwareSince = now;
    device.firmwareVersion = version;
    device.firmwareInformedAt = now;
    const entry = this.#tasks.current(device.filedUnder);
    if (entry !== undefined && entry.task.toVersion === version) {
      this.#happen(entry, "informed", now, { progress: 100, desc: "the device informed the version" });
    }
    if (entry === undefined) this.#seeReturn(device, version, now);
    this.#options.informed?.(device, now);
  }

  /** The device has told how far it is; a refusal with EnOS's code when it has no task that could be. */
  progress(device: CloudDevice, { step, desc }: Progress, now: number): Refusal | undefined {
    const entry = this.#tasks.current(device.filedUnder);
    if (entry === undefined) {
      return { enosCode: taskNotFound, reason: "progress of an upgrade that the device has no task for" };
    }
    const happening = step < 0 ? "failure" : "progress";
    if (afterwards(entry.task.status, happening) === undefined) {
      return { enosCode: taskNotStarted, reason: "progress of an upgrade that the device was not told of" };
    }
    const { startedAt = now } = entry.task;
    this.#happen(entry, happening, now, { progress: step, desc, startedAt });
    this.#options.wake(startedAt + entry.task.timeout);
    return undefined;
  }

  /** What the device may upgrade to; it counts as told of it from now on. */
  offered(device: CloudDevice, now: number): UpgradeParams[] {
    const entry = this.#tasks.current(device.filedUnder);
    if (entry === undefined || entry.held) return [];
    const offer = offerTo(device, entry.task.toVersion, this.#options.files);
    if (typeof offer === "string") return [];
    entry.task.file = offer.file;
    if (entry.task.status === "init") this.#happen(entry, "published", now, {});
    else this.#tasks.keep(entry);
    return [offer.params];
  }

  /** The payload of a command has left; no effect when it is not one of these. */
  commandSent(device: CloudDevice, commandId: string, now: number): void {
    const entry = this.#tasks.current(device.filedUnder);
    if (entry?.commandId !== commandId || entry.task.status !== "init") return;
    this.#happen(entry, "published", now, {});
  }

  /** The device has replied to a command, likewise; be it late, it is the device's word. */
  commandAnswered(
    device: CloudDevice,
    commandId: string,
    { code, message }: { code: number; message?: string },
    now: number,
  ): void {
    const entry = this.#tasks.current(device.filedUnder);
    if (entry?.commandId !== commandId) return;
    entry.commandWaits = undefined;
    entry.accepted = true;
    if (code === success) return this.#tasks.keep(entry);
    const desc = `the device replied ${code}${message === undefined ? "" : `: ${message}`}`;
    if (afterwards(entry.task.status, "refusal") === undefined) return this.#tasks.keep(entry);
    this.#happen(entry, "refusal", now, { desc });
  }

  /** A command was given up without a reply, likewise. */
  commandLost(device: CloudDevice, commandId: string): void {
    const entry = this.#tasks.current(device.filedUnder);
    if (entry?.commandId !== commandId) return;
    entry.commandWaits = undefined;
    this.#tasks.keep(entry);
  }

  /** The device is there: an upgrade that it has not replied to is queued again when none waits. */
  contact(device: CloudDevice, now: number): void {
    const entry = this.#tasks.current(device.filedUnder);
    if (entry !== undefined) this.#push.queueIfDue(device, entry, now);
  }

  /** When the next time limit is over, ms; Infinity when none runs. */
  get deadline(): number {
    let deadline = Infinity;
    for (const { task } of this.#tasks.all()) {
      if (task.status === "upgrading") deadline = Math.min(deadline, task.startedAt! + task.timeout);
    }
    return deadline;
  }

  /** Gives up the tasks whose time is over. */
  expire(now: number): void {
    // A rollout may make tasks meanwhile.
    for (const entry of [...this.#tasks.all()]) {
      const { status, startedAt, timeout } = entry.task;
      if (status !== "upgrading" || now < startedAt! + timeout) continue;
      this.#happen(entry, "timeout", now, { desc: `not done after ${timeout / 1000} s` });
    }
  }

  /** Forgets a device's tasks. */
  removeDevice({ filedUnder }: CloudDevice, now: number): void {
    const entries = [...this.#tasks.ofDevice(filedUnder)];
    this.#tasks.removeDevice(filedUnder);
    for (const { task } of entries)
      if (!isOver(task.status)) this.#changed(task, task.status, undefined, now);
  }

  /** Of the job that is made next, until a task of it is made. */
  get nextJobId(): string {
    return this.#tasks.nextJobId;
  }

  /** Whether a rollout has given a device a task. */
  isIn(rolloutId: string, { filedUnder }: CloudDevice): boolean {
    return this.#tasks.ofDevice(filedUnder).some(({ task }) => task.rolloutId === rolloutId);
  }

  /**
   * Has a rollout's devices that were not told yet wait, or go on: what has not been sent is taken back.
   * A device that was told may begin all the same: EnOS has no word to take that back.
   */
  hold(rolloutId: string, isHeld: boolean, now: number): void {
    for (const entry of this.#tasks.ofRollout(rolloutId)) {
      const device = this.#device(entry);
      if (device === undefined || isOver(entry.task.status) || (entry.held === true) === isHeld) continue;
      if (isHeld) {
        entry.held = true;
        if (entry.task.status === "init") this.#push.takeBack(device, entry);
        this.#tasks.keep(entry);
      } else {
        entry.held = undefined;
        if (entry.task.status === "init") entry.pushedAt = undefined;
        this.#tasks.keep(entry);
        this.#push.queueIfDue(device, entry, now);
      }
    }
  }

  /** Calls off those of a rollout's tasks that have not begun. */
  callOff(rolloutId: string, desc: string, now: number): void {
    for (const entry of this.#tasks.ofRollout(rolloutId)) {
      if (afterwards(entry.task.status, "cancel") !== undefined) this.#happen(entry, "cancel", now, { desc });
    }
  }

  /**
   * Takes up a task that was kept; the caller has seen that its device is there.
   * @throws TypeError when its content is another's
   */
  restore(number: number, value: unknown): void {
    this.#tasks.restore(number, value);
  }

  /** A device that has no task has told its version: is it the one from before its last upgrade? */
  #seeReturn({ filedUnder }: CloudDevice, version: string, now: number): void {
    const last = this.#tasks.ofDevice(filedUnder).at(-1);
    if (last?.task.status !== "succeeded" || last.task.fromVersion !== version) return;
    const { endedAt = 0, timeout, toVersion } = last.task;
    if (now > endedAt + timeout) return;
    this.#happen(last, "return", now, { desc: `the device went back from ${toVersion}` });
  }

  /** Gives a device a task; why it cannot have one otherwise. */
  give(device: CloudDevice, terms: TaskTerms, now: number): UpgradeTask | string {
    const { productKey, deviceKey, filedUnder, firmwareVersion } = device;
    if (firmwareVersion === undefined) return "it has not informed its version yet";
    if (firmwareVersion === terms.toVersion) return "it has this version already";
    const current = this.#tasks.current(filedUnder);
    if (current !== undefined) return `it has task ${current.task.taskId}, to ${current.task.toVersion}`;
    const offer = offerTo(device, terms.toVersion, this.#options.files);
    if (typeof offer === "string") return offer;
    const entry = this.#tasks.make({
      ...{ ...terms, productKey, deviceKey, fromVersion: firmwareVersion, file: offer.file },
      ...{ status: "init", createdAt: now, updatedAt: now },
    });
    if (terms.policy === "push") {
      try {
        this.#push.queue(device, entry, now);
      } catch (error) {
        if (error instanceof RangeError) return error.message;
        throw error;
      }
    }
    this.#tasks.add(entry);
    this.#tell(entry.task);
    this.#changed(entry.task, undefined, "init", now);
    return entry.task;
  }

  /** What an operator wants of a task. */
  #decide(taskId: string, happening: "cancel" | "retry", desc: string, now: number): UpgradeTask {
    const entry = this.#tasks.find(taskId);
    if (entry === undefined) throw new RangeError(`no task ${taskId}`);
    const { status } = entry.task;
    if (afterwards(status, happening) === undefined) {
      const which = happening === "cancel" ? "init or published" : "failed";
      throw new RangeError(`task ${taskId} is ${status}: only one that is ${which} can be ${desc}`);
    }
    if (happening === "retry") {
      delete entry.task.progress;
      delete entry.task.cause;
      delete entry.task.publishedAt;
      delete entry.task.startedAt;
      delete entry.task.endedAt;
      this.#push.forget(entry);
    }
    this.#happen(entry, happening, now, { desc });
    return { ...entry.task };
  }

  /** Takes a task where what happened takes it, which has been found to be somewhere, and tells so. */
  #happen(
    entry: TaskEntry,
    happening: Happening,
    now: number,
    more: { progress?: number; desc?: string; startedAt?: number },
  ): void {
    const { task } = entry;
    const before = task.status;
    const status = afterwards(before, happening);
    if (status === undefined) return;
    task.status = status;
    task.updatedAt = now;
    if (status === "published") task.publishedAt ??= now;
    if (more.progress !== undefined) task.progress = more.progress;
    if (more.desc === undefined) delete task.desc;
    else task.desc = more.desc;
    if (more.startedAt !== undefined) task.startedAt = more.startedAt;
    if (status === "failed") task.cause = happening as FailureCause;
    if (isOver(status)) {
      task.endedAt = now;
      this.#push.takeBack(this.#device(entry), entry);
      entry.held = undefined;
    }
    this.#tasks.keep(entry);
    this.#tell(task);
    if (status !== before) this.#changed(task, before, status, now);
  }

  #changed(
    task: UpgradeTask,
    before: TaskStatus | undefined,
    after: TaskStatus | undefined,
    now: number,
  ): void {
    if (task.rolloutId !== undefined) this.#options.changed?.(task, before, after, now);
  }

  #tell({ taskId, productKey, deviceKey, toVersion, status, progress, desc }: UpgradeTask): void {
    this.#options.emit?.({
      type: "ota-task",
      ...{ productKey, deviceKey, taskId, toVersion, status, progress },
      desc: desc === undefined ? undefined : printable(desc, longestDesc),
    });
  }

  #device({ task: { productKey, deviceKey } }: TaskEntry): CloudDevice | undefined {
    return this.#options.device(productKey, deviceKey);
  }
}
