/** The stretches of a run in which the modem looked for a network and had none. */
import type { ModemEvent } from "../../sim/modem/modem-event";

/** A part of the run, virtual ms. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A search that is shorter is what every start takes, ms. */
const shortest = 300_000;

/** Hears the modem's registrations. */
export class OutageWatch {
  readonly #stretches: Stretch[] = [];
  /** When the modem was last without a network though it wanted one. */
  #since: number | undefined;

  hear(event: ModemEvent): void {
    if (event.type !== "attach") return;
    const registered = event.stat === 1 || event.stat === 5;
    if (registered) this.#end(event.time);
    // Off is not an outage by itself; the retries of a long one lie between searches.
    else if (event.stat !== 0) this.#since ??= event.time;
  }

  /** All of them; one that lasts is counted up to the end of the run, virtual ms. */
  finish(end: number): readonly Stretch[] {
    this.#end(end);
    return this.#stretches;
  }

  #end(time: number): void {
    const from = this.#since;
    this.#since = undefined;
    if (from !== undefined && time - from >= shortest) this.#stretches.push({ from, to: time });
  }
}
