/**
 * What a device reported, kept in memory up to a number: readings and events in the order of their storing,
 * and of each measure point its values by time.
 */

/** A measurement that was stored: measure points of one moment. */
export interface Reading {
  /** Of the message that brought it: the raw request id as text, or the JSON id. */
  id: string;
  /** When it was measured, epoch ms, if the device told. */
  time?: number;
  /** Each a value, or `{ value, quality }`, as it came. */
  points: Record<string, unknown>;
  format: "raw" | "json";
  /** It came through `resume`: measured while the device was cut off. */
  late?: true;
  /** When the cloud stored it, ms of the cloud's time. */
  at: number;
}

/** One value of a measure point. */
export interface StoredPoint {
  value: unknown;
  quality?: number;
  time?: number;
  at: number;
}

/** Which entries are asked for: by the time of measuring, or of storing where the device told none. */
export interface HistoryQuery {
  /** epoch ms, inclusive */
  from?: number;
  to?: number;
  /** Most entries to return (default 100, most 1000). */
  limit?: number;
  /** Default false. */
  newestFirst?: boolean;
}

/** Measure points that one device may have without a thing model. */
const MOST_POINTS = 500;
const DEFAULT_LIMIT = 100;
const MOST_ENTRIES = 1000;

/** The values of a device's measure points. */
export class PointHistory {
  readonly #limit: number;
  /** By identifier, each by ascending time. */
  readonly #values = new Map<string, StoredPoint[]>();

  /** @param limit values kept of each measure point */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there is room for these, some of which may be new. */
  takes(identifiers: readonly string[]): boolean {
    const fresh = identifiers.filter((identifier) => !this.#values.has(identifier));
    return this.#values.size + fresh.length <= MOST_POINTS;
  }

  /** Whether all these measure points have a value of this time already. */
  has(identifiers: readonly string[], time: number): boolean {
    return identifiers.every((identifier) => {
      const values = this.#values.get(identifier);
      if (values === undefined) return false;
      for (let i = place(values, time) - 1; i >= 0 && when(values[i]) === time; i--) {
        if (values[i].time === time) return true;
      }
      return false;
    });
  }

  add({ points, time, at }: Reading): void {
    for (const [identifier, given] of Object.entries(points)) {
      const stored: StoredPoint = isQualified(given)
        ? { value: given.value, quality: given.quality, time, at }
        : { value: given, time, at };
      const values = this.#values.get(identifier);
      if (values === undefined) {
        this.#values.set(identifier, [stored]);
        continue;
      }
      // Mostly the newest, which goes to the end.
      values.splice(place(values, when(stored)), 0, stored);
      if (values.length >= 2 * this.#limit) values.splice(0, values.length - this.#limit);
    }
  }

  /** The newest value of each, by the time of its measuring. */
  latest(): Record<string, StoredPoint> {
    return Object.fromEntries([...this.#values].map(([identifier, values]) => [identifier, values[values.length - 1]]));
  }

  /** Values of one measure point. */
  list(identifier: string, query: HistoryQuery): StoredPoint[] {
    const values = this.#values.get(identifier) ?? [];
    return select(values.slice(-this.#limit), query, when);
  }
}

/** The entries of a list by ascending time that are asked for. */
export function select<T>(entries: readonly T[], query: HistoryQuery, timeOf: (entry: T) => number): T[] {
  const { from = -Infinity, to = Infinity, newestFirst = false } = query;
  const limit = Math.min(query.limit ?? DEFAULT_LIMIT, MOST_ENTRIES);
  const within = entries.filter((entry) => timeOf(entry) >= from && timeOf(entry) <= to);
  if (newestFirst) within.reverse();
  return within.slice(0, limit);
}

/** The last `limit` items, each with a number that it keeps. */
export class Recent<T> {
  readonly #limit: number;
  readonly #forgotten: (number: number) => void;
  #items: { number: number; item: T }[] = [];
  #next = 0;

  /** @param forgotten told of the number of each item that makes room */
  constructor(limit: number, forgotten: (number: number) => void = () => {}) {
    this.#limit = limit;
    this.#forgotten = forgotten;
  }

  /** Returns the item's number. */
  push(item: T, number: number = this.#next): number {
    this.#items.push({ number, item });
    this.#next = Math.max(this.#next, number + 1);
    // In one go at twice the limit: dropping one item at a time would move all the others each time.
    if (this.#items.length >= 2 * this.#limit) {
      for (const gone of this.#items.splice(0, this.#items.length - this.#limit)) this.#forgotten(gone.number);
    }
    return number;
  }

  list(): T[] {
    return this.#items.slice(-this.#limit).map(({ item }) => item);
  }

  /** Numbers of all that is held. */
  numbers(): number[] {
    return this.#items.map(({ number }) => number);
  }
}

/** The last `capacity` ids that were added. */
export class RecentIds {
  readonly #capacity: number;
  // Grows to its capacity as ids come: ten thousand devices in one process are not rare here.
  readonly #ring: string[] = [];
  readonly #known = new Set<string>();
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** False when it is there already. */
  add(id: string): boolean {
    if (this.#known.has(id)) return false;
    const oldest: string | undefined = this.#ring[this.#next];
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#ring[this.#next] = id;
    this.#known.add(id);
    this.#next = (this.#next + 1) % this.#capacity;
    return true;
  }
}

function when({ time, at }: StoredPoint): number {
  return time ?? at;
}

/** Where a value of this time goes: behind those of the same time. */
function place(values: readonly StoredPoint[], time: number): number {
  let low = 0;
  let high = values.length;
  if (high > 0 && when(values[high - 1]) <= time) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (when(values[middle]) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `{ value, quality }` and nothing else: a struct may well have a field of that name. */
function isQualified(given: unknown): given is { value: unknown; quality: number } {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return false;
  const names = Object.keys(given);
  return names.length === 2 && names.includes("value") && typeof (given as { quality?: unknown }).quality === "number";
}
