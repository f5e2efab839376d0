/**
 * How long the modem was awake and the radio connected, in each day of the device's life.
 */
import type { ModemEvent } from "../../../sim/modem/modem-event";

const day = 86_400_000;

/** Time of a day that was spent in a state, ms. */
export interface RadioDay {
  /** On, and not in PSM. */
  awake: number;
  /** A radio connection was open. */
  connected: number;
}

export class RadioBook {
  readonly days: RadioDay[] = [];
  #awakeSince: number | undefined;
  #connectedSince: number | undefined;

  hear(event: ModemEvent): void {
    const { time } = event;
    if (event.type === "power") this.#awake(event.state !== "off", time);
    if (event.type === "power" && event.state !== "on") this.#connected(false, time);
    if (event.type === "psm") this.#awake(event.state === "exit", time);
    if (event.type === "rrc") this.#connected(event.state === "connected", time);
  }

  /** The trial is over. */
  end(time: number): void {
    this.#awake(false, time);
    this.#connected(false, time);
  }

  #awake(is: boolean, time: number): void {
    if (this.#awakeSince !== undefined) this.#spend("awake", this.#awakeSince, time);
    this.#awakeSince = is ? time : undefined;
  }

  #connected(is: boolean, time: number): void {
    if (this.#connectedSince !== undefined) this.#spend("connected", this.#connectedSince, time);
    this.#connectedSince = is ? time : undefined;
  }

  #spend(what: keyof RadioDay, from: number, to: number): void {
    while (from < to) {
      const index = Math.floor(from / day);
      const until = Math.min(to, (index + 1) * day);
      while (this.days.length <= index) this.days.push({ awake: 0, connected: 0 });
      this.days[index][what] += until - from;
      from = until;
    }
  }
}
