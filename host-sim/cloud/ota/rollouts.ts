/**
 * The rollouts of all products: begun and halted by operators, moved on by what becomes of their tasks and by time.
 * What they go by is in rollout.ts, where they are kept in rollout-store.ts. A product has one at most that is not over,
 * since a device has one task at most.
 *
 * Devices that inform another version while a rollout goes on are taken by its next stage, or at once where that is the
 * last and takes all.
 */
import type { CloudEventBody } from "../events";
import type { CloudDevice } from "../registry/cloud-device";
import type { CloudStorage } from "../registry/storage";
import {
  inOrder,
  isRolloutOver,
  judge,
  newStage,
  openTasks,
  rolloutTerms,
  sharesFault,
  stageSize,
  termsOf,
} from "./rollout";
import type { Rollout, RolloutStage, RolloutTerms, SkippedDevices } from "./rollout";
import { RolloutStore } from "./rollout-store";
import type { KeptRollout } from "./rollout-store";
import type { Upgrades } from "./upgrades";
import type { TaskStatus, TaskTerms, UpgradeTask } from "./upgrade-task";

/** What is to be rolled out, and how: see `rolloutTerms` for what is left out. */
export interface RolloutOrder extends Partial<RolloutTerms> {
  readonly productKey: string;
  readonly version: string;
  /** Shares of the devices, such as 0.01, 0.1 and 1. */
  readonly shares?: readonly number[];
}

export interface RolloutsOptions {
  storage: CloudStorage | undefined;
  emit: ((event: CloudEventBody) => void) | undefined;
  devicesOf(productKey: string): Iterable<CloudDevice>;
  /** Whether a product has a file of this version. */
  hasVersion(productKey: string, version: string): boolean;
  /** Asks for `expire` at `at`, ms. */
  wake(at: number): void;
}

/** Reasons for which devices were skipped that are kept of a stage. */
const mostReasons = 8;

/** All rollouts. */
export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #upgrades: Upgrades;
  readonly #store: RolloutStore;
  /** One whose devices are being given their tasks. */
  #beginning: string | undefined;

  constructor(options: RolloutsOptions, upgrades: Upgrades) {
    this.#options = options;
    this.#upgrades = upgrades;
    this.#store = new RolloutStore(options.storage);
  }

  /** A product's, the newest first. */
  list(productKey: string): Rollout[] {
    return [...this.#store.ofProduct(productKey)].reverse().map((rollout) => ({ ...rollout }));
  }

  find(productKey: string, rolloutId: string): Rollout | undefined {
    const found = this.#store.find(productKey, rolloutId);
    return found && { ...found };
  }

  /** Whether one that is not over is about this version. */
  needs(productKey: string, version: string): boolean {
    return this.list(productKey).some((each) => each.version === version && !isRolloutOver(each));
  }

  /**
   * Begins the first stage.
   * @throws RangeError on terms that are none, while another rollout goes on, or when no device can be given a task
   */
  begin(order: RolloutOrder, now: number): Rollout {
    const { productKey, version, shares = rolloutTerms.shares } = order;
    const terms = termsOf(order);
    const fault = sharesFault(shares);
    if (fault !== undefined) throw new RangeError(`stages: ${fault}`);
    if (!this.#options.hasVersion(productKey, version)) {
      throw new RangeError(`no firmware ${version} of product ${productKey}`);
    }
    const other = this.#store.current(productKey);
    if (other !== undefined) {
      const { rolloutId, state } = other;
      throw new RangeError(
        `rollout ${rolloutId}, to ${other.version}, is ${state}: abort it, or wait until it is done`,
      );
    }
    const rollout: KeptRollout = {
      ...{ rolloutId: this.#store.nextId, productKey, version, ...terms },
      ...{ stages: shares.map(newStage), state: "running", stage: 1, until: now + terms.stageLimit },
      ...{ createdAt: now, updatedAt: now },
    };
    this.#store.take(rollout);
    this.#beginStage(rollout, now);
    const [{ devices, skipped }] = rollout.stages;
    if (devices > 0) return { ...rollout };
    this.#store.drop(rollout);
    const [first] = skipped;
    throw new RangeError(
      first === undefined
        ? `product ${productKey} has no device that has informed another version than ${version}`
        : `no device can be given ${version}; ${first.deviceKey}: ${first.reason}`,
    );
  }

  /** Halts one that goes on. @throws RangeError for one that is unknown or does not */
  pause(productKey: string, rolloutId: string, now: number): Rollout {
    const rollout = this.#store.known(productKey, rolloutId, ["running", "waiting"], "paused");
    rollout.state = "paused";
    delete rollout.nextAt;
    return this.#decided(rollout, "paused", now);
  }

  /**
   * Goes on with one that was paused, or stopped by its failures, which are let pass then.
   * @throws RangeError for one that is unknown or neither
   */
  resume(productKey: string, rolloutId: string, now: number): Rollout {
    const rollout = this.#store.known(productKey, rolloutId, ["paused", "stopped"], "resumed");
    if (rollout.state === "stopped") {
      rollout.stages = rollout.stages.map((stage) => ({ ...stage, passed: stage.counts.failed }));
      const stage = rollout.stages[rollout.stage - 1];
      if (openTasks(stage) === 0) this.#store.setStage(rollout, rollout.stage, { isExcused: true });
    }
    return this.#goOn(rollout, "resumed", now);
  }

  /** Ends one for good: tasks that have not begun are canceled. @throws RangeError for one that is unknown or over */
  abort(productKey: string, rolloutId: string, now: number): Rollout {
    const all = ["running", "waiting", "paused", "stopped"] as const;
    const rollout = this.#store.known(productKey, rolloutId, all, "aborted");
    rollout.state = "aborted";
    rollout.endedAt = now;
    delete rollout.nextAt;
    this.#upgrades.callOff(rolloutId, "the rollout was aborted", now);
    return this.#decided(rollout, "aborted", now);
  }

  /**
   * Tries again what has failed, and goes on with one that was stopped by that or was done.
   * @throws RangeError for one that is unknown or aborted, or where nothing can be tried again
   */
  retry(productKey: string, rolloutId: string, now: number): Rollout {
    const states = ["running", "waiting", "paused", "stopped", "done"] as const;
    const rollout = this.#store.known(productKey, rolloutId, states, "tried again");
    if (rollout.state === "done" && this.#store.current(productKey) !== undefined) {
      throw new RangeError(`rollout ${rolloutId}: another one goes on`);
    }
    const failed = this.#upgrades.list({ rolloutId, status: "failed" });
    const wasPaused = rollout.state === "paused";
    // Not judged before all of them are tried again.
    rollout.state = "paused";
    let reason = "no device of it has failed";
    let tried = 0;
    for (const { taskId } of failed) {
      try {
        this.#upgrades.retry(taskId, now);
        tried += 1;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        reason = error.message;
      }
    }
    if (tried === 0) throw new RangeError(`rollout ${rolloutId}: nothing to be tried again: ${reason}`);
    rollout.stages = rollout.stages.map((stage) => ({ ...stage, passed: stage.counts.failed }));
    return wasPaused ? this.#decided(rollout, "tried again", now) : this.#goOn(rollout, "tried again", now);
  }

  /** A task of a rollout has changed. */
  taskChanged(
    { rolloutId, productKey, stage: number }: UpgradeTask,
    before: TaskStatus | undefined,
    after: TaskStatus | undefined,
    now: number,
  ): void {
    const rollout = this.#store.find(productKey, rolloutId);
    if (rollout === undefined || number === undefined) return;
    const stage = rollout.stages[number - 1];
    const counts = { ...stage.counts };
    if (before !== undefined) counts[before] -= 1;
    if (after !== undefined) counts[after] += 1;
    const devices = stage.devices + (before === undefined ? 1 : 0) - (after === undefined ? 1 : 0);
    this.#store.setStage(rollout, number, { counts, devices });
    rollout.updatedAt = now;
    this.#store.keep(rollout);
    if (this.#beginning !== rolloutId) this.#move(rollout, now);
  }

  /** A device has told its version: it is taken where the last stage goes on, and takes all. */
  informed(device: CloudDevice, now: number): void {
    const rollout = this.#store.current(device.productKey);
    if (rollout === undefined || rollout.state !== "running") return;
    const { stages, stage, version, rolloutId } = rollout;
    if (stage < stages.length || stages[stage - 1].share < 1 || device.firmwareVersion === version) return;
    if (this.#upgrades.isIn(rolloutId, device)) return;
    this.#upgrades.give(device, { ...this.#termsFor(rollout), jobId: this.#upgrades.nextJobId }, now);
  }

  /** When the next of them has to be looked at, ms; Infinity when none has. */
  get deadline(): number {
    let deadline = Infinity;
    for (const { state, nextAt, until } of this.#store.all()) {
      if (state === "waiting") deadline = Math.min(deadline, nextAt!);
      // Being over may wait for nothing but time.
      if (state === "running") deadline = Math.min(deadline, until);
    }
    return deadline;
  }

  /** Moves on those whose time is there. */
  expire(now: number): void {
    for (const rollout of this.#store.all()) {
      if (rollout.state === "waiting" ? now >= rollout.nextAt! : now >= rollout.until)
        this.#move(rollout, now);
    }
  }

  /** Forgets a product's. */
  removeProduct(productKey: string): void {
    for (const rollout of [...this.#store.ofProduct(productKey)]) this.#store.drop(rollout);
  }

  /** Takes up one that was kept. @throws TypeError when its content is another's */
  restore(value: unknown): void {
    this.#store.restore(value);
  }

  /** Sees what becomes of it by how its tasks stand. */
  #move(rollout: KeptRollout, now: number): void {
    while (rollout.state === "running" || rollout.state === "waiting") {
      const verdict = judge(rollout, now);
      const stage = rollout.stages[rollout.stage - 1];
      switch (verdict.what) {
        case "goes on":
          // What was tried again by itself, while the next stage was waited for.
          rollout.state = "running";
          delete rollout.nextAt;
          this.#options.wake(verdict.until);
          return this.#store.keep(rollout);
        case "stop":
          rollout.state = "stopped";
          rollout.reason = verdict.reason;
          delete rollout.nextAt;
          rollout.updatedAt = now;
          this.#store.keep(rollout);
          this.#tell(rollout, { type: "rollout-stopped", stage: rollout.stage, reason: verdict.reason });
          return this.#upgrades.hold(rollout.rolloutId, true, now);
        case "done":
          this.#store.setStage(rollout, rollout.stage, { endedAt: stage.endedAt ?? now });
          rollout.state = "done";
          rollout.endedAt = now;
          rollout.updatedAt = now;
          this.#store.keep(rollout);
          return this.#tell(rollout, { type: "rollout-done", ...totalOf(rollout.stages) });
        case "next":
          this.#store.setStage(rollout, rollout.stage, { endedAt: stage.endedAt ?? now });
          if (now < verdict.at) {
            rollout.state = "waiting";
            rollout.nextAt = verdict.at;
            this.#options.wake(verdict.at);
            return this.#store.keep(rollout);
          }
          rollout.stage += 1;
          rollout.state = "running";
          rollout.until = now + rollout.stageLimit;
          delete rollout.nextAt;
          this.#beginStage(rollout, now);
      }
    }
  }

  /** Gives as many devices their tasks as the stage takes. */
  #beginStage(rollout: KeptRollout, now: number): void {
    const { rolloutId, productKey, version, stage: number, stages } = rollout;
    const others: CloudDevice[] = [];
    for (const device of this.#options.devicesOf(productKey)) {
      const isOther = device.firmwareVersion !== undefined && device.firmwareVersion !== version;
      if (isOther && !this.#upgrades.isIn(rolloutId, device)) others.push(device);
    }
    const members = stages.reduce((sum, { devices }) => sum + devices, 0);
    let left = stageSize(stages[number - 1].share, members, others.length);
    const terms = { ...this.#termsFor(rollout), jobId: this.#upgrades.nextJobId };
    const skipped = new Map<string, SkippedDevices>();
    this.#beginning = rolloutId;
    for (const device of inOrder(rolloutId, others)) {
      if (left === 0) break;
      const made = this.#upgrades.give(device, terms, now);
      if (typeof made !== "string") left -= 1;
      else {
        const { deviceKey } = device;
        const { count = 0, deviceKey: first = deviceKey } = skipped.get(made) ?? {};
        if (count > 0 || skipped.size < mostReasons) {
          skipped.set(made, { reason: made, count: count + 1, deviceKey: first });
        }
      }
    }
    this.#beginning = undefined;
    this.#store.setStage(rollout, number, { begunAt: now, skipped: [...skipped.values()] });
    rollout.updatedAt = now;
    this.#options.wake(rollout.until);
    this.#store.keep(rollout);
    const { devices } = rollout.stages[number - 1];
    if (devices > 0 || number > 1) {
      this.#tell(rollout, { type: "rollout-stage", stage: number, stages: stages.length, devices });
    }
  }

  #termsFor({ rolloutId, version, policy, timeout, stage }: Rollout): Omit<TaskTerms, "jobId"> {
    return { toVersion: version, policy, timeout, rolloutId, stage };
  }

  #goOn(rollout: KeptRollout, what: "resumed" | "tried again", now: number): Rollout {
    rollout.state = "running";
    rollout.until = now + rollout.stageLimit;
    delete rollout.reason;
    delete rollout.endedAt;
    this.#decided(rollout, what, now);
    this.#move(rollout, now);
    return { ...rollout };
  }

  /** An operator has decided something: told, kept, and devices that were not told are held or let go. */
  #decided(
    rollout: KeptRollout,
    what: "paused" | "resumed" | "aborted" | "tried again",
    now: number,
  ): Rollout {
    rollout.updatedAt = now;
    this.#store.keep(rollout);
    this.#tell(rollout, { type: "rollout-changed", what });
    if (rollout.state !== "aborted") {
      this.#upgrades.hold(rollout.rolloutId, rollout.state === "paused", now);
    }
    return { ...rollout };
  }

  #tell({ productKey, rolloutId, version }: Rollout, event: RolloutTold): void {
    this.#options.emit?.({ productKey, rolloutId, version, ...event });
  }
}

type RolloutEvent = Extract<CloudEventBody, { type: `rollout-${string}` }>;
/** What an event says besides which rollout it is about. */
type RolloutTold = RolloutEvent extends infer Event
  ? Event extends RolloutEvent
    ? Omit<Event, "productKey" | "rolloutId" | "version">
    : never
  : never;

function totalOf(stages: readonly RolloutStage[]): { succeeded: number; failed: number; devices: number } {
  const total = { succeeded: 0, failed: 0, devices: 0 };
  for (const { counts, devices } of stages) {
    total.succeeded += counts.succeeded;
    total.failed += counts.failed;
    total.devices += devices;
  }
  return total;
}
