/**
 * The task as it is in flash. Partition and slots are opened when somebody asks for the first time: a board that wakes 96 times
 * a day and has no update does not touch them.
 */
import { ascii } from "../text/ascii";
import { startsWith } from "./slice-digest";
import { StateLog } from "./state-log";
import { decodeTask, encodeTask } from "./task";
import type { UpdateBoard } from "../device/optional-parts";
import type { Task } from "./task";

/** The record's kind in the state log. */
const taskRecord = 1;
/** The kind of the record that has the version which was rolled back last. */
const rolledBackRecord = 2;

/** Opens slots and partition when it is asked for them first. */
interface BoardOwner {
  readonly board: UpdateBoard | string;
}

/** Keeps one task. Nothing of it throws. */
export class TaskKeeper {
  readonly #host: BoardOwner;
  readonly #hint: Uint8Array | undefined;
  /** There is no task, so that nobody need look. */
  #empty: boolean;
  #log: StateLog | string | undefined;
  #task: Task | undefined;

  /**
   * @param hint what `StateLog.hint` gave before the board fell asleep
   * @param empty there was no task then, so that nobody need look
   */
  constructor(host: BoardOwner, hint: Uint8Array | undefined, empty: boolean) {
    this.#host = host;
    this.#hint = hint;
    this.#empty = empty;
  }

  /** The state log, or why there is none. */
  get log(): StateLog | string {
    if (this.#log === undefined) {
      const { board } = this.#host;
      this.#log = typeof board === "string" ? board : StateLog.open(board.staging, this.#hint);
      const bytes = typeof this.#log === "string" ? undefined : this.#log.read(taskRecord);
      if (bytes !== undefined) this.#task = decodeTask(bytes);
    }
    return this.#log;
  }

  /** What `StateLog.hint` gives, if the log was opened. */
  get hint(): Uint8Array | undefined {
    return this.#log === undefined || typeof this.#log === "string" ? undefined : this.#log.hint();
  }

  /** The task; undefined when there is none. */
  get task(): Task | undefined {
    if (!this.#empty && this.#task === undefined) {
      void this.log;
      if (this.#task === undefined) this.letGo();
    }
    return this.#task;
  }

  /**
   * Keeps the task, or that there is none, with which nobody may use the log any more; false when the flash fails, and then
   * RAM alone knows.
   */
  keep(task: Task | undefined): boolean {
    const { log } = this;
    this.#task = task;
    const body = task === undefined ? new Uint8Array(0) : encodeTask(task);
    const kept = typeof log !== "string" && log.write(taskRecord, body);
    if (task === undefined) this.letGo();
    return kept;
  }

  /** Whether it is this version that was rolled back last. */
  wasRolledBack(version: string): boolean {
    const { log } = this;
    const bytes = typeof log === "string" ? undefined : log.read(rolledBackRecord);
    if (this.#task === undefined) this.letGo();
    return bytes?.length === version.length && startsWith(bytes, ascii(version));
  }

  /** This version was rolled back. */
  noteRolledBack(version: string): void {
    const { log } = this;
    if (typeof log !== "string") log.write(rolledBackRecord, ascii(version));
  }

  /** For months there is no task: the log need not be in RAM meanwhile. */
  private letGo(): void {
    this.#log = undefined;
    this.#empty = true;
  }

  /** Changes some of it. */
  change(changes: Partial<Task>): boolean {
    const { task } = this;
    return task !== undefined && this.keep({ ...task, ...changes });
  }
}
