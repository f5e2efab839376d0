/**
 * Trials of edited scripts and models, one after the other: each may take as long as a script is given, and whoever may
 * look may start any number of them. Between two, what waits is served: devices, and everybody's other requests.
 */
import { Problem } from "../api/problem";

/** Who may wait for a turn. */
const mostWaiting = 16;

export class TrialTurns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /**
   * Does the work when it is its turn. Its own pauses, by `pause`, are no one else's turn.
   * @throws Problem, as a rejection, when too many wait already; what the work throws
   */
  async take<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#waiting >= mostWaiting) {
      throw new Problem(429, `${mostWaiting} trials wait already; try again when they are over`);
    }
    this.#waiting += 1;
    const turn = this.#last.then(pause).then(work);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** Lets everything else have a go that is ready. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
