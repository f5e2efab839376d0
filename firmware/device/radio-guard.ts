/**
 * Keeps the books on the radio, and switches it off for the rest of the day when its budget is spent.
 */
import { RadioBudget } from "../continuity/radio-budget";
import type { Link } from "./agent-options";
import type { DeviceMemory } from "../continuity/persistent-state";

/** The budget is written down when it has grown by this share, and so many seconds: a restart forgives them. */
const savedShare = 1.1;
const savedSeconds = 60;

/** See the head of this file. All times are monotonic, ms. */
export class RadioGuard {
  readonly #link: Link;
  readonly #memory: DeviceMemory;
  readonly #log: (room: string, text: string) => void;
  readonly #budget: RadioBudget;
  #saved: number;
  #suspended = false;

  /** @param seconds a day for which the radio may be on in vain, 0 for no bound */
  constructor(seconds: number, link: Link, memory: DeviceMemory, log: (room: string, text: string) => void) {
    this.#link = link;
    this.#memory = memory;
    this.#log = log;
    this.#saved = memory.budget.spent;
    // Half of it comes with every start: a board that loses its power every night has no whole day.
    this.#budget = new RadioBudget(seconds, Math.min(this.#saved, seconds / 2));
  }

  /** The radio is off until the day is over. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** When it wants to be looked at next, ms. */
  deadline(now: number): number {
    return this.#suspended || this.#link.active === true ? this.#budget.deadline(now) : Infinity;
  }

  /**
   * Looks at the radio; to be called at every turn.
   *
   * @param trying a request is out, or the network is being looked for. A modem that is only awake,
   *   because the board has no wire that could wake it, is so in good times too.
   */
  note(trying: boolean, now: number): void {
    const { active } = this.#link;
    if (active === undefined) return;
    this.#budget.note(active && trying, now);
    const seconds = this.#budget.spent(now);
    if (seconds > savedShare * this.#saved + savedSeconds || (seconds === 0 && this.#saved > 0)) {
      this.#saved = seconds;
      this.#memory.keepBudget(seconds);
    }
    const spent = this.#budget.isSpent(now);
    if (spent === this.#suspended) return;
    this.#suspended = spent;
    if (!spent) return this.#log("radio", "budget of a new day");
    const wait = Math.round((this.#budget.deadline(now) - now) / 1000);
    this.#log("radio", `off reason="budget spent" spent=${seconds}s resumes=${wait}s`);
    this.#link.suspend?.(now);
  }

  /** An exchange has ended, with an answer or without. */
  heard(answered: boolean, now: number): void {
    if (answered) this.#budget.answered();
    else this.#budget.failed(now);
  }
}
