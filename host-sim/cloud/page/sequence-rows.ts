/** What a sequence chart shows: rows, made when they come into view, from whatever holds them. */

/** Colours of arrows and codes; a text always says the same. */
export type Tone = "request" | "success" | "client" | "server" | "other";

/** From one lifeline to another, counted from the left. */
export interface SequenceArrow {
  readonly from: number;
  /** Equal to `from`: something that happens there. */
  readonly to: number;
  /** Lost: it ends on its way, at `to`. Again: the same went there before. */
  readonly mark?: "lost" | "again";
  readonly tone?: Tone;
}

export interface RowMark {
  readonly kind: "lost" | "again" | "sleep" | "trouble";
  readonly text: string;
}

export interface SequenceRow {
  /** Names the row for as long as it is there, also in an address; no other row of the chart has it, on any level. */
  readonly key: string;
  /** As shown. */
  readonly time: string;
  /** In full, for who points at it. */
  readonly longTime?: string;
  readonly arrows: readonly SequenceArrow[];
  readonly text: string;
  /** Of an answer, such as `4.01 Unauthorized`. */
  readonly code?: { readonly text: string; readonly tone: Tone };
  /** Behind all of that, as far as there is room: what is in it. */
  readonly more?: string;
  /** At the right edge: size, time under way. */
  readonly note?: string;
  readonly marks: readonly RowMark[];
  /** Over all lifelines, in place of arrows. */
  readonly band?: "sleep";
  /** For style sheets, as `data-kind`. */
  readonly kind?: string;
  /** The rows of a group, which open below it. */
  readonly rows?: RowSource;
  /** Whether there is more to see of it; not of a group. */
  readonly opens: boolean;
}

/** Rows in their order. A source whose rows have changed is another object. */
export interface RowSource {
  readonly length: number;
  /** @param i from 0 to below `length` */
  row(i: number): SequenceRow;
  /** Where the row with this key is, or the group that has it inside; -1: nowhere. */
  indexOf(key: string): number;
}

/** A source over an array. */
export function rowsOf(rows: readonly SequenceRow[]): RowSource {
  return {
    length: rows.length,
    row: (i) => rows[i],
    indexOf: (key) =>
      rows.findIndex((row) => row.key === key || (row.rows !== undefined && row.rows.indexOf(key) >= 0)),
  };
}
