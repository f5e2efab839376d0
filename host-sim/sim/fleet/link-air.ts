/**
 * A modem's way to the air of its cell. It asks for a connection for one thing at a time: its own datagram, or the answer to a
 * page. Datagrams that have one wait for a free channel each for itself, as a modem's buffer takes several.
 *
 *     datagram --random access, unless connected--> its turn on a channel --> on the air
 *     page     --random access--> connected
 *
 * As long as something is under way or waits the modem does not fall asleep.
 */
import type { LinkModemOptions } from "./link-modem-options";

interface Underway {
  readonly answersPage: boolean;
}

export interface LinkAirOptions extends Pick<
  LinkModemOptions,
  "scheduler" | "network" | "access" | "airtime"
> {
  /** Whether there is a connection already. */
  readonly connected: () => boolean;
  /** Whether the link is up still. */
  readonly up: () => boolean;
}

/** See above. */
export class LinkAir {
  readonly #options: LinkAirOptions;
  #underway: Underway | undefined;
  /** Datagrams that wait for a free channel; another one when the radio has been off. */
  #queue = { length: 0 };

  constructor(options: LinkAirOptions) {
    this.#options = options;
  }

  /** Nothing is under way, and nothing waits: the modem may sleep. */
  get quiet(): boolean {
    return this.#underway === undefined && this.#queue.length === 0;
  }

  /** A connection is being asked for. */
  get taken(): boolean {
    return this.#underway !== undefined;
  }

  /** A datagram of its own is. */
  get carries(): boolean {
    return this.#underway?.answersPage === false;
  }

  /** The radio is off: what was under way is gone. */
  drop(): void {
    this.#underway = undefined;
    if (this.#queue.length > 0) this.#queue = { length: 0 };
  }

  /**
   * A datagram wants to get out.
   *
   * @param bytes its length
   * @param done where it is on the air, or with false where it has come to nothing; not called once the radio is off
   */
  carry(bytes: number, done: (out: boolean) => void): void {
    const { scheduler, network, access, airtime, connected, up } = this.#options;
    const own = (this.#underway = { answersPage: false });
    const end = (answered: boolean): void => {
      if (this.#underway !== own) return;
      this.#underway = undefined;
      done(answered && up());
    };
    if (access === undefined) return end(true);
    const enqueue = (): void => {
      const wait = access.carry(airtime(bytes));
      if (wait === 0) return end(true);
      const queue = this.#queue;
      this.#underway = undefined;
      queue.length += 1;
      scheduler.after(wait, () => {
        queue.length -= 1;
        if (this.#queue === queue) done(up());
      });
    };
    if (connected()) return enqueue();
    access.request(network.coverage, (waited) => {
      if (this.#underway !== own) return;
      if (waited !== undefined && up()) enqueue();
      else end(false);
    });
  }

  /** A page wants its answer. @param done with whether the cell has let it in; not called once the radio is off */
  answer(done: (connected: boolean) => void): void {
    const { network, access, connected } = this.#options;
    if (access === undefined || connected()) return done(true);
    const own = (this.#underway = { answersPage: true });
    access.request(network.coverage, (waited) => {
      if (this.#underway !== own) return;
      this.#underway = undefined;
      done(waited !== undefined);
    });
  }
}
