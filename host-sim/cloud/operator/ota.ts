/**
 * What an operator does with the devices' firmware: its files, and the tasks to upgrade to them.
 */
import type { FirmwareAbout, FirmwareFiles, FirmwareRecord, FirmwareRoom } from "../ota/firmware-files";
import type { TaskQuery } from "../ota/task-store";
import type { UpgradeTask } from "../ota/upgrade-task";
import type { JobOrder, UpgradeJob, Upgrades } from "../ota/upgrades";
import type { OperatorContext } from "./operator-context";

/** The firmware of one cloud's devices. */
export class Ota {
  /** Bytes of the largest firmware file that is taken. */
  readonly largestFirmware: number;
  readonly #context: OperatorContext;
  readonly #files: FirmwareFiles;
  readonly #upgrades: Upgrades;

  /** @param largestFirmware bytes of the largest file that is taken */
  constructor(context: OperatorContext, files: FirmwareFiles, upgrades: Upgrades, largestFirmware: number) {
    this.#context = context;
    this.#files = files;
    this.#upgrades = upgrades;
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
   * Takes a file away.
   * @throws RangeError when there is no such file, or a task needs it
   */
  removeFirmware(productKey: string, version: string, now: number): void {
    this.#context.advance(now);
    if (this.#upgrades.needs(productKey, version)) {
      throw new RangeError(`firmware ${version} is in a task that is not over: cancel it, or wait`);
    }
    this.#files.remove(productKey, version);
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
}
