/**
 * When the last command was sealed that this device has taken, so that none from before is taken: in storage, so that a
 * command that was caught is of no use after a loss of power either, and in retained memory, so that with storage that
 * fails it is of no use after sleep and panics all the same.
 *
 *     time f64, epoch ms                little-endian
 */
import { retainedParts } from "../continuity/retained-memory";
import { TwoSlotState } from "../continuity/two-slot-state";
import { reasonOf } from "../text/reason";
import type { ContinuityEvent } from "../continuity/continuity-event";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { ByteStore } from "../continuity/two-slot-state";

/** Version of the layout above: another one is not read. */
const form = 1;

export interface CommandTimeOptions {
  readonly retained: RetainedMemory | undefined;
  readonly store: ByteStore | undefined;
  readonly log: (event: ContinuityEvent) => void;
}

/** Remembers the time of the last command. */
export class CommandTime {
  readonly #options: CommandTimeOptions;
  /** Undefined without storage, or where it could not be read: then this boot leaves it as it is. */
  #slots: TwoSlotState | undefined;
  /** Undefined until it is looked for, as most starts bring no command. */
  #time: number | undefined;
  #failed = false;

  constructor(options: CommandTimeOptions) {
    this.#options = options;
    const { store } = options;
    if (store !== undefined) this.#slots = new TwoSlotState(store, form, ["sa", "sb"]);
  }

  /** Epoch ms; -1 while there was no command. */
  get last(): number {
    let time = this.#time;
    if (time === undefined) {
      time = timeOf(this.#options.retained?.read(retainedParts.commandTime));
      try {
        time = Math.max(time, timeOf(this.#slots?.load()));
      } catch (error) {
        // What cannot be read may be readable at a later start, so it is not written over.
        this.#slots = undefined;
        this.tell(error);
      }
      this.#time = time;
    }
    return time;
  }

  /** Keeps the time of a command that is about to be executed; one that is not later changes nothing. */
  keep(time: number): void {
    if (time <= this.last) return;
    this.#time = time;
    const body = new Uint8Array(Float64Array.of(time).buffer);
    this.#options.retained?.write(retainedParts.commandTime, body);
    try {
      this.#slots?.save(body);
      this.#failed = false;
    } catch (error) {
      this.tell(error);
    }
  }

  /** Tells once in a row that storage has failed. */
  private tell(error: unknown): void {
    if (!this.#failed) this.#options.log({ kind: "memory failed", reason: reasonOf(error) });
    this.#failed = true;
  }
}

/** -1 for what is no time. */
function timeOf(body: Uint8Array | undefined): number {
  return body?.length === 8 ? new Float64Array(body.slice().buffer)[0] : -1;
}
