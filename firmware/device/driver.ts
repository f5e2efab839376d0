/**
 * The loop that runs the device, on a board and on a PC alike. Events go through the agent one after the
 * other; while none comes, a timer calls the agent at its deadline.
 *
 *     event, or timer -> what it brings -> agent.poll -> time for deep sleep? -> timer for agent.deadline
 *                                  exception in it -> agent.fault -> timer for a pause
 *
 * Clock and timers come in through its options: it names no module of Moddable's and none of Node's.
 */
import { reasonOf } from "../text/reason";

/** What the loop runs: the agent, or what stands in for it until the board has its key. Times are ms. */
export interface Driven {
  /** When `poll` wants to be called. */
  readonly deadline: number;
  poll(now: number): void;
  /** An exception has escaped `poll`, or the event before it. */
  fault(now: number): void;
  /** To be called every few minutes, whatever `deadline` says. */
  supervise(now: number): void;
}

/** Timers as the class `Timer` of Moddable has them. Times are whole ms; each may throw. */
export interface Timers<Handle> {
  /** Calls back once, after which the handle must not be used any more. */
  set(callback: () => void, wait: number): Handle;
  /** Sets a timer that has not called back yet to another time. */
  schedule(timer: Handle, wait: number): void;
  /** Calls back again and again. */
  repeat(callback: () => void, interval: number): unknown;
}

/** Has the board sleep lightly between turns. */
interface LightlySleeping {
  /** Asked after each turn, as `beforeWait` is. */
  beforeWait(disturbed: boolean): number;
  /** The timer of the next turn is set, so many ms from now. The last of a turn: the board may sleep in it. */
  afterTurn(wait: number): void;
}

export interface DriverOptions<Handle> {
  readonly agent: Driven;
  /** The monotonic clock, ms. */
  readonly now: () => number;
  readonly timers: Timers<Handle>;
  /**
   * Asked after each turn: for how long to wait at most, ms. A board goes into deep sleep here, and does
   * not come back. `disturbed`: the turn was for an event, so more may come of it.
   */
  readonly beforeWait?: (now: number, disturbed: boolean) => number;
  /** Left out where the board does not sleep lightly. */
  readonly lightSleep?: LightlySleeping;
  /** What an exception said, for the log. */
  readonly onFault: (text: string) => void;
}

/** Pause after an exception, ms. */
const afterFault = 1_000;

/** How often the agent is supervised, ms. */
const supervision = 600_000;

/** Longest wait, ms: Moddable's timer counts to 24.8 days at most, and the clock has to be read now and then. */
const longestWait = 86_400_000;

/** Hands an event to the agent, or to what belongs to it, such as the modem; the agent is polled after it. */
export type Event = (now: number) => void;

/** Runs an agent: event by event, guarded against exceptions, waiting in between. */
export class Driver<Handle> {
  readonly #options: DriverOptions<Handle>;
  /** A turn is under way. */
  #turning = false;
  /** What came during it; undefined for a turn without an event. */
  readonly #pending: (Event | undefined)[] = [];
  /** The timer of the next turn, until it has called back. */
  #timer: Handle | undefined;

  constructor(options: DriverOptions<Handle>) {
    this.#options = options;
  }

  /** Makes the first turn, and starts supervision on a timer of its own that does not depend on the agent's. */
  start(): void {
    const { agent, now, timers } = this.#options;
    timers.repeat(() => {
      this.guard(() => agent.supervise(now()));
      if (this.#timer === undefined) this.turn();
    }, supervision);
    this.turn();
  }

  /** Runs `event` and polls the agent; if a turn is under way, after that. Never throws. */
  turn(event?: Event): void {
    const pending = this.#pending;
    if (this.#turning) {
      pending.push(event);
      return;
    }
    this.#turning = true;
    let wait = this.run(event);
    while (pending.length > 0) wait = this.run(pending.shift());
    this.#turning = false;
    this.schedule(wait);
    this.#options.lightSleep?.afterTurn(wait);
  }

  /** Polls the agent soon, but not at once: its caller may be in the middle of it. */
  wake(): void {
    if (this.#turning) this.turn();
    else this.schedule(0);
  }

  /** Runs `work` and logs an exception of it: one that escaped from a callback would restart the board at once. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onFault(reasonOf(error));
    }
  }

  /** Makes one turn and returns the time to wait after it, ms. */
  private run(event: Event | undefined): number {
    // Every turn comes this way, and a closure for `guard` would cost more than all else here.
    const options = this.#options;
    const { agent } = options;
    try {
      const now = options.now();
      event?.(now);
      agent.poll(now);
      const disturbed = event !== undefined || this.#pending.length > 0;
      const longest = options.beforeWait?.(now, disturbed) ?? longestWait;
      const lightly = options.lightSleep?.beforeWait(disturbed) ?? longestWait;
      return Math.max(0, Math.ceil(Math.min(agent.deadline - now, longest, lightly, longestWait)));
    } catch (error) {
      options.onFault(reasonOf(error));
    }
    this.guard(() => agent.fault(options.now()));
    return afterFault;
  }

  /** A timer that cannot be set is a fault; the next event, or the timer of supervision, tries again. */
  private schedule(wait: number): void {
    const timer = this.#timer;
    this.#timer = undefined;
    try {
      const { timers } = this.#options;
      if (timer !== undefined) timers.schedule(timer, wait);
      this.#timer = timer ?? timers.set(this.#onTimer, wait);
    } catch (error) {
      const { agent, now, onFault } = this.#options;
      onFault(reasonOf(error));
      this.guard(() => agent.fault(now()));
    }
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.turn();
  };
}
