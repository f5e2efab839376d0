/**
 * How long a confirmable message waits for its acknowledgement: RFC 7252 section 4.2, or learnt from
 * measured round trips by FASOR (draft-ietf-core-fasor sections 4.1 to 4.3).
 *
 * FASOR keeps two values. FastRTO is RFC 6298's, from round trips without retransmission only, whose
 * meaning is beyond doubt. SlowRTO is 1.5 times the time from the first transmission to the
 * acknowledgement when there were retransmissions: long enough for all copies to leave the network,
 * even if the round trip had grown beyond FastRTO and none of them was lost. Which of them is used
 * when, by what the message before went through:
 *
 *                      time-outs of the series
 *    fast              F, 2F, 4F, 8F ...              acknowledged without retransmission
 *    fast-slow-fast    F, max(S, 2F), 2F, 4F ...      retransmitted once in a row: a loss, perhaps
 *    slow-fast         S, F, 2F, 4F ...               again: the round trip has grown
 *
 * Three additions of ours. A message that nobody acknowledged counts as one that was acknowledged when
 * it was given up: otherwise a round trip beyond that time would never be learnt, and every message
 * would be repeated for ever. And SlowRTO has the upper bound of FastRTO, 60 s, so that a loss costs no
 * more than a minute; only when slow-fast has not helped either may it fill all of MAX_TRANSMIT_WAIT,
 * for then the round trip may have grown beyond the minute, and one unhurried message finds out. And FastRTO ends,
 * where the round trip allows, while the radio connection of the first transmission lasts: see `narrowband`.
 */
import { maxTransmitWait } from "./transmission";
import type { Transmission } from "./transmission";

/** Decides how long a confirmable message waits for its acknowledgement. One per endpoint. */
export interface RetransmissionTimer {
  /** Starts the series of time-outs of one message. */
  begin(random: () => number): TimeoutSeries;
  /** An acknowledgement came `elapsed` ms after the first transmission, and `retransmissions` after it. */
  acknowledged(elapsed: number, retransmissions: number): void;
  /** Nothing came within `elapsed` ms of the first transmission. */
  gaveUp(elapsed: number): void;
  /** Plain data that survives deep sleep; undefined when there is nothing to keep. */
  exportState(): RtoState | undefined;
}

/** The time-outs of one message. */
export interface TimeoutSeries {
  /** How long to wait after the next transmission, ms. */
  next(): number;
}

/** What FASOR has learnt, as plain numbers. */
export interface RtoState {
  /** Smoothed round trip and its variation, ms; 0 before the first sample. */
  readonly srtt: number;
  readonly rttvar: number;
  /** SlowRTO, ms; 0 before the first. */
  readonly slowRto: number;
  /** Messages in a row that needed retransmission: 0 fast, 1 fast-slow-fast, 2 (and more) slow-fast. */
  readonly doubt: 0 | 1 | 2;
}

/**
 * RFC 7252 section 4.2: the first time-out drawn from ACK_TIMEOUT to that times ACK_RANDOM_FACTOR, then
 * doubled.
 */
export class PlainTimer implements RetransmissionTimer {
  readonly #transmission: Transmission;

  constructor(transmission: Transmission) {
    this.#transmission = transmission;
  }

  begin(random: () => number): TimeoutSeries {
    const { ackTimeout, ackRandomFactor } = this.#transmission;
    return new Series(ackTimeout * (1 + random() * (ackRandomFactor - 1)), undefined, 0);
  }

  acknowledged(): void {}

  gaveUp(): void {}

  exportState(): undefined {
    return undefined;
  }
}

/** Upper bound, ms: the least that section 4.1 allows. */
const longest = 60_000;
const slowFactor = 1.5;
/** No exchange lasts an hour: a longer time, ms, is a clock that jumped. */
const longestSample = 3_600_000;

/** FASOR: retransmission time-outs learnt from measured round trips, over networks whose delay grows. */
export class FasorTimer implements RetransmissionTimer {
  readonly #initial: number;
  /** Infinity where the network keeps no connection. */
  readonly #connection: number;
  /** The longest SlowRTO of all, ms. */
  readonly #patience: number;
  #srtt = 0;
  #rttvar = 0;
  #slowRto = 0;
  #doubt: 0 | 1 | 2 = 0;

  /** @param state what `exportState` gave; anything else is ignored */
  constructor(transmission: Transmission, state?: unknown) {
    this.#initial = transmission.ackTimeout;
    this.#connection = transmission.connection ?? Infinity;
    this.#patience = Math.min(slowFactor * maxTransmitWait(transmission), longestSample);
    const known = readRtoState(state);
    if (known === undefined) return;
    this.#srtt = known.srtt;
    this.#rttvar = known.rttvar;
    this.#slowRto = known.slowRto;
    this.#doubt = known.doubt;
  }

  begin(random: () => number): TimeoutSeries {
    const fast = this.#srtt === 0 ? this.#initial : Math.min(this.#srtt + 4 * this.#rttvar, longest);
    // Section 4.1: before the first sample, the round trip that would have led to the initial RTO.
    const spread = this.#srtt === 0 ? this.#initial / 3 : Math.min(this.#srtt, longest);
    const dither = 0.25 + 0.75 * random();
    // Dithered downwards, so that what is left of the connection is the least.
    const held = Math.max(this.#connection * (1 - 0.05 * dither), 1.5 * this.#srtt);
    const dithered = Math.min(fast + spread * dither, held);
    if (this.#doubt === 0) return new Series(dithered, undefined, 0);
    return new Series(dithered, this.#slowRto, this.#doubt === 1 ? 1 : 0);
  }

  acknowledged(elapsed: number, retransmissions: number): void {
    if (!(elapsed >= 0 && elapsed <= longestSample)) return;
    if (retransmissions > 0) return this.ambiguous(elapsed);
    const sample = Math.max(1, elapsed);
    if (this.#srtt === 0) {
      this.#srtt = sample;
      this.#rttvar = sample / 8;
    } else {
      this.#rttvar = 0.75 * this.#rttvar + 0.25 * Math.abs(this.#srtt - sample);
      this.#srtt = 0.875 * this.#srtt + 0.125 * sample;
    }
    this.#doubt = 0;
  }

  gaveUp(elapsed: number): void {
    if (elapsed >= 0 && elapsed <= longestSample) this.ambiguous(elapsed);
  }

  exportState(): RtoState | undefined {
    if (this.#srtt === 0 && this.#slowRto === 0) return undefined;
    return {
      srtt: Math.round(this.#srtt),
      rttvar: Math.round(this.#rttvar),
      slowRto: Math.round(this.#slowRto),
      doubt: this.#doubt,
    };
  }

  private ambiguous(elapsed: number): void {
    const bound = this.#doubt < 2 ? longest : this.#patience;
    this.#slowRto = Math.min(Math.max(1, elapsed * slowFactor), bound);
    this.#doubt = this.#doubt === 0 ? 1 : 2;
  }
}

/** A series: FastRTO doubled each time, with SlowRTO put in at one place. */
class Series implements TimeoutSeries {
  #fast: number;
  readonly #slow: number | undefined;
  readonly #slowAt: number;
  #count = 0;
  #fasts = 0;

  constructor(fast: number, slow: number | undefined, slowAt: number) {
    this.#fast = fast;
    this.#slow = slow;
    this.#slowAt = slowAt;
  }

  next(): number {
    const count = this.#count++;
    if (this.#slow !== undefined && count === this.#slowAt) {
      return count === 0 ? this.#slow : Math.max(this.#slow, 2 * this.#fast);
    }
    if (this.#fasts++ > 0) this.#fast *= 2;
    return this.#fast;
  }
}

/** The state in what came out of storage, undefined when it is none. */
export function readRtoState(value: unknown): RtoState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { srtt, rttvar, slowRto, doubt } = value as Record<string, unknown>;
  if (!isTime(srtt) || !isTime(rttvar) || !isTime(slowRto)) return undefined;
  if (doubt !== 0 && doubt !== 1 && doubt !== 2) return undefined;
  if (doubt !== 0 && slowRto === 0) return undefined;
  return { srtt, rttvar, slowRto, doubt };
}

/** Whole milliseconds that a measured time can have. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= longestSample;
}
