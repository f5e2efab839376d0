/**
 * Feeds real time to the firmware's agent on this PC: the board's own loop on Node's timers.
 */
import { Driver } from "../../../firmware/device/driver";
import type { Driven, Timers } from "../../../firmware/device/driver";

/** One of Node's timers, with what it calls. */
interface NodeTimer {
  readonly callback: () => void;
  timeout: NodeJS.Timeout | undefined;
}

/** Node's timers in the shape of Moddable's, which can be stopped all together. */
class NodeTimers implements Timers<NodeTimer> {
  readonly #running = new Set<NodeTimer>();
  #stopped = false;

  set(callback: () => void, wait: number): NodeTimer {
    const timer: NodeTimer = {
      callback: () => {
        this.#running.delete(timer);
        callback();
      },
      timeout: undefined,
    };
    this.#running.add(timer);
    this.schedule(timer, wait);
    return timer;
  }

  schedule(timer: NodeTimer, wait: number): void {
    clearTimeout(timer.timeout);
    if (!this.#stopped) timer.timeout = setTimeout(timer.callback, wait);
  }

  repeat(callback: () => void, interval: number): void {
    this.#running.add({ callback, timeout: setInterval(callback, interval) });
  }

  /** None of them calls back any more, and none that is set after this. */
  stop(): void {
    this.#stopped = true;
    for (const { timeout } of this.#running) clearTimeout(timeout);
    this.#running.clear();
  }
}

/** Calls an agent at its deadlines and after every event, in real time. */
export class RealTimeDriver {
  readonly #started = performance.now();
  readonly #timers = new NodeTimers();
  readonly #onFault: (text: string) => void;
  #driver: Driver<NodeTimer> | undefined;

  /** @param onFault hears of an exception in the firmware, which goes on after it */
  constructor(onFault: (text: string) => void) {
    this.#onFault = onFault;
  }

  /** ms since the driver was made. */
  readonly now = (): number => performance.now() - this.#started;

  /** Starts calling the agent. */
  start(agent: Driven): void {
    this.#driver = new Driver({ agent, now: this.now, timers: this.#timers, onFault: this.#onFault });
    this.#driver.start();
  }

  /** To be called after every event: does what is due and sets the timer anew. */
  readonly turn = (): void => this.#driver?.turn();

  /** Calls the agent soon, but not at once: its caller may be in the middle of it. */
  readonly wake = (): void => this.#driver?.wake();

  /** The agent is not called any more, whatever happens. */
  stop(): void {
    this.#driver = undefined;
    this.#timers.stop();
  }
}
