/**
 * What the devices of a cell have in common: the random access that each connection begins with, and the air that all
 * of them share. A device alone in its cell waits for neither, and what both take then is in the coverage level's latency;
 * here is only what comes on top.
 *
 *     opportunity        each device that wants in picks one of the subcarriers
 *       |  alone on it -> answered, as long as the cell still answers -> its turn on the air
 *       |  not alone, or no answer any more -> a random pause, then another opportunity
 *       |  not answered so often -> the next coverage level's, and after the last one it gives up
 *
 * Figures: 3GPP TS 36.211 section 10.1.6 and TS 36.331 (NPRACH-ConfigSIB-NB) for what can be configured, of which each
 * operator takes his own; assumed are values from the middle. A preamble is 5.6 ms, repeated 1, 8 and 32 times.
 */
import type { Coverage } from "../radio/link";
import type { Random } from "../time/random";
import type { ScheduledEvent, Scheduler } from "../time/clock";

/** A level's share of the random access. */
interface AccessLevel {
  /** ms between two opportunities (nprach-Periodicity). */
  readonly period: number;
  /** Preambles that do not disturb each other (nprach-NumSubcarriers). */
  readonly subcarriers: number;
  /** Tries before the next level is taken (maxNumPreambleAttemptCE). */
  readonly attempts: number;
}

/** How a cell is set up. */
export interface CellConfiguration {
  readonly levels: readonly [AccessLevel, AccessLevel, AccessLevel];
  /** Devices that are answered behind one opportunity: random access responses in its window. */
  readonly answers: number;
  /** Longest pause after a try that failed, ms (backoff indicator; TS 36.321 table 7.2-2 has up to 524,288). */
  readonly backoff: number;
  /** Datagrams on the air at once: subcarriers of the 180 kHz that carry data beside NPRACH and control. */
  readonly channels: number;
}

/** Five answers an opportunity; four datagrams at once come to some 50 kbit/s at level 0. */
export const usualCell: CellConfiguration = Object.freeze<CellConfiguration>({
  levels: [
    { period: 160, subcarriers: 12, attempts: 5 },
    { period: 320, subcarriers: 12, attempts: 5 },
    { period: 1_280, subcarriers: 12, attempts: 5 },
  ],
  answers: 5,
  backoff: 8_192,
  channels: 4,
});

/** What a cell has done so far. */
export interface CellLoad {
  /** Devices that wanted a connection, tries at it, tries of several on one subcarrier, and devices that gave up. */
  requests: number;
  attempts: number;
  collisions: number;
  refusals: number;
  /** ms of the shared air that datagrams took. */
  airtime: number;
  /** Devices that wait for a connection now, and the most so far. */
  waiting: number;
  mostWaiting: number;
}

/** A device that wants a connection. */
interface Contender {
  level: Coverage;
  attempts: number;
  readonly from: number;
  readonly done: (waited: number | undefined) => void;
}

/** The random access and the shared air of one cell. */
export class RandomAccess {
  readonly load: CellLoad = {
    ...{ requests: 0, attempts: 0, collisions: 0, refusals: 0, airtime: 0, waiting: 0, mostWaiting: 0 },
  };
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #cell: CellConfiguration;
  /** Who tries at the next opportunity of each level, and when that is. */
  readonly #next: [Contender[], Contender[], Contender[]] = [[], [], []];
  readonly #events: (ScheduledEvent | undefined)[] = [undefined, undefined, undefined];
  /** When each channel of the air is free again, ms. */
  readonly #free: Float64Array;

  constructor(scheduler: Scheduler, random: Random, cell: CellConfiguration = usualCell) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#cell = cell;
    this.#free = new Float64Array(cell.channels);
  }

  /**
   * A device wants a connection.
   *
   * @param done gets the ms by which it came later than its first opportunity; undefined when it gave up
   */
  request(level: Coverage, done: (waited: number | undefined) => void): void {
    const { load } = this;
    load.requests += 1;
    load.waiting += 1;
    load.mostWaiting = Math.max(load.mostWaiting, load.waiting);
    this.#enter({ level, attempts: 0, from: this.#opportunity(level, this.#scheduler.now), done });
  }

  /** ms that a datagram waits for the shared air. @param airtime ms that it takes of it */
  carry(airtime: number): number {
    const { now } = this.#scheduler;
    let first = 0;
    for (let i = 1; i < this.#free.length; i++) if (this.#free[i] < this.#free[first]) first = i;
    const begins = Math.max(now, this.#free[first]);
    this.#free[first] = begins + airtime;
    this.load.airtime += airtime;
    return begins - now;
  }

  #opportunity(level: Coverage, after: number): number {
    const { period } = this.#cell.levels[level];
    return Math.ceil((after + 1e-6) / period) * period;
  }

  #enter(contender: Contender, after = this.#scheduler.now): void {
    const { level } = contender;
    const at = this.#opportunity(level, after);
    const next = this.#opportunity(level, this.#scheduler.now);
    // A pause that is over before the next opportunity takes that one.
    if (at > next) return void this.#scheduler.at(at - 1e-3, () => this.#enter(contender));
    this.#next[level].push(contender);
    this.#events[level] ??= this.#scheduler.at(next, () => this.#decide(level));
  }

  /** An opportunity: who is alone on a subcarrier is heard, and the first of these are answered. */
  #decide(level: Coverage): void {
    const contenders = this.#next[level];
    this.#next[level] = [];
    this.#events[level] = undefined;
    const { subcarriers } = this.#cell.levels[level];
    const chosen = contenders.map(() => Math.floor(this.#random.next() * subcarriers));
    const heard = new Uint16Array(subcarriers);
    for (const each of chosen) heard[each] += 1;
    let answers = this.#cell.answers;
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[i];
      this.load.attempts += 1;
      contender.attempts += 1;
      const alone = heard[chosen[i]] === 1;
      if (!alone) this.load.collisions += 1;
      if (alone && answers > 0) {
        answers -= 1;
        this.load.waiting -= 1;
        contender.done(this.#scheduler.now - contender.from);
      } else this.#again(contender);
    }
  }

  #again(contender: Contender): void {
    const { levels, backoff } = this.#cell;
    if (contender.attempts >= levels[contender.level].attempts) {
      if (contender.level === 2) {
        this.load.refusals += 1;
        this.load.waiting -= 1;
        return contender.done(undefined);
      }
      contender.level = (contender.level + 1) as Coverage;
      contender.attempts = 0;
    }
    this.#enter(contender, this.#scheduler.now + this.#random.next() * backoff);
  }
}
