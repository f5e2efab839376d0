/**
 * `npm start -- --watch`: a run as it happens, at a speed that can be followed, with keys where a person is at them:
 *
 *     space  stands still, or goes on      +  twice as fast      -  half as fast
 *     e      the rest without waiting      q  ends it here, as Ctrl-C does
 */
import { Playback } from "../inspect/report/playback";
import { StatusLine } from "../inspect/report/status-line";
import { stamp } from "../inspect/report/duration";
import { misuse } from "./misuse";
import type { Position, WallClock } from "../inspect/report/playback";
import type { Pace } from "../sim/time/clock";

/** Virtual seconds in one of the viewer's, where no other speed is asked for; and what may be asked for. */
export const usualSpeed = 60;
const speeds = [1, 1_000_000] as const;

/** The flag's value. @throws CommandError */
export function speedOf(text: string): number {
  const value = Number(text);
  if (!/^\d{1,7}$/.test(text) || value < speeds[0] || value > speeds[1]) {
    throw misuse(
      `--watch takes how many times as fast as real time, ${speeds[0]} to ${speeds[1]}, got "${text.slice(0, 40)}"`,
    );
  }
  return value;
}

/** What a viewer sits at; the process's own, or a test's. */
export interface Seat {
  readonly stdin: Pick<NodeJS.ReadStream, "isTTY" | "setRawMode" | "on" | "off" | "resume" | "pause">;
  readonly stderr: ConstructorParameters<typeof StatusLine>[0];
  readonly signals: Pick<NodeJS.Process, "once" | "off">;
  readonly clock: WallClock;
}

/** This process's terminal and clock. */
function ownSeat(): Seat {
  return {
    stdin: process.stdin,
    stderr: process.stderr,
    signals: process,
    clock: {
      now: () => performance.now(),
      after: (ms, wake) => {
        const timer = setTimeout(wake, ms);
        return () => clearTimeout(timer);
      },
    },
  };
}

/** Somebody watches a run; to be closed behind it. */
export class Watch {
  readonly #seat: Seat;
  readonly #playback: Playback;
  readonly #status: StatusLine;
  readonly #hasKeys: boolean;
  #ended: string | undefined;
  #isInterrupted = false;

  constructor(speed: number, seat: Seat = ownSeat()) {
    this.#seat = seat;
    this.#playback = new Playback(seat.clock, speed, (position) => this.#show(position));
    this.#status = new StatusLine(seat.stderr);
    const { stdin, signals } = seat;
    this.#hasKeys = stdin.isTTY === true && this.#status.isSeen;
    signals.once("SIGINT", this.#interrupt);
    signals.once("SIGTERM", this.#interrupt);
    if (!this.#hasKeys) return;
    stdin.setRawMode(true);
    stdin.on("data", this.#press);
    stdin.resume();
  }

  /** For the run: what it waits for. */
  get pace(): Pace {
    return this.#playback.pace;
  }

  /** Why the run is to end. */
  readonly ended = (): string | undefined => this.#ended;

  /** Whether Ctrl-C or another's signal ended it. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** Makes room for a line of the run's. */
  clear(): void {
    this.#status.clear();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    const { stdin, signals } = this.#seat;
    this.#status.clear();
    signals.off("SIGINT", this.#interrupt);
    signals.off("SIGTERM", this.#interrupt);
    if (!this.#hasKeys) return;
    stdin.off("data", this.#press);
    stdin.setRawMode(false);
    stdin.pause();
  }

  readonly #interrupt = (): void => {
    this.#isInterrupted = true;
    this.#end();
  };

  #end(): void {
    this.#ended ??= `ended by hand at ${stamp(this.#playback.at)}`;
    this.#playback.rush();
  }

  readonly #press = (bytes: Buffer): void => {
    for (const key of bytes.toString("latin1")) {
      if (key === " ") this.#playback.togglePause();
      else if (key === "+" || key === "=") this.#playback.accelerate(2);
      else if (key === "-" || key === "_") this.#playback.accelerate(1 / 2);
      else if (key === "e") this.#playback.rush();
      else if (key === "q") this.#end();
      else if (key === "\u0003") this.#interrupt();
    }
  };

  #show({ at, speed, isPaused }: Position): void {
    if (!this.#status.isSeen) return;
    const how = isPaused ? "stands still" : `x${speed}`;
    const keys = this.#hasKeys
      ? ` · space ${isPaused ? "goes on" : "stops"}, + faster, - slower, e to the end, q quits`
      : "";
    this.#status.show(`${stamp(at).slice(0, -4)} ${how}${keys}`);
  }
}
