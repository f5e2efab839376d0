/**
 * What the device has drawn, as it can tell itself: an estimate, by the figures that `npm run energy` has in its profile
 * `field` (host-sim/inspect/energy), and by the device's own events in the place of a meter.
 *
 *     board   awake --- deep sleep --- awake            from start to sleep; what lies between was asleep
 *     modem   asleep -- awake ----------- asleep        as its driver has it
 *     radio            sent .. received .. tail         connected from the first datagram on, until the network must have
 *                                                       let go: at once where it was told that one reply follows
 *
 * What a board has besides, such as a regulator or a sensor, is not in it.
 */
import { Seen, Span } from "./tally";
import type { Tally } from "./tally";

/** W. The test test/firmware/health/energy.test.ts holds them against the profile. */
export const watts = Object.freeze({
  boardAwake: 0.066,
  boardStarting: 0.149,
  boardAsleep: 0.000_033,
  modemAsleep: 0.000_014_4,
  modemAwake: 0.018_5,
  connected: 0.18,
  receive: 0.216,
});

/** By coverage enhancement level: bit/s of both directions, W while it sends, J to set up a connection. */
export const levels = Object.freeze([
  Object.freeze({ up: 14_000, down: 20_000, transmit: 0.264, access: 0.096 }),
  Object.freeze({ up: 12_000, down: 10_000, transmit: 0.79, access: 0.150_9 }),
  Object.freeze({ up: 1_500, down: 1_500, transmit: 0.79, access: 0.754_5 }),
] as const);

/** IPv4 and UDP in front of each datagram, bytes. */
const headers = 28;
/** The network's inactivity timer, ms: so long a connection lasts for which it was not told that one reply follows. */
const tail = 20_000;
/** Loader and runtime before the firmware's first line, ms. */
const starting = 300;

/** Adds up times and joules. All times are monotonic, ms. */
export class EnergyEstimate {
  readonly #tally: Tally;
  /** Up to when all is counted. */
  #at: number;
  #isModemAwake = false;
  /** The connection is counted up to then, and lasts until then. */
  #connectedTo: number;
  #connectedUntil: number;

  /** @param asleep how long the board has slept deeply before this start, ms */
  constructor(tally: Tally, asleep: number, now: number) {
    this.#tally = tally;
    this.#at = now;
    this.#connectedTo = now;
    this.#connectedUntil = now;
    const { boardAsleep, modemAsleep, modemAwake, boardStarting } = watts;
    tally.add(Span.time, asleep);
    if (tally.modemStays) tally.add(Span.modemAwake, asleep);
    this.spend(asleep, boardAsleep + (tally.modemStays ? modemAwake : modemAsleep));
    this.spend(starting, boardStarting);
    tally.modemStays = false;
  }

  /** Counts up to now; to be called when the modem wakes or falls asleep, and before anything is read. */
  note(isModemAwake: boolean, now: number): void {
    const time = now - this.#at;
    if (time > 0) {
      const tally = this.#tally;
      this.#at = now;
      tally.add(Span.time, time);
      tally.add(Span.awake, time);
      this.spend(time, watts.boardAwake + (this.#isModemAwake ? watts.modemAwake : watts.modemAsleep));
      if (this.#isModemAwake) tally.add(Span.modemAwake, time);
      this.connected(now);
    }
    this.#isModemAwake = isModemAwake;
  }

  /** A datagram of so many bytes goes out. */
  sent(length: number, now: number): void {
    this.connected(now);
    const { up, transmit, access } = this.level;
    if (now >= this.#connectedUntil) {
      this.#tally.add(Span.joules, access);
      this.#connectedTo = now;
    }
    this.#connectedUntil = now + tail;
    this.spend((8_000 * (length + headers)) / up, transmit - watts.connected);
  }

  /** One has come in. @param isLast the network was told that this is the only reply, so that it lets go */
  received(length: number, isLast: boolean, now: number): void {
    this.connected(now);
    this.#connectedUntil = isLast ? now : now + tail;
    this.spend((8_000 * (length + headers)) / this.level.down, watts.receive - watts.connected);
  }

  /**
   * The board falls asleep, and the modem a little later.
   *
   * @param idle for how long the modem is awake behind a connection; Infinity where it does not fall asleep
   */
  beforeSleep(idle: number, now: number): void {
    this.note(this.#isModemAwake, now);
    this.connected(this.#connectedUntil);
    if (!this.#isModemAwake) return;
    const left = Math.max(now, this.#connectedUntil + idle) - now;
    this.#tally.modemStays = left === Infinity;
    if (left === Infinity) return;
    this.#tally.add(Span.modemAwake, left);
    this.spend(left, watts.modemAwake - watts.modemAsleep);
  }

  private get level(): (typeof levels)[number] {
    return levels[this.#tally.seen(Seen.coverage, 2) ?? 0] ?? levels[0];
  }

  /** Counts the connection up to `now`, or to its end. */
  private connected(now: number): void {
    const time = Math.min(now, this.#connectedUntil) - this.#connectedTo;
    if (!(time > 0)) return;
    this.#connectedTo += time;
    this.#tally.add(Span.connected, time);
    this.spend(time, watts.connected - watts.modemAwake);
  }

  private spend(time: number, power: number): void {
    this.#tally.add(Span.joules, (time * power) / 1_000);
  }
}
