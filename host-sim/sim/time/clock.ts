/**
 * The simulation's only clock: a queue of events in virtual time.
 *
 * Nothing in host-sim reads the machine's clock or sleeps; whoever wants something to happen later
 * puts it here. Two events at the same instant run in the order in which they were scheduled, so a
 * run depends on its seed alone.
 */

/** An event in the queue; keep it to `cancel` it. */
export interface ScheduledEvent {
  /** Virtual time at which it runs, ms since the start of the simulation. */
  readonly time: number;
  readonly order: number;
  /** What runs; `undefined` once it has run or was cancelled. */
  run: (() => void | Promise<void>) | undefined;
  /** Its place in the queue; of one that is not there any more it says nothing. */
  place: number;
}

/** What a part of the simulation may do with time. All times in ms, fractions allowed. */
export interface Scheduler {
  /** Virtual ms since the start of the simulation. */
  readonly now: number;
  /** Runs `run` at virtual time `time`, or at once (after what is already due) when that is past. */
  at(time: number, run: () => void | Promise<void>): ScheduledEvent;
  /** Runs `run` after `delay` ms. */
  after(delay: number, run: () => void | Promise<void>): ScheduledEvent;
  /** Takes an event out of the queue; one that has run, or none at all, is no fault. */
  cancel(event: ScheduledEvent | undefined): void;
}

/** What virtual time waits for before it goes on to `time`; undefined for nothing. */
export type Pace = (time: number) => Promise<void> | undefined;

/** More events than this at one instant mean that one schedules itself again and again. */
const eventsAtOnce = 1_000_000;

/** A binary heap of events ordered by (time, order of scheduling). */
export class VirtualClock implements Scheduler {
  #now = 0;
  #order = 0;
  #heap: ScheduledEvent[] = [];

  get now(): number {
    return this.#now;
  }

  /** How many events are in the queue. */
  get pending(): number {
    return this.#heap.length;
  }

  at(time: number, run: () => void | Promise<void>): ScheduledEvent {
    if (!Number.isFinite(time)) {
      throw new RangeError(`an event needs a finite time in ms, got ${time}`);
    }
    const event: ScheduledEvent = { time: Math.max(time, this.#now), order: this.#order++, run, place: 0 };
    this.#heap.push(event);
    this.#rise(event, this.#heap.length - 1);
    return event;
  }

  after(delay: number, run: () => void | Promise<void>): ScheduledEvent {
    return this.at(this.#now + delay, run);
  }

  cancel(event: ScheduledEvent | undefined): void {
    if (event?.run === undefined) return;
    event.run = undefined;
    // Most events are cancelled, a device's next turn at each turn: left there, they would be what the queue holds.
    this.#remove(event.place);
  }

  /**
   * Runs events in order until none is left, `until` (virtual ms) is reached, or `stop` says so.
   * An event that answers with a promise is awaited before the next one starts (the XS engine is
   * another process; the others answer at once and cost no turn of Node's event loop).
   *
   * @param options.pace asked before virtual time goes on to `time`: whoever wants to see it go by answers with a
   *   promise, is asked again when that is fulfilled, and lets time go on with undefined
   * @throws Error when time stands still: a million events at one instant
   */
  async run(options: { until?: number; stop?: () => boolean; pace?: Pace } = {}): Promise<void> {
    const { pace } = options;
    const until = options.until ?? Infinity;
    let atOnce = 0;
    while (this.#heap.length > 0 && !(options.stop?.() ?? false)) {
      if (this.#heap[0].time > until) {
        this.#now = until;
        return;
      }
      if (pace !== undefined && this.#heap[0].time > this.#now) {
        const wait = pace(this.#heap[0].time);
        if (wait !== undefined) {
          await wait;
          continue;
        }
      }
      const event = this.#heap[0];
      const run = event.run!;
      this.#remove(0);
      atOnce = event.time === this.#now ? atOnce + 1 : 0;
      if (atOnce > eventsAtOnce) throw new Error(`virtual time stands still at ${this.#now} ms`);
      this.#now = event.time;
      event.run = undefined;
      const pending = run();
      if (pending !== undefined) await pending;
    }
    if (until !== Infinity && this.#heap.length === 0) this.#now = Math.max(this.#now, until);
  }

  /** Takes the event at a place out; the last one fills the gap. */
  #remove(place: number): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (place === heap.length) return;
    const parent = (place - 1) >> 1;
    if (place > 0 && before(last, heap[parent])) this.#rise(last, place);
    else this.#sink(last, place);
  }

  /** Puts an event at a place that is free, or nearer to the front. */
  #rise(event: ScheduledEvent, place: number): void {
    const heap = this.#heap;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (!before(event, above)) break;
      heap[place] = above;
      above.place = place;
      place = parent;
    }
    heap[place] = event;
    event.place = place;
  }

  /** Puts an event at a place that is free, or farther from the front. */
  #sink(event: ScheduledEvent, place: number): void {
    const heap = this.#heap;
    const { length } = heap;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && before(heap[child + 1], heap[child])) child += 1;
      const below = heap[child];
      if (!before(below, event)) break;
      heap[place] = below;
      below.place = place;
      place = child;
    }
    heap[place] = event;
    event.place = place;
  }
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
