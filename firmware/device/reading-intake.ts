/**
 * The way of a reading from the application into the upload queue.
 */
import { pointFault, refuse } from "../model/check";
import { compactFault } from "../model/compact";
import { reasonOf } from "../text/reason";
import type { PersistentState } from "../continuity/persistent-state";
import type { ReadingFormat } from "../delivery/entry";
import type { Uploader } from "../delivery/uploader";
import type { Thing, ThingFault, ThingValues } from "../model/thing";
import type { Log } from "./log";
import type { Format } from "./settings";

export interface ReadingIntakeOptions {
  readonly thing: Thing;
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

/** Most points of which it is known that they fail; of others each failure is told as the first. */
const mostFailing = 32;

/** A measure point that has had no value of the model's so many times in a row. */
interface Failing {
  readonly point: string;
  count: number;
  /** At which count the log is told next: 1, 10, 100 and so on. */
  toldAt: number;
}

/** Gives readings their id, time and format, and puts them into the upload queue. */
export class ReadingIntake {
  readonly #options: ReadingIntakeOptions;
  #taken: number;
  #failing: Failing[] = [];

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
    const given = this.soundPoints(values, format);
    const entry = { kind: "reading", id, takenAt: now, time, values: given, format } as const;
    const taken = uploader.append(entry);
    if (taken === false) return;
    const kind = taken === "kept" ? "report taken" : "report held";
    log({ kind, id, format, values: logValues ? given : undefined });
  }

  /**
   * A copy, as the application may use one object for all its readings, without what the model does not take: one
   * sensor that fails costs no other's values. Where nothing is left it is all of them, for the queue to refuse.
   */
  private soundPoints(values: ThingValues, format: ReadingFormat): ThingValues {
    const sound: Record<string, unknown> = {};
    const failing: string[] = [];
    const faults: string[] = [];
    const { thing, log } = this.#options;
    const { points } = thing;
    const names = Object.keys(values);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      try {
        const value: unknown = values[name];
        if (value === undefined) continue;
        const point = points.find(({ identifier }) => identifier === name);
        let fault: ThingFault | undefined;
        if (point === undefined) fault = refuse("unknown", name, "is no measure point of the model");
        else fault = format === "compact" ? compactFault(point, value) : pointFault(point, value);
        if (fault === undefined) {
          sound[name] = value;
          continue;
        }
        // It may lie in a part of the value, `position.lat`.
        faults.push(`${fault.fault} ${fault.id} ${fault.detail}`);
      } catch (error) {
        // A getter of the application's object has thrown.
        faults.push(`fault ${reasonOf(error)}`);
      }
      failing.push(name);
    }
    if (faults.length > 0 && Object.keys(sound).length === 0) return values;
    for (let i = this.#failing.length - 1; i >= 0; i--) {
      const { point, count } = this.#failing[i];
      if (sound[point] === undefined) continue;
      this.#failing.splice(i, 1);
      log({ kind: "point back", point, count });
    }
    for (let i = 0; i < faults.length; i++) this.noteFault(failing[i], faults[i]);
    return sound as ThingValues;
  }

  /** Tells the first failure in a row, and then the tenth, the hundredth and so on. */
  private noteFault(point: string, reason: string): void {
    let failing = this.#failing.find((each) => each.point === point);
    if (failing === undefined) {
      failing = { point, count: 0, toldAt: 1 };
      if (this.#failing.length < mostFailing) this.#failing.push(failing);
    }
    const count = ++failing.count;
    if (count < failing.toldAt) return;
    failing.toldAt *= 10;
    this.#options.log({ kind: "point left out", point, count, reason });
  }

  private nextFormat(): ReadingFormat {
    const { format } = this.#options;
    return format === "alternate" ? turns[this.#taken % turns.length] : format;
  }
}
