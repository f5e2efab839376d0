/**
 * What the sequence chart shows of a run: the entries that the filter lets through, and what repeats as one row that
 * opens. Rows are made when they come into view; all else is numbers.
 *
 *     entries     exchange, cloud, log, asleep 14 min, awake, AT, exchange, cloud, log, asleep 14 min, awake, ...
 *     shown       report -> 2.04, 96 times, 0.8 to 2.1 s
 *
 * Datagrams and trouble decide what repeats; the lines of log and modem between them go along.
 */
import { repeatsOf } from "../../../../cloud/page/repeats";
import { rowOfEntry, rowOfGroup } from "./row-texts";
import type { RowKind } from "../run-data";
import type { Entries } from "./entries";
import type { Group } from "./row-texts";
import type { RowSource, SequenceRow } from "../../../../cloud/page/sequence-rows";

/** Rows in a round, at most: exchanges, and the lines of a contact in a log without datagrams. */
const longestRound = { exchanges: 8, lines: 48 } as const;

export interface RowFilter {
  readonly kinds: ReadonlySet<RowKind>;
  readonly onlyTrouble: boolean;
  /** Only rows with this text, however it is written; empty for all. */
  readonly text: string;
  /** What repeats as one row. */
  readonly fold: boolean;
}

/** The rows to show. */
export function chartRows(all: Entries, filter: RowFilter): ChartRows {
  const entries = filtered(all, filter);
  return new ChartRows(all, entries, filter.fold ? groupsOf(all, entries) : []);
}

/** Entries and groups of them, as rows. */
export class ChartRows implements RowSource {
  readonly #all: Entries;
  readonly #entries: Int32Array;
  readonly #groups: readonly Group[];
  /** By group: its place among the rows that are shown. */
  readonly #places: Int32Array;
  readonly length: number;
  /** Entries that the filter let through, those within groups among them. */
  readonly count: number;

  constructor(all: Entries, entries: Int32Array, groups: readonly Group[]) {
    this.#all = all;
    this.#entries = entries;
    this.#groups = groups;
    let folded = 0;
    this.#places = Int32Array.from(groups, ({ from, to }) => {
      const place = from - folded;
      folded += to - from - 1;
      return place;
    });
    this.length = entries.length - folded;
    this.count = entries.length;
  }

  row(place: number): SequenceRow {
    const number = lastAtOrBelow(this.#places, place);
    if (number < 0) return rowOfEntry(this.#all, this.#entries[place]);
    const group = this.#groups[number];
    if (this.#places[number] === place) {
      const inside = this.#entries.subarray(group.from, group.to);
      return rowOfGroup(this.#all, group, inside, new ChartRows(this.#all, inside, []));
    }
    return rowOfEntry(this.#all, this.#entries[group.to + place - this.#places[number] - 1]);
  }

  /** A row within a group has the group's place. */
  indexOf(key: string): number {
    const match = /^([rg])(\d{1,9})$/.exec(key);
    if (match === null) return -1;
    const row = Number(match[2]);
    const entry = lastAtOrBelow(this.#entries, row);
    if (entry < 0 || this.#entries[entry] !== row) return -1;
    const place = this.#placeOf(entry);
    return match[1] === "r" || this.row(place).key === key ? place : -1;
  }

  /** The key of the first row at or after a time, ms, or of the last one; undefined where there is none. */
  keyAt(time: number): string | undefined {
    if (this.length === 0) return undefined;
    const { times } = this.#all.rows;
    const entry = this.#entries.findIndex((row) => times[row] >= time);
    const place = entry < 0 ? this.length - 1 : this.#placeOf(entry);
    return this.row(place).key;
  }

  #placeOf(entry: number): number {
    let folded = 0;
    for (const [number, { from, to }] of this.#groups.entries()) {
      if (from > entry) break;
      if (entry < to) return this.#places[number];
      folded += to - from - 1;
    }
    return entry - folded;
  }
}

function filtered(all: Entries, { kinds, onlyTrouble, text }: RowFilter): Int32Array {
  const { rows } = all;
  const wanted = text.trim().toLowerCase();
  const matching =
    wanted === ""
      ? undefined
      : Uint8Array.from(rows.run.data.texts, (each) => (each.toLowerCase().includes(wanted) ? 1 : 0));
  const entries = new Int32Array(rows.length);
  let count = 0;
  for (let row = 0; row < rows.length; row++) {
    if (all.isWithinAnother(row) || !kinds.has(rows.kind(row))) continue;
    if (onlyTrouble && !all.isTrouble(row)) continue;
    if (matching !== undefined && !contains(all, row, wanted, matching)) continue;
    entries[count++] = row;
  }
  return entries.subarray(0, count);
}

/** @param matching by text: 1 for those that contain what is wanted */
function contains(all: Entries, row: number, wanted: string, matching: Uint8Array): boolean {
  const { rows } = all;
  const value = rows.value(row);
  switch (rows.kind(row)) {
    case "air": {
      const { text, code } = rowOfEntry(all, row);
      return `${text} ${code?.text ?? ""}`.toLowerCase().includes(wanted);
    }
    case "at":
      return rows.lines(value).some((line) => line.text.toLowerCase().includes(wanted));
    default:
      return matching[value] === 1;
  }
}

function groupsOf(all: Entries, entries: Int32Array): Group[] {
  const { rows } = all;
  let keys: number[] = [];
  for (let i = 0; i < entries.length; i++) if (decides(all, entries[i])) keys.push(i);
  const haveDatagrams = keys.some((i) => rows.kind(entries[i]) === "air");
  if (!haveDatagrams) {
    keys = [];
    for (let i = 0; i < entries.length; i++) if (all.sleep(entries[i]) === 0) keys.push(i);
  }
  const shapes = keys.map((i) => all.shapes[entries[i]]);
  // What belongs to a key begins behind the last sleep before it.
  const begins = (key: number): number => {
    if (key === keys.length) return entries.length;
    const before = key === 0 ? -1 : keys[key - 1];
    for (let i = keys[key] - 1; i > before; i--) if (all.sleep(entries[i]) > 0) return i + 1;
    return keys[key];
  };
  const longest = haveDatagrams ? longestRound.exchanges : longestRound.lines;
  return repeatsOf(shapes, { longest }).map(({ from, to, period, times }) => ({
    from: begins(from),
    to: begins(to),
    times,
    round: keys.slice(from, from + period).map((i) => entries[i]),
    keys: keys.slice(from, to).map((i) => entries[i]),
  }));
}

function decides(all: Entries, row: number): boolean {
  return all.rows.kind(row) === "air" || all.rows.isTrouble(row);
}

/** Place of the last number in a sorted list that is no larger; -1 where all are. */
function lastAtOrBelow(sorted: Int32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
