/**
 * Lists as JSON, as CSV and as JSON lines, whichever the caller asks for: by `?format=`, or by the Accept header
 * (RFC 9110 section 12.5.1). CSV and JSON lines go out row by row as the caller reads them; no text of all rows is
 * ever built.
 */
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { csvRecord } from "../csv";
import { Problem } from "./problem";
import { mostRows } from "./schemas/rows";
import type { Format } from "./schemas/rows";

const types: ReadonlyMap<string, Format> = new Map(
  Object.entries<Format>({
    "application/json": "json",
    "text/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/*": "json",
    "text/*": "csv",
    "*/*": "json",
  }),
);

const sentAs = {
  csv: "text/csv; charset=utf-8; header=present",
  jsonl: "application/x-ndjson; charset=utf-8",
} as const;

/** Characters that go out at a time. */
const chunk = 16_384;

/**
 * The format that a request asks for.
 * @throws Problem 406 when it takes none of them
 */
export function formatOf({ headers, query }: FastifyRequest): Format {
  const { format: asked } = query as { format?: Format };
  if (asked !== undefined) return asked;
  const { accept } = headers;
  if (accept === undefined || accept.trim() === "") return "json";
  let best: Format | undefined;
  let weight = 0;
  for (const part of accept.slice(0, 1024).split(",")) {
    const [type, ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
    const format = types.get(type);
    const q = parameters.find((each) => each.startsWith("q="));
    const own = q === undefined ? 1 : Number(q.slice(2));
    if (format === undefined || !(own > weight)) continue;
    best = format;
    weight = own;
  }
  if (best !== undefined) return best;
  throw new Problem(406, "Accept: there is application/json, text/csv and application/x-ndjson, or ?format=");
}

/** @throws Problem when more entries are asked for than the format may have */
export function checkLimit(limit: number, format: Format): void {
  const most = mostRows[format];
  if (limit <= most) return;
  throw new Problem(
    400,
    `query.limit: expected a whole number from 1 to ${most} for json; got ${limit}; csv and jsonl take ${mostRows.csv}`,
  );
}

/** A column of CSV: its name, and its cell of a row. */
export type Column<Row> = readonly [name: string, cell: (row: Row) => unknown];

/**
 * Sends rows as CSV or JSON lines, as fast as they are read.
 * @param name of the file that a browser saves, without its ending
 */
export function sendRows<Row extends object>(
  reply: FastifyReply,
  format: "csv" | "jsonl",
  name: string,
  rows: Iterable<Row>,
  columns: readonly Column<Row>[],
): FastifyReply {
  const lines = format === "csv" ? csvLines(rows, columns) : jsonLines(rows);
  const file = `${name.replace(/[^A-Za-z0-9._-]/g, "_")}.${format}`;
  return reply
    .type(sentAs[format])
    .header("content-disposition", `attachment; filename="${file}"`)
    .send(Readable.from(chunksOf(lines), { objectMode: false }));
}

/** A time as CSV has it: ISO 8601 in UTC, which spreadsheets read; a number that no date has, as it is. */
export function isoTime(time: number | undefined): string | number | undefined {
  if (time === undefined) return undefined;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toISOString();
}

function* csvLines<Row>(rows: Iterable<Row>, columns: readonly Column<Row>[]): Generator<string> {
  yield csvRecord(columns.map(([name]) => name));
  for (const row of rows) yield csvRecord(columns.map(([, cell]) => cell(row)));
}

function* jsonLines(rows: Iterable<object>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

function* chunksOf(lines: Iterable<string>): Generator<Buffer> {
  let waiting = "";
  for (const line of lines) {
    waiting += line;
    if (waiting.length < chunk) continue;
    yield Buffer.from(waiting);
    waiting = "";
  }
  if (waiting !== "") yield Buffer.from(waiting);
}
