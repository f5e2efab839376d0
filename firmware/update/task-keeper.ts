/**
 * The task as it is in flash. Partition and slots are opened when somebody asks for the first time: a board that wakes 96 times
 * a day and has no update does not touch them.
 */
import { StateLog } from "./state-log";
import { decodeTask, encodeTask } from "./task";
import type { Task } from "./task";
import type { UpdateHost } from "./update-host";

/** The record's kind in the state log. */
const taskRecord = 1;

/** Keeps one task. Nothing of it throws. */
export class TaskKeeper {
  readonly #host: Pick<UpdateHost, "board">;
  readonly #hint: Uint8Array | undefined;
  readonly #empty: boolean;
  #log: StateLog | string | undefined;
  #task: Task | undefined;

  /**
   * @param hint what `StateLog.hint` gave before the board fell asleep
   * @param empty there was no task then, so that nobody need look
   */
  constructor(host: Pick<UpdateHost, "board">, hint: Uint8Array | undefined, empty: boolean) {
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
    if (!this.#empty) void this.log;
    return this.#task;
  }

  /** Keeps the task, or that there is none; false when the flash fails, and then RAM alone knows. */
  keep(task: Task | undefined): boolean {
    const { log } = this;
    this.#task = task;
    return (
      typeof log !== "string" &&
      log.write(taskRecord, task === undefined ? new Uint8Array(0) : encodeTask(task))
    );
  }

  /** Changes some of it. */
  change(changes: Partial<Task>): boolean {
    const { task } = this;
    return task !== undefined && this.keep({ ...task, ...changes });
  }
}
