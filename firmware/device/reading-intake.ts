/**
 * The way of a reading from the application into the upload queue.
 */
import type { PersistentState } from "../continuity/persistent-state";
import type { ReadingFormat } from "../delivery/entry";
import type { Uploader } from "../delivery/uploader";
import type { ThingValues } from "../model/thing";
import type { Log } from "./log";
import type { Format } from "./settings";

export interface ReadingIntakeOptions {
  readonly format: Format;
  /** Gives each reading its id. */
  readonly memory: PersistentState;
  readonly uploader: Uploader;
  /** The values of each reading go into the log. */
  readonly logValues: boolean;
  readonly log: Log;
}

/** Formats that take turns in `alternate`. */
const turns: readonly ReadingFormat[] = Object.freeze(["raw", "compact", "json"] as const);

/** Gives readings their id, time and format, and puts them into the upload queue. */
export class ReadingIntake {
  readonly #options: ReadingIntakeOptions;
  #taken: number;

  /** @param taken readings taken before deep sleep */
  constructor(options: ReadingIntakeOptions, taken: number) {
    this.#options = options;
    this.#taken = taken;
  }

  /** How many were taken, those before deep sleep included. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes a reading in: when this returns it is in the journal, or the log says that it is not. `now` is monotonic, ms. */
  keep(values: ThingValues, now: number): void {
    const { memory, uploader, log, logValues } = this.#options;
    const id = memory.takeId();
    const format = this.nextFormat();
    this.#taken += 1;
    const time = uploader.timeOf(now);
    const entry = { kind: "reading", id, takenAt: now, time, values: copyOf(values), format } as const;
    const taken = uploader.append(entry);
    if (taken === false) return;
    const kind = taken === "kept" ? "report taken" : "report held";
    log({ kind, id, format, values: logValues ? values : undefined });
  }

  private nextFormat(): ReadingFormat {
    const { format } = this.#options;
    return format === "alternate" ? turns[this.#taken % turns.length] : format;
  }
}

/** As they are now: the application may use one object for all its readings. */
function copyOf(values: ThingValues): ThingValues {
  try {
    return { ...values };
  } catch {
    // Reading a property of the application's object may throw; that shows when the reading is encoded.
    return values;
  }
}
