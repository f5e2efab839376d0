/** The rows of a run as the sequence chart takes them: an exchange in one row, a sleep with its length, shapes to compare. */
import { Shapes } from "../../../../cloud/page/repeats";
import type { RunRows } from "./run-rows";

export class Entries {
  readonly rows: RunRows;
  /** By raw row: ms that a sleep lasts that begins there, 0 for any other row. */
  readonly #sleeps: Float64Array;
  /** By raw row: 1 for a datagram that another row of its exchange shows. */
  readonly #within: Uint8Array;
  /** Rows without any filter. */
  readonly count: number;
  /** By raw row: equal numbers for rows that say the same but for their numbers. */
  readonly shapes: Int32Array;

  constructor(rows: RunRows) {
    this.rows = rows;
    this.#sleeps = sleepsOf(rows);
    this.#within = new Uint8Array(rows.length);
    this.shapes = new Int32Array(rows.length);
    const shapes = new Shapes();
    const byText = new Map<number, number>();
    for (let row = 0; row < rows.length; row++) {
      const kind = rows.kind(row);
      if (kind === "air") this.shapes[row] = shapes.numberOf(this.#datagramShape(row));
      else if (kind === "at") this.shapes[row] = shapes.numberOf("AT");
      else {
        const text = rows.value(row);
        let shape = byText.get(text);
        if (shape === undefined) {
          shape = shapes.numberOf(`${kind} ${rows.text(row).replace(/\d+/g, "0")}`);
          byText.set(text, shape);
        }
        this.shapes[row] = shape;
      }
    }
    this.count = this.#within.reduce((count, within) => count - within, rows.length);
  }

  /** Another row of its exchange shows it. */
  isWithinAnother(row: number): boolean {
    return this.#within[row] === 1;
  }

  /** A request and its answer, both of which arrived, in one row. */
  isExchange(row: number): boolean {
    const { rows } = this;
    if (rows.kind(row) !== "air") return false;
    const exchange = rows.exchangeOf(rows.value(row));
    return (
      exchange.length === 2 &&
      rows.rowOf(exchange[0]) === row &&
      exchange.every((datagram) => !rows.isTrouble(rows.rowOf(datagram)))
    );
  }

  /** ms that a sleep lasts which begins there; 0: none. */
  sleep(row: number): number {
    return this.#sleeps[row];
  }

  /** Something went wrong in that row; in an exchange, that it was refused. */
  isTrouble(row: number): boolean {
    if (this.rows.isTrouble(row)) return true;
    if (!this.isExchange(row)) return false;
    const answer = this.rows.message(this.rows.exchangeOf(this.rows.value(row))[1]);
    return answer !== undefined && answer.code >= 0x80;
  }

  #datagramShape(row: number): string {
    const { rows } = this;
    const datagram = rows.value(row);
    const { datagrams } = rows.run.data;
    if (this.isExchange(row)) {
      const answer = rows.exchangeOf(datagram)[1];
      this.#within[rows.rowOf(answer)] = 1;
      return `exchange ${rows.text(row)} ${rows.message(answer)?.code}`;
    }
    const cause = rows.text(row).replace(/\d+/g, "0");
    return `${datagrams.up[datagram]} ${cause} ${datagrams.loss[datagram]} ${datagrams.duplicate[datagram]}`;
  }
}

const beginsSleep = { modem: /^asleep/, board: /^asleep/ } as const;
const endsSleep = { modem: /^(?:awake|power)/, board: /^(?:awake|power|started|restarted)/ } as const;

/** How long each sleep of modem and board lasts, at the row where it begins. */
function sleepsOf(rows: RunRows): Float64Array {
  const lengths = new Float64Array(rows.length);
  const since: { modem: number; board: number } = { modem: -1, board: -1 };
  for (let row = 0; row < rows.length; row++) {
    const kind = rows.kind(row);
    if (kind !== "modem" && kind !== "board") continue;
    const text = rows.text(row);
    if (since[kind] >= 0 && endsSleep[kind].test(text)) {
      lengths[since[kind]] = rows.times[row] - rows.times[since[kind]];
      since[kind] = -1;
    }
    if (beginsSleep[kind].test(text)) since[kind] = row;
  }
  for (const kind of ["modem", "board"] as const) {
    if (since[kind] >= 0) lengths[since[kind]] = Math.max(1, rows.run.data.end - rows.times[since[kind]]);
  }
  return lengths;
}
