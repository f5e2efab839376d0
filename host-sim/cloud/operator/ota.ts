/**
 * What an operator does with the devices' firmware: its files, and the tasks to upgrade to them.
 */
import type { FirmwareAbout, FirmwareFiles, FirmwareRecord, FirmwareRoom } from "../ota/firmware-files";
import type { FirmwareName } from "../ota/firmware-name";
import type { Rollout } from "../ota/rollout";
import { viewOf } from "../ota/rollout-view";
import type { RolloutView } from "../ota/rollout-view";
import type { RolloutOrder, Rollouts } from "../ota/rollouts";
import type { TaskQuery } from "../ota/task-store";
import type { UpgradeTask } from "../ota/upgrade-task";
import type { JobOrder, UpgradeJob } from "../ota/upgrade-job";
import type { Upgrades } from "../ota/upgrades";
import type { OperatorContext } from "./operator-context";

/** The firmware of one cloud's devices. */
export class Ota {
  /** Bytes of the largest firmware file that is taken. */
  readonly largestFirmware: number;
  readonly #context: OperatorContext;
  readonly #files: FirmwareFiles;
  readonly #upgrades: Upgrades;
  readonly #rollouts: Rollouts;

  /** @param largestFirmware bytes of the largest file that is taken */
  constructor(
    context: OperatorContext,
    { files, upgrades, rollouts }: { files: FirmwareFiles; upgrades: Upgrades; rollouts: Rollouts },
    largestFirmware: number,
  ) {
    this.#context = context;
    this.#files = files;
    this.#upgrades = upgrades;
    this.#rollouts = rollouts;
    this.largestFirmware = largestFirmware;
  }

  /** A product's firmware files in the order of their upload. */
  firmware(productKey: string): FirmwareRecord[] {
    return this.#files.list(productKey);
  }

  /** What there is room for. */
  get room(): FirmwareRoom {
    return this.#files.room;
  }

  /**
   * Takes a firmware file for a product, or another one in its place.
   * @param bytes kept as they are: the caller does not change them
   * @throws RangeError for an unknown product, or a file that cannot be taken
   */
  putFirmware(about: FirmwareAbout, bytes: Uint8Array, now: number): FirmwareRecord {
    this.#context.advance(now);
    if (this.#context.fleet.product(about.productKey) === undefined) {
      throw new RangeError(`no product ${about.productKey}`);
    }
    const record = this.#files.put(about, bytes, this.#context.time());
    this.#context.flush();
    return record;
  }

  /**
   * Takes a file away, or all of a version's where neither board nor base is named and there is none for all devices.
   * @throws RangeError when there is no such file, a task's device would be given it, or it is a rollout's last
   */
  removeFirmware(productKey: string, name: string | FirmwareName, now: number): void {
    this.#context.advance(now);
    const wanted = typeof name === "string" ? { version: name } : name;
    const { version } = wanted;
    const all = this.#files.ofVersion(productKey, version);
    const isOne = this.#files.file(productKey, wanted) !== undefined || all.length === 0;
    const names = isOne || wanted.board !== undefined || wanted.from !== undefined ? [wanted] : all;
    for (const each of names) {
      if (this.#upgrades.needs(productKey, each)) {
        throw new RangeError(`firmware ${version} is in a task that is not over: cancel it, or wait`);
      }
    }
    if (names.length >= all.length && all.length > 0 && this.#rollouts.needs(productKey, version)) {
      throw new RangeError(`firmware ${version} is being rolled out: abort that, or wait`);
    }
    for (const each of names) this.#files.remove(productKey, each);
    this.#context.flush();
  }

  /**
   * Gives devices the task to upgrade to a version.
   * @throws RangeError when version or device are unknown, the time limit is none, or no device can have the task
   */
  order(order: JobOrder, now: number): UpgradeJob {
    this.#context.advance(now);
    const job = this.#upgrades.order(order, this.#context.time());
    this.#context.flush();
    return job;
  }

  /** Upgrade tasks, the newest first. */
  tasks(query?: TaskQuery): UpgradeTask[] {
    return this.#upgrades.list(query);
  }

  /** A task; undefined for an unknown one. */
  task(taskId: string): UpgradeTask | undefined {
    return this.#upgrades.task(taskId);
  }

  /** Calls a task off. @throws RangeError for one that is unknown, or upgrading or over already */
  cancel(taskId: string, now: number): UpgradeTask {
    this.#context.advance(now);
    const task = this.#upgrades.cancel(taskId, this.#context.time());
    this.#context.flush();
    return task;
  }

  /** Begins a failed task anew. @throws RangeError for one that is unknown, has not failed, or cannot begin */
  retry(taskId: string, now: number): UpgradeTask {
    this.#context.advance(now);
    const task = this.#upgrades.retry(taskId, this.#context.time());
    this.#context.flush();
    return task;
  }

  /**
   * Begins to roll a version out in stages.
   * @throws RangeError on terms that are none, while another rollout of the product goes on, or when no device can be
   *   given a task
   */
  rollOut(order: RolloutOrder, now: number): RolloutView {
    return this.#rolled(now, () => this.#rollouts.begin(order, this.#context.time()));
  }

  /** A product's rollouts, the newest first. */
  rollouts(productKey: string): RolloutView[] {
    return this.#rollouts
      .list(productKey)
      .map((rollout) => viewOf(rollout, this.#tasksOf(rollout.rolloutId)));
  }

  /** A rollout; undefined for an unknown one. */
  rollout(productKey: string, rolloutId: string): RolloutView | undefined {
    const found = this.#rollouts.find(productKey, rolloutId);
    return found && viewOf(found, this.#tasksOf(rolloutId));
  }

  /** Halts a rollout. @throws RangeError for one that is unknown or does not go on */
  pauseRollout(productKey: string, rolloutId: string, now: number): RolloutView {
    return this.#rolled(now, () => this.#rollouts.pause(productKey, rolloutId, this.#context.time()));
  }

  /** Goes on with one that was halted, or stopped by itself. @throws RangeError for one that is unknown or was not */
  resumeRollout(productKey: string, rolloutId: string, now: number): RolloutView {
    return this.#rolled(now, () => this.#rollouts.resume(productKey, rolloutId, this.#context.time()));
  }

  /** Ends one for good. @throws RangeError for one that is unknown or over */
  abortRollout(productKey: string, rolloutId: string, now: number): RolloutView {
    return this.#rolled(now, () => this.#rollouts.abort(productKey, rolloutId, this.#context.time()));
  }

  /** Tries again what has failed in one. @throws RangeError for one that is unknown, or where nothing can be */
  retryRollout(productKey: string, rolloutId: string, now: number): RolloutView {
    return this.#rolled(now, () => this.#rollouts.retry(productKey, rolloutId, this.#context.time()));
  }

  #rolled(now: number, work: () => Rollout): RolloutView {
    this.#context.advance(now);
    const rollout = work();
    this.#context.flush();
    return viewOf(rollout, this.#tasksOf(rollout.rolloutId));
  }

  #tasksOf(rolloutId: string): Iterable<UpgradeTask> {
    return this.#upgrades.ofRollout(rolloutId);
  }
}
