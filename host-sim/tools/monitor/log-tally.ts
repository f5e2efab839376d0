/** Keeps count of what a board's log tells, and of what could not be read in it. */
import type { HeardLine } from "./board-log";

/** A line of trouble, and how often it came. */
export interface Trouble {
  readonly text: string;
  count: number;
  /** ms of the last one. */
  last: number;
}

/** Different troubles that are kept. */
const mostTroubles = 40;

/** What counts as trouble: by the kind of its event. */
const troubles: ReadonlySet<string> = new Set([
  "report refused",
  "message refused",
  "report dropped",
  "message dropped",
  "report missed",
  "point left out",
  "command unanswered",
  "session refused",
  "modem wrong modem",
  "modem sim",
  "modem sim missing",
  "modem denied",
  "modem noise",
  "modem supply",
  "modem powered off",
  "modem restarts",
  "modem unresolved",
  "modem down",
  "modem refused",
  "modem send refused",
  "modem read refused",
  "modem illegal transition",
  "supervisor reset",
  "supervisor restart",
  "radio guarded",
  "journal failed",
  "memory failed",
  "start failed",
  "start safe",
  "fault",
  "settings",
  "setting unknown",
]);

/** The counts of one log. */
export class LogTally {
  /** Lines by who wrote them. */
  readonly lines = { device: 0, unknown: 0, chip: 0, runtime: 0, other: 0, noise: 0, debugger: 0 };
  readonly readings = { taken: 0, acknowledged: 0, lost: 0, kept: 0 };
  readonly messages = { acknowledged: 0, lost: 0, kept: 0 };
  readonly commands = { executed: 0, repeated: 0, answered: 0, unanswered: 0 };
  readonly sessions = { opened: 0, resumed: 0, refused: 0 };
  /** `modem: starting`, `waking`, `asleep` and `down`. */
  readonly modem = { starts: 0, wakes: 0, sleeps: 0, downs: 0 };
  starts = 0;
  edition: string | undefined;
  /** What the modem said last of itself and its cell, as the line has it. */
  cell: string | undefined;
  firmware: string | undefined;
  /** ms from taking a reading to its acknowledgement, as the device counts it. */
  readonly delays: number[] = [];
  readonly #troubles = new Map<string, Trouble>();

  /** What went wrong, in the order in which it did so first. */
  get troubles(): readonly Trouble[] {
    return [...this.#troubles.values()];
  }

  hear({ kind, event, text, time }: HeardLine): void {
    this.lines[kind] += 1;
    if (event === undefined) return;
    if (troubles.has(event.kind)) this.#trouble(text, time);
    switch (event.kind) {
      case "agent start":
        this.starts += 1;
        return;
      case "report taken":
      case "report held":
        this.readings.taken += 1;
        return;
      case "report acknowledged":
        this.readings.acknowledged += 1;
        if (this.delays.length < 100_000) this.delays.push(event.after);
        return;
      case "report refused":
      case "report dropped":
        this.readings.lost += 1;
        return;
      case "report kept":
        this.readings.kept += 1;
        return;
      case "message acknowledged":
        this.messages.acknowledged += 1;
        return;
      case "message refused":
      case "message dropped":
        this.messages.lost += 1;
        return;
      case "message kept":
        this.messages.kept += 1;
        return;
      case "command executed":
        this.commands.executed += 1;
        return;
      case "command repeated":
        this.commands.repeated += 1;
        return;
      case "command answered":
        this.commands.answered += 1;
        return;
      case "command unanswered":
        this.commands.unanswered += 1;
        return;
      case "session online":
        this.sessions.opened += 1;
        this.edition = event.edition;
        return;
      case "session resumed":
        this.sessions.resumed += 1;
        this.edition = event.edition;
        return;
      case "session refused":
        this.sessions.refused += 1;
        return;
      case "modem starting":
        this.modem.starts += 1;
        return;
      case "modem waking":
        this.modem.wakes += 1;
        return;
      case "modem asleep":
        this.modem.sleeps += 1;
        return;
      case "modem down":
        this.modem.downs += 1;
        return;
      case "modem cell":
        this.cell = text.slice("modem: cell ".length);
        return;
      case "modem firmware":
        this.firmware = event.version;
        return;
    }
  }

  /** The same trouble is one of the same words, whatever its numbers are. */
  #trouble(text: string, time: number): void {
    const key = text.replace(/\d+/g, "0");
    const known = this.#troubles.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.last = time;
    } else if (this.#troubles.size < mostTroubles) {
      this.#troubles.set(key, { text, count: 1, last: time });
    }
  }
}
