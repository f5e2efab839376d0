/**
 * Whether the sampler keeps its pace: from one reading to the next, and from a start to the first, no more than an
 * interval passes while the board has power.
 */
import { sleepDrift } from "../../../sim/world/world";
import type { LogEvent } from "../../../sim/world/device-log";
import type { WorldEvent } from "../../../sim/world/world";
import type { ChaosDevice } from "../script";

/** A time in which readings were due and none came. Virtual ms. */
export interface Silence {
  readonly since: number;
  readonly until: number;
}

/** What a start, a late answer of the application's and the loop's pauses after exceptions may take, ms. */
const slack = 15_000;
/** How far a deeply sleeping board moves its next reading when the network corrects its clock, ms. */
const correction = 70_000;
/**
 * The longest step back from a wrong time, ms, that such a board may take for what its clock was wrong by: 5 % of a day
 * is how far the ESP32's oscillator can be off. A longer one, told again, moves no reading.
 */
const longestSwing = 0.05 * 86_400_000;
/** Share of the time since it was corrected last by which such a clock may be wrong. */
const drift = 2 * sleepDrift;

export class CadenceBook {
  readonly #longest: number;
  readonly #sleeps: boolean;
  /** When a reading was taken or given up last, or the board started; undefined while it is off or starting. */
  #last: number | undefined = 0;
  /** It has started without its application, and takes no readings. */
  #safe = false;
  /** How wrong the time was that the network told last, ms, and by how much that has changed since the last reading. */
  #error = 0;
  #swing = 0;
  readonly silences: Silence[] = [];

  constructor({ interval, sleep }: Pick<ChaosDevice, "interval" | "sleep">) {
    this.#sleeps = sleep === "deep";
    this.#longest = 1_000 * interval + slack + (this.#sleeps ? correction + 86_400_000 * drift : 0);
  }

  board({ time, what }: Extract<WorldEvent, { source: "board" }>): void {
    if (what === "asleep" || what === "awake" || what === "starting" || what === "started") return;
    this.#beat(time);
    // The first line of its log tells that it has started.
    this.#last = undefined;
    this.#safe = false;
  }

  /** A line of the device's log. */
  line(event: LogEvent | undefined, time: number): void {
    if (event?.kind === "start safe") this.#safe = true;
    if (this.#safe) return void (this.#last = undefined);
    switch (event?.kind) {
      case "report taken":
      case "report held":
      case "report dropped":
      case "agent start":
        this.#beat(time);
        this.#last = time;
        return;
      case "report refused":
        // One that cannot be encoded is refused as it is taken in.
        if (this.#last !== undefined) this.#beat(time);
        this.#last = time;
        return;
      case "start failed":
        this.#last = undefined;
        return;
      default:
        return;
    }
  }

  /** The network has told a time that is wrong by so much, ms. */
  told(error: number): void {
    const swing = Math.abs(error - this.#error);
    this.#error = error;
    if (this.#sleeps && swing <= longestSwing) this.#swing = Math.max(this.#swing, swing);
  }

  /** The application was asked for a reading and failed. */
  missed(time: number): void {
    if (this.#safe) return;
    this.#beat(time);
    this.#last = time;
  }

  /** The trial is over. */
  end(time: number): void {
    this.#beat(time);
  }

  #beat(time: number): void {
    if (this.#last !== undefined && time - this.#last > this.#longest + this.#swing) {
      this.silences.push({ since: this.#last, until: time });
    }
    this.#swing = 0;
  }
}
