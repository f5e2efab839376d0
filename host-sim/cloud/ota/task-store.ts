/** The upgrade tasks of all devices: the last few of each, by device, by number and in the storage. */
import type { CloudStorage } from "../registry/storage";
import { isOver } from "./upgrade-task";
import type { TaskStatus, UpgradeTask } from "./upgrade-task";

/** Tasks that are kept of a device; those that are over make room. */
const tasksPerDevice = 16;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A task with what is nobody else's business. */
export interface TaskEntry {
  /** Counts up in the order of their making; the task's id is made of it. */
  readonly number: number;
  readonly task: Mutable<UpgradeTask>;
  /** The last command that was to tell the device of it. */
  commandId?: string;
  /** That command has not come to its end yet. */
  commandWaits?: true;
  /** When an upgrade was last queued, ms. */
  pushedAt?: number;
  /** The device has replied to it, so that it is not sent again. */
  accepted?: true;
  /** Its rollout has been halted: who was not told of it is not. */
  held?: true;
}

/** Which tasks are meant: all that agree in each member that is given. */
export interface TaskQuery {
  readonly productKey?: string;
  readonly deviceKey?: string;
  readonly jobId?: string;
  readonly rolloutId?: string;
  readonly stage?: number;
  readonly status?: TaskStatus;
}

/** Storage's kind of a task. */
export const taskKind = "ota-task";

export class TaskStore {
  readonly #storage: CloudStorage | undefined;
  /** Of each device, by productKey/deviceKey, oldest first. */
  readonly #devices = new Map<string, TaskEntry[]>();
  readonly #rollouts = new Map<string, Set<TaskEntry>>();
  readonly #byId = new Map<string, TaskEntry>();
  #nextNumber = 1;
  #nextJob = 1;

  constructor(storage: CloudStorage | undefined) {
    this.#storage = storage;
  }

  /** The id of the next job, until a task of it is added. */
  get nextJobId(): string {
    return String(this.#nextJob);
  }

  /** All that are kept, those of one device in the order of their making. */
  *all(): Iterable<TaskEntry> {
    for (const entries of this.#devices.values()) yield* entries;
  }

  /** Copies of those that are meant, the newest first. */
  list(query: TaskQuery): UpgradeTask[] {
    const wanted = Object.entries(query).filter(([, value]) => value !== undefined);
    const found: TaskEntry[] = [];
    const all = query.rolloutId === undefined ? this.all() : this.ofRollout(query.rolloutId);
    for (const entry of all) {
      const isMeant = wanted.every(([member, value]) => entry.task[member as keyof TaskQuery] === value);
      if (isMeant) found.push(entry);
    }
    return found.sort((one, other) => other.number - one.number).map(({ task }) => ({ ...task }));
  }

  /** Those that a rollout has made, in the order of their making. */
  ofRollout(rolloutId: string): TaskEntry[] {
    return [...(this.#rollouts.get(rolloutId) ?? [])];
  }

  /** Those of a device, oldest first. */
  ofDevice(filedUnder: string): readonly TaskEntry[] {
    return this.#devices.get(filedUnder) ?? [];
  }

  find(taskId: string): TaskEntry | undefined {
    return this.#byId.get(taskId);
  }

  /** The task of a device that is not over. There is one at most. */
  current(filedUnder: string): TaskEntry | undefined {
    return this.#devices.get(filedUnder)?.find(({ task }) => !isOver(task.status));
  }

  /** A new task, which is kept once it is added. */
  make(task: Omit<UpgradeTask, "taskId">): TaskEntry {
    const number = this.#nextNumber;
    return { number, task: { taskId: String(number), ...task } };
  }

  /** Keeps a new task; the oldest of its device makes room. */
  add(entry: TaskEntry): void {
    const filedUnder = nameOf(entry);
    const entries = this.#take(filedUnder, entry);
    if (entries.length > tasksPerDevice) this.#delete(filedUnder, entries.shift()!);
    this.keep(entry);
  }

  /** Stores what has changed about a task. */
  keep(entry: TaskEntry): void {
    const { number, ...kept } = entry;
    // A copy: the storage may write later than the task changes.
    this.#storage?.put(keyOf(nameOf(entry), number), { ...kept, task: { ...kept.task } });
  }

  /** Takes up a task that was kept. @throws TypeError when its content is another's */
  restore(number: number, value: unknown): void {
    const kept = value as Omit<TaskEntry, "number">;
    const entry: TaskEntry = { ...kept, number, task: { ...kept.task } };
    this.#take(nameOf(entry), entry);
  }

  /** Forgets a device's tasks. */
  removeDevice(filedUnder: string): void {
    for (const entry of this.#devices.get(filedUnder) ?? []) this.#delete(filedUnder, entry);
    this.#devices.delete(filedUnder);
  }

  #take(filedUnder: string, entry: TaskEntry): TaskEntry[] {
    let entries = this.#devices.get(filedUnder);
    if (entries === undefined) this.#devices.set(filedUnder, (entries = []));
    entries.push(entry);
    const { rolloutId, taskId } = entry.task;
    this.#byId.set(taskId, entry);
    if (rolloutId !== undefined) {
      let ofRollout = this.#rollouts.get(rolloutId);
      if (ofRollout === undefined) this.#rollouts.set(rolloutId, (ofRollout = new Set()));
      ofRollout.add(entry);
    }
    this.#nextNumber = Math.max(this.#nextNumber, entry.number + 1);
    this.#nextJob = Math.max(this.#nextJob, Number(entry.task.jobId) + 1);
    return entries;
  }

  #delete(filedUnder: string, entry: TaskEntry): void {
    const { rolloutId, taskId } = entry.task;
    this.#byId.delete(taskId);
    if (rolloutId !== undefined) {
      const ofRollout = this.#rollouts.get(rolloutId);
      ofRollout?.delete(entry);
      if (ofRollout?.size === 0) this.#rollouts.delete(rolloutId);
    }
    this.#storage?.delete(keyOf(filedUnder, entry.number));
  }
}

function keyOf(filedUnder: string, number: number): string {
  return `${taskKind}/${filedUnder}/${String(number).padStart(12, "0")}`;
}

function nameOf({ task: { productKey, deviceKey } }: TaskEntry): string {
  return `${productKey}/${deviceKey}`;
}
