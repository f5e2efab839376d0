/**
 * What an operator has to hear of unasked: a line of the log that is of one of these kinds becomes the event
 * `trouble` of the thing model as well, at most once a day for each kind.
 *
 *     log -> heard -> waits, counted -> the agent's next turn -> journal -> the next contact
 *
 * A product whose model has no such event works without.
 */
import { logLine } from "./log";
import type { LogEvent } from "./log";

/** The event's identifier in the thing model. */
export const troubleEvent = "trouble";

/** Kinds of lines that are told: add yours here. */
const told: readonly LogEvent["kind"][] = Object.freeze([
  "memory failed",
  "journal failed",
  "radio off",
  "radio guarded",
  "agent panicked",
] as const);

/** The same is told again after this time, ms. */
const again = 86_400_000;
/** Longest text, characters: the model has room for it in UTF-8, 4 bytes each. */
const longest = 128;

/** The outputs of the event. */
export interface Trouble {
  /** The kind of the line, as in the log's table of events. */
  readonly what: string;
  /** The line. */
  readonly line: string;
  /** How many lines of this kind there were since it was told last. */
  readonly count: number;
}

interface Heard {
  readonly what: string;
  line: string;
  count: number;
  /** When it may be told, ms. */
  due: number;
}

/** Collects what is to be told. All times are monotonic, ms. */
export class Troubles {
  #heard: Heard[] = [];
  #waiting = 0;

  /** Takes in a line of the log, whatever its kind. */
  hear(event: LogEvent): void {
    const { kind } = event;
    if (!told.includes(kind)) return;
    this.#waiting += 1;
    const line = logLine(event).slice(0, longest);
    for (let i = 0; i < this.#heard.length; i++) {
      const heard = this.#heard[i];
      if (heard.what !== kind) continue;
      heard.line = line;
      heard.count += 1;
      return;
    }
    this.#heard.push({ what: kind, line, count: 1, due: -Infinity });
  }

  /** Whether one of them may be told now. */
  isDue(now: number): boolean {
    for (let i = 0; this.#waiting > 0 && i < this.#heard.length; i++) {
      if (this.#heard[i].count > 0 && this.#heard[i].due <= now) return true;
    }
    return false;
  }

  /** Those that may be told now; they count as told. */
  take(now: number): Trouble[] {
    const taken: Trouble[] = [];
    for (let i = 0; i < this.#heard.length; i++) {
      const heard = this.#heard[i];
      if (heard.count === 0 || heard.due > now) continue;
      const { what, line, count } = heard;
      taken.push({ what, line, count });
      this.#waiting -= count;
      heard.count = 0;
      heard.due = now + again;
    }
    return taken;
  }
}
