/**
 * Feeds real time to the firmware's agent on this PC, as the board's timer does on the board.
 */
import type { Agent } from "../../../firmware/device/agent";

/** Longest wait of Node's timer, ms. */
const longestWait = 86_400_000;

/** Calls an agent at its deadlines. */
export class RealTimeDriver {
  readonly #started = performance.now();
  #agent: Agent | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** ms since the driver was made. */
  readonly now = (): number => performance.now() - this.#started;

  /** Starts calling the agent. */
  start(agent: Agent): void {
    this.#agent = agent;
    this.turn();
  }

  /** To be called after every event: does what is due and sets the timer anew. */
  readonly turn = (): void => {
    if (this.#agent === undefined || this.#stopped) return;
    this.#agent.poll(this.now());
    clearTimeout(this.#timer);
    const wait = Math.min(this.#agent.deadline - this.now(), longestWait);
    this.#timer = setTimeout(this.turn, Math.max(0, Math.ceil(wait)));
  };

  /** Calls the agent soon, but not at once: its caller may be in the middle of it. */
  readonly wake = (): void => {
    if (this.#agent === undefined || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.turn, 0);
  };

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
