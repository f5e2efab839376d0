/**
 * Where each row of a sequence chart is: rows of one height, below which what is open takes its room. It holds nothing
 * of the rows that are closed, so a hundred thousand of them cost nothing.
 */
import type { RowSource, SequenceRow } from "./sequence-rows";

/** A row and its place. */
export interface PlacedRow {
  readonly row: SequenceRow;
  /** 1 at the top level, one more within each group. */
  readonly level: number;
  /** Among those of its group, from 1, and how many these are. */
  readonly position: number;
  readonly count: number;
  /** px from the top of all. */
  readonly top: number;
}

/** An open row of the top level. */
interface Opened {
  readonly index: number;
  /** Of a group: its rows. */
  readonly inside: SequenceLayout | undefined;
  /** Rows and px before the row, of what is open above it. */
  readonly rowsBefore: number;
  readonly pxBefore: number;
  readonly rows: number;
  readonly px: number;
}

export class SequenceLayout {
  /** How many rows can be seen, those of open groups included. */
  readonly length: number;
  /** px */
  readonly height: number;
  readonly #source: RowSource;
  readonly #rowHeight: number;
  readonly #level: number;
  readonly #opened: readonly Opened[];

  /**
   * @param rowHeight px
   * @param open keys of open rows, each with the height of what it shows below itself, px; 0 for a group
   */
  constructor(source: RowSource, rowHeight: number, open: ReadonlyMap<string, number>, level = 1) {
    this.#source = source;
    this.#rowHeight = rowHeight;
    this.#level = level;
    const indexes = new Set<number>();
    for (const key of open.keys()) {
      const index = source.indexOf(key);
      if (index >= 0) indexes.add(index);
    }
    const opened: Opened[] = [];
    let rowsBefore = 0;
    let pxBefore = 0;
    for (const index of [...indexes].sort((a, b) => a - b)) {
      const { key, rows: within } = source.row(index);
      const detail = open.get(key);
      // A key of a row inside of a group that is closed opens nothing.
      if (detail === undefined) continue;
      const inside = within && new SequenceLayout(within, rowHeight, open, level + 1);
      const rows = inside?.length ?? 0;
      const px = inside?.height ?? detail;
      opened.push({ index, inside, rowsBefore, pxBefore, rows, px });
      rowsBefore += rows;
      pxBefore += px;
    }
    this.#opened = opened;
    this.length = source.length + rowsBefore;
    this.height = source.length * rowHeight + pxBefore;
  }

  /** The row at a place among all that can be seen. @param place from 0 to below `length` */
  at(place: number): PlacedRow {
    const open = this.#lastOpen(({ index, rowsBefore }) => index + rowsBefore < place);
    if (open !== undefined && place <= open.index + open.rowsBefore + open.rows) {
      const inner = open.inside!.at(place - open.index - open.rowsBefore - 1);
      return { ...inner, top: inner.top + (open.index + 1) * this.#rowHeight + open.pxBefore };
    }
    const index = place - (open === undefined ? 0 : open.rowsBefore + open.rows);
    const row = this.#source.row(index);
    const { level, count } = { level: this.#level, count: this.#source.length };
    return { row, level, position: index + 1, count, top: this.#topOf(index, open) };
  }

  /** Place of the row with this key; -1 where it is not to be seen. */
  placeOf(key: string): number {
    const index = this.#source.indexOf(key);
    if (index < 0) return -1;
    const before = this.#lastOpen((each) => each.index < index);
    const place = index + (before === undefined ? 0 : before.rowsBefore + before.rows);
    if (this.#source.row(index).key === key) return place;
    const within = this.#lastOpen((each) => each.index <= index);
    const inner = within?.index === index ? (within.inside?.placeOf(key) ?? -1) : -1;
    return inner < 0 ? -1 : place + 1 + inner;
  }

  /** Place of the last row that begins at or above a height, px; 0 above all. */
  placeAt(px: number): number {
    let [low, high] = [0, this.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#topAt(middle) <= px) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  #topAt(place: number): number {
    const open = this.#lastOpen(({ index, rowsBefore }) => index + rowsBefore < place);
    if (open === undefined) return place * this.#rowHeight;
    if (place <= open.index + open.rowsBefore + open.rows) {
      const inner = open.inside!.#topAt(place - open.index - open.rowsBefore - 1);
      return inner + (open.index + 1) * this.#rowHeight + open.pxBefore;
    }
    return this.#topOf(place - open.rowsBefore - open.rows, open);
  }

  #topOf(index: number, before: Opened | undefined): number {
    return index * this.#rowHeight + (before === undefined ? 0 : before.pxBefore + before.px);
  }

  /** The last of the open rows for which this holds; it holds for the first ones. */
  #lastOpen(holds: (open: Opened) => boolean): Opened | undefined {
    let [low, high] = [-1, this.#opened.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (holds(this.#opened[middle])) low = middle;
      else high = middle - 1;
    }
    return this.#opened[low];
  }
}
