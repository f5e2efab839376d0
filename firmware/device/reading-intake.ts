/**
 * The way of a reading from the application into the upload queue.
 */
import { pointFault, refuse } from "../model/check";
import { compactFault } from "../model/compact";
import { reasonOf } from "../text/reason";
import type { PersistentState } from "../continuity/persistent-state";
import type { ReadingFormat } from "../delivery/entry";
import type { Uploader } from "../delivery/uploader";
import type { MeasurePoint, Thing, ThingFault, ThingValues } from "../model/thing";
import type { FailureCount } from "./failure-count";
import type { Log } from "./log";
import type { Format } from "./settings";

export interface ReadingIntakeOptions {
  readonly thing: Thing;
  readonly format: Format;
  /** Gives each reading its id. */
  readonly memory: PersistentState;
  readonly uploader: Uploader;
  /** Counts which points fail. */
  readonly failures: FailureCount;
  /** The values of each reading go into the log. */
  readonly logValues: boolean;
  readonly log: Log;
}

/** Formats that take turns in `alternate`. */
const turns: readonly ReadingFormat[] = Object.freeze(["raw", "compact", "json"] as const);

function ignore(): void {}

function pointNamed({ points }: Thing, name: string): MeasurePoint | undefined {
  for (let i = 0; i < points.length; i++) if (points[i].identifier === name) return points[i];
  return undefined;
}

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

  /**
   * Takes a reading in: when this returns it is in the journal, or the log says that it is not. `now` is monotonic, ms.
   *
   * @param as how it goes, where that is not for the settings to say
   * @returns false for one of which nothing is left
   */
  keep(values: ThingValues, now: number, as?: ReadingFormat): boolean {
    const { memory, uploader, log, logValues } = this.#options;
    const id = memory.takeId();
    const format = as ?? this.nextFormat();
    this.#taken += 1;
    const time = uploader.timeOf(now);
    const sound = this.soundPoints(values, format);
    // Where nothing is left it is all of them, for the queue to refuse.
    const given = sound ?? values;
    const entry = { kind: "reading", id, takenAt: now, time, values: given, format } as const;
    const taken = uploader.append(entry);
    if (taken === false) return false;
    const kind = taken === "kept" ? "report taken" : "report held";
    log({ kind, id, format, values: logValues ? given : undefined });
    return sound !== undefined;
  }

  /**
   * A copy, as the application may use one object for all its readings, without what the model does not take: one
   * sensor that fails costs no other's values. Undefined where they all have failed.
   */
  private soundPoints(values: ThingValues, format: ReadingFormat): ThingValues | undefined {
    const sound: Record<string, unknown> = {};
    const { thing, failures, log } = this.#options;
    let left = 0;
    let failed = 0;
    const names = Object.keys(values);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      const point = pointNamed(thing, name);
      const key = point?.number ?? name;
      let reason: string;
      try {
        const value: unknown = values[name];
        if (value === undefined) continue;
        let fault: ThingFault | undefined;
        if (point === undefined) fault = refuse("unknown", name, "is no measure point of the model");
        else fault = format === "compact" ? compactFault(point, value) : pointFault(point, value);
        if (fault === undefined) {
          sound[name] = value;
          left += 1;
          const count = failures.mended(key);
          if (count > 0) log({ kind: "point back", point: name, count });
          continue;
        }
        // One that nobody has waited for: if it were rejected and nobody heard of it, XS would end the firmware.
        if (value instanceof Promise) value.catch(ignore);
        // It may lie in a part of the value, `position.lat`.
        reason = `${fault.fault} ${fault.id} ${fault.detail}`;
      } catch (error) {
        // A getter of the application's object has thrown.
        reason = `fault ${reasonOf(error)}`;
      }
      failed += 1;
      const count = failures.failed(key);
      if (count > 0) log({ kind: "point left out", point: name, count, reason });
    }
    return failed > 0 && left === 0 ? undefined : (sound as ThingValues);
  }

  private nextFormat(): ReadingFormat {
    const { format } = this.#options;
    return format === "alternate" ? turns[this.#taken % turns.length] : format;
  }
}
