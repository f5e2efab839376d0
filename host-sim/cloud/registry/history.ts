/**
 * What a device reported, in memory, up to a limit: readings and events in the order of their storing, and the
 * values of each measure point by time.
 */
import { isObject } from "../json";
import { isFarAhead, isUndated, when } from "./reading-time";

/** A measurement that was stored: measure points of one moment. */
export interface Reading {
  /** Id of the message that brought it: the raw request id as text, or the JSON id; "" when it had none. */
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
  /** It came through `resume`. */
  late?: true;
  at: number;
}

/** An event that a device reported. */
export interface StoredEvent {
  id: string;
  /** Which event of the product. */
  event: string;
  time?: number;
  values: Record<string, unknown>;
  at: number;
}

/** Which entries are asked for: by the time of measuring, or of storing where the device told none. */
export interface HistoryQuery {
  /** epoch ms, inclusive */
  from?: number;
  to?: number;
  /** Most entries to return (default 100, most 10,000). */
  limit?: number;
  /** Default false. */
  newestFirst?: boolean;
}

/** Measure points that one device may have without a thing model. */
const mostPoints = 500;
const defaultLimit = 100;
const mostEntries = 10_000;

/**
 * The values of a device's measure points: of each the readings that have it, which are kept once. A reading
 * that makes room for others leaves, but for the measure points of which it has the newest value.
 */
export class PointHistory {
  readonly #limits: { readonly readings: number };
  /** By identifier, each by ascending time. */
  readonly #readings = new Map<string, Reading[]>();

  /** @param limits most values of each measure point to list */
  constructor(limits: { readonly readings: number }) {
    this.#limits = limits;
  }

  /** Whether there is room for these, some of which may be new. */
  takes(points: Readonly<Record<string, unknown>>): boolean {
    let size = this.#readings.size;
    for (const identifier in points) if (!this.#readings.has(identifier)) size += 1;
    return size <= mostPoints;
  }

  /** Those of `points` that have no value of this time yet; `undefined` when all have one. */
  lacking(points: Readonly<Record<string, unknown>>, time: number): Record<string, unknown> | undefined {
    let lacking: Record<string, unknown> | undefined;
    for (const identifier in points) {
      if (!this.#hasOne(identifier, time)) (lacking ??= {})[identifier] = points[identifier];
    }
    return lacking;
  }

  add(reading: Reading): void {
    const time = when(reading);
    for (const identifier in reading.points) {
      const readings = this.#readings.get(identifier);
      if (readings === undefined) {
        this.#readings.set(identifier, [reading]);
        continue;
      }
      const index = place(readings, time);
      // Mostly the newest, which goes to the end.
      if (index === readings.length) readings.push(reading);
      else readings.splice(index, 0, reading);
    }
  }

  /** Forgets these readings; returns those that stay, as they have the newest value of a measure point. */
  forget(gone: ReadonlyMap<Reading, unknown>): Set<Reading> {
    const staying = new Set<Reading>();
    for (const [identifier, readings] of this.#readings) {
      const newest = newestOf(readings);
      if (gone.has(newest)) staying.add(newest);
      this.#readings.set(
        identifier,
        readings.filter((reading) => reading === newest || !gone.has(reading)),
      );
    }
    return staying;
  }

  /** The newest value of each, by the time of its measuring. */
  latest(): Record<string, StoredPoint> {
    return Object.fromEntries(
      [...this.#readings].map(([identifier, readings]) => {
        return [identifier, storedPoint(newestOf(readings), identifier)];
      }),
    );
  }

  /** The newest value of one, by the time of its measuring; undefined before the first. */
  newest(identifier: string): StoredPoint | undefined {
    const readings = this.#readings.get(identifier);
    return readings && storedPoint(newestOf(readings), identifier);
  }

  /** The measure points of which there is a value, by identifier: all that is known of them without a model. */
  *traits(): Generator<{ identifier: string }> {
    for (const identifier of this.#readings.keys()) yield { identifier };
  }

  /** Values of one measure point. */
  list(identifier: string, query: HistoryQuery): StoredPoint[] {
    const readings = (this.#readings.get(identifier) ?? []).slice(-this.#limits.readings);
    return select(readings, query, when).map((reading) => storedPoint(reading, identifier));
  }

  #hasOne(identifier: string, time: number): boolean {
    const readings = this.#readings.get(identifier);
    if (readings === undefined) return false;
    // Those of the far future are filed under when they came.
    if (isFarAhead(time, when(readings[readings.length - 1])))
      return readings.some((each) => each.time === time);
    for (let i = place(readings, time) - 1; i >= 0 && when(readings[i]) === time; i--) {
      if (readings[i].time === time) return true;
    }
    return false;
  }
}

/** The value that a reading has of a measure point. */
export function storedPoint({ points, time, late, at }: Reading, identifier: string): StoredPoint {
  const given = points[identifier];
  const stored: StoredPoint = isQualified(given)
    ? { value: given.value, quality: given.quality, time, at }
    : { value: given, time, at };
  if (late === true) stored.late = true;
  return stored;
}

/** The newest reading of a list by ascending time: what came late and does not say of when is none, but for want of others. */
function newestOf(readings: readonly Reading[]): Reading {
  let place = readings.length - 1;
  while (place > 0 && isUndated(readings[place])) place -= 1;
  return isUndated(readings[place]) ? readings[readings.length - 1] : readings[place];
}

/** The entries of a list by ascending time that are asked for. */
export function select<T>(entries: readonly T[], query: HistoryQuery, timeOf: (entry: T) => number): T[] {
  const { from = -Infinity, to = Infinity, newestFirst = false } = query;
  const limit = Math.min(query.limit ?? defaultLimit, mostEntries);
  const within = entries.filter((entry) => timeOf(entry) >= from && timeOf(entry) <= to);
  if (newestFirst) within.reverse();
  return within.slice(0, limit);
}

/** An item with the number that it keeps. */
export interface Numbered<T> {
  readonly number: number;
  readonly item: T;
  /** In what the list's `sizeOf` measures. */
  readonly size: number;
}

/** About how many characters named values have as JSON; a number counts as eight. */
export function sizeOf(values: Readonly<Record<string, unknown>>): number {
  let size = 64;
  for (const name in values) {
    const value = values[name];
    const isLong = typeof value === "string" || typeof value === "object";
    size += name.length + (isLong ? JSON.stringify(value).length : 8);
  }
  return size;
}

/** What a list of recent items keeps: looked up whenever an item comes, for it changes with the number of devices. */
export interface RecentLimits<T> {
  readonly items: number;
  /** In what `sizeOf` measures. */
  readonly size: number;
  sizeOf(item: T): number;
}

/** The last items, within limits of their number and of their size. */
export class Recent<T> {
  readonly #limits: RecentLimits<T>;
  readonly #forgotten: (gone: readonly Numbered<T>[]) => void;
  #size = 0;
  /** By ascending number. */
  #items: Numbered<T>[] = [];
  #next = 0;

  /** @param forgotten told of the items that make room */
  constructor(limits: RecentLimits<T>, forgotten: (gone: readonly Numbered<T>[]) => void = () => {}) {
    this.#limits = limits;
    this.#forgotten = forgotten;
  }

  /** Returns the item's number. */
  push(item: T, number: number = this.#next): number {
    const { items, size: most, sizeOf } = this.#limits;
    const size = sizeOf(item);
    this.#items.push({ number, item, size });
    this.#next = Math.max(this.#next, number + 1);
    this.#size += size;
    // Many in one go: dropping one item at a time would move all the others each time. By number and not by
    // length, so that a cloud started anew, which puts the same items in again, drops them at the same place.
    if ((number + 1) % items === 0) {
      this.#drop(this.#items.findIndex((entry) => entry.number > number - items));
    }
    if (this.#size > most) {
      let gone = 0;
      for (let left = this.#size; left > most / 2 && gone < this.#items.length - 1; gone++) {
        left -= this.#items[gone].size;
      }
      this.#drop(gone);
    }
    return number;
  }

  list(): T[] {
    return this.#items.slice(-this.#limits.items).map(({ item }) => item);
  }

  /** From the newest on. */
  *backwards(): Generator<T> {
    const items = this.#items;
    const first = Math.max(0, items.length - this.#limits.items);
    for (let i = items.length - 1; i >= first; i--) yield items[i].item;
  }

  #drop(count: number): void {
    if (count <= 0) return;
    const gone = this.#items.splice(0, count);
    for (const { size } of gone) this.#size -= size;
    this.#forgotten(gone);
  }

  /** Numbers of all that is held. */
  numbers(): number[] {
    return this.#items.map(({ number }) => number);
  }
}

/** Where a value of this time goes: behind those of the same time. */
function place(values: readonly Reading[], time: number): number {
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
  if (!isObject(given)) return false;
  const names = Object.keys(given);
  return (
    names.length === 2 &&
    names.includes("value") &&
    typeof (given as { quality?: unknown }).quality === "number"
  );
}
