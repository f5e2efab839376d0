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

/** Kinds of lines that are told: add yours at the end, 16 at most. */
const kinds: readonly LogEvent["kind"][] = Object.freeze([
  "memory failed",
  "journal failed",
  "radio off",
  "radio guarded",
  "agent panicked",
  "start recovered",
  "start safe",
  "modem restarts",
  "modem supply",
  "modem powered off",
  "report missed",
  "point left out",
  "command refused",
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

/** Which kinds were told, by their bits in the order of `kinds`, since when, ms on the device's monotonic clock. */
interface Told {
  readonly mask: number;
  readonly since: number;
}

/** Outlives deep sleep, so that a device that wakes 96 times a day does not tell the same 96 times. */
export interface ToldMemory {
  told: Told;
}

/** A kind that waits to be told. */
interface Heard {
  readonly bit: number;
  line: string;
  count: number;
}

/** Collects what is to be told. All times are monotonic, ms. */
export class Troubles {
  readonly #memory: ToldMemory;
  #heard: Heard[] = [];

  constructor(memory: ToldMemory = { told: { mask: 0, since: 0 } }) {
    this.#memory = memory;
  }

  /** Takes in a line of the log, whatever its kind. */
  hear(event: LogEvent): void {
    const bit = kinds.indexOf(event.kind);
    if (bit < 0) return;
    const line = logLine(event).slice(0, longest);
    for (let i = 0; i < this.#heard.length; i++) {
      const heard = this.#heard[i];
      if (heard.bit !== bit) continue;
      heard.line = line;
      heard.count += 1;
      return;
    }
    this.#heard.push({ bit, line, count: 1 });
  }

  /** Whether one of them may be told now. */
  isDue(now: number): boolean {
    if (this.#heard.length === 0) return false;
    const mask = this.mask(now);
    for (let i = 0; i < this.#heard.length; i++) if ((mask & (1 << this.#heard[i].bit)) === 0) return true;
    return false;
  }

  /** Those that may be told now; they count as told. */
  take(now: number): Trouble[] {
    let mask = this.mask(now);
    const since = mask === 0 ? now : this.#memory.told.since;
    const taken: Trouble[] = [];
    const left: Heard[] = [];
    for (let i = 0; i < this.#heard.length; i++) {
      const { bit, line, count } = this.#heard[i];
      // Each kind is there once.
      if ((mask & (1 << bit)) !== 0) left.push(this.#heard[i]);
      else taken.push({ what: kinds[bit], line, count });
      mask |= 1 << bit;
    }
    this.#heard = left;
    this.#memory.told = { mask, since };
    return taken;
  }

  /** What was told within the last day. */
  private mask(now: number): number {
    const { mask, since } = this.#memory.told;
    return now - since < again ? mask : 0;
  }
}
