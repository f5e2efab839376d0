/**
 * Faults made on purpose between a device and the cloud: datagrams that are lost, doubled or late, and a
 * cloud that answers 5.00. Which datagram they hit is decided by the caller's randomness alone, so that
 * a seeded run repeats itself.
 */
import type { Peer } from "../events";

export interface Faults {
  /** Probability that a datagram to the cloud is lost, 0 to 1. */
  dropUp: number;
  /** Probability that a datagram from the cloud is lost, 0 to 1. */
  dropDown: number;
  /** Probability that a datagram from the cloud arrives twice, 0 to 1. */
  duplicateDown: number;
  /** How much later all that the cloud sends leaves, ms. */
  delayDown: number;
  /** Probability that a request is answered 5.00 and not carried out, 0 to 1. */
  serverError: number;
}

export const noFaults: Readonly<Faults> = {
  dropUp: 0,
  dropDown: 0,
  duplicateDown: 0,
  delayDown: 0,
  serverError: 0,
};

/** The faults of one datagram to the cloud and of the answer to it. */
export interface Fate {
  readonly dropUp: boolean;
  readonly serverError: boolean;
  readonly dropDown: boolean;
  readonly duplicateDown: boolean;
}

const unharmed: Fate = { dropUp: false, serverError: false, dropDown: false, duplicateDown: false };

const probabilities = ["dropUp", "dropDown", "duplicateDown", "serverError"] as const;

/** Longest delay, ms. Beyond ten minutes the exchange is over and nobody expects the answer (RFC 7252 section 4.8.2). */
const longestDelay = 600_000;

/** How long after the original the copy of a doubled datagram leaves, ms. */
export const duplicateAfter = 50;

/**
 * Checked and copied.
 * @throws RangeError on a probability or delay that is none
 */
export function checkFaults(faults: Readonly<Faults>): Faults {
  for (const name of probabilities) {
    if (!(faults[name] >= 0 && faults[name] <= 1)) {
      throw new RangeError(`faults, ${name}: expected a probability from 0 to 1, got ${faults[name]}`);
    }
  }
  const { dropUp, dropDown, duplicateDown, delayDown, serverError } = faults;
  if (!(delayDown >= 0 && delayDown <= longestDelay)) {
    throw new RangeError(`faults, delayDown: expected ms from 0 to ${longestDelay}, got ${delayDown}`);
  }
  return { dropUp, dropDown, duplicateDown, delayDown, serverError };
}

/**
 * Decides which faults a datagram has. `random` gives numbers in [0, 1): four are drawn, always, so that one
 * fault switched on does not move where the others strike; none while all are off.
 */
export function drawFate(faults: Readonly<Faults>, random: () => number): Fate {
  const { dropUp, serverError, dropDown, duplicateDown } = faults;
  if (dropUp === 0 && serverError === 0 && dropDown === 0 && duplicateDown === 0) return unharmed;
  return {
    dropUp: random() < dropUp,
    serverError: random() < serverError,
    dropDown: random() < dropDown,
    duplicateDown: random() < duplicateDown,
  };
}

interface Departure {
  readonly datagram: Uint8Array;
  readonly peer: Peer;
  /** ms */
  readonly due: number;
  readonly copy: boolean;
}

/** Datagrams on their way, by the time at which they leave. Originals never overtake each other. */
export class Departures {
  readonly #most: number;
  /** By due time; what is due at once leaves in the order of its coming. */
  readonly #waiting: Departure[] = [];
  #originals = 0;
  #lastDue = 0;

  /** @param most datagrams that wait at once */
  constructor(most: number) {
    this.#most = most;
  }

  /** When the next one leaves, ms; Infinity when none waits. */
  get deadline(): number {
    return this.#waiting.length === 0 ? Infinity : this.#waiting[0].due;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Whether a datagram that is not delayed can leave without overtaking another. */
  get clear(): boolean {
    return this.#originals === 0;
  }

  /** Adds an original that leaves at `due` or later, or a copy that leaves at `due`; false: no room. */
  add(datagram: Uint8Array, peer: Peer, due: number, copy: boolean): boolean {
    if (this.#waiting.length >= this.#most) return false;
    // The delay may have been made shorter since the last one was added.
    const at = copy || this.clear ? due : Math.max(due, this.#lastDue);
    if (!copy) {
      this.#lastDue = at;
      this.#originals += 1;
    }
    let place = this.#waiting.length;
    while (place > 0 && this.#waiting[place - 1].due > at) place -= 1;
    this.#waiting.splice(place, 0, { datagram, peer, due: at, copy });
    return true;
  }

  /** Drops all that wait; how many originals and copies there were. */
  dropAll(): number {
    const count = this.#waiting.length;
    this.#waiting.length = 0;
    this.#originals = 0;
    this.#lastDue = 0;
    return count;
  }

  /** Takes out the next one that is due, if there is one. */
  take(now: number): { datagram: Uint8Array; peer: Peer } | undefined {
    if (this.deadline > now) return undefined;
    const departure = this.#waiting.shift();
    if (departure?.copy === false) this.#originals -= 1;
    return departure;
  }
}
