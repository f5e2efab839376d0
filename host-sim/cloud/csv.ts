/**
 * Comma-separated values as RFC 4180 has them. The reader takes these and nothing else: a file of keys that can be
 * taken two ways is refused.
 *
 *     file    = [BOM] record *(newline record) [newline]     newline = CRLF / LF
 *     record  = field *("," field)
 *     field   = *TEXT / DQUOTE *(TEXT / "," / newline / 2DQUOTE) DQUOTE
 *
 * where TEXT is any character but a comma, a double quote, CR and LF. Spaces belong to a field.
 */

/** One record and the line, from 1, that it starts in. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Why a text is no such file; quotes none of it. */
export interface CsvProblem {
  readonly line: number;
  readonly problem: string;
}

/** The records of a file, all with as many fields as the first. Never throws. */
export function readCsv(text: string): readonly CsvRecord[] | CsvProblem {
  const records: CsvRecord[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    const fields: string[] = [];
    for (let more = true; more;) {
      let field: string;
      if (text[at] === '"') {
        const end = closingQuote(text, at + 1);
        if (end < 0) return { line: start, problem: "a double quote is opened and not closed" };
        field = text.slice(at + 1, end).replaceAll('""', '"');
        line += newlines(field);
        at = end + 1;
      } else {
        const end = endOfField(text, at);
        field = text.slice(at, end);
        at = end;
      }
      fields.push(field);
      const next = text[at];
      if (next === ",") {
        at += 1;
      } else {
        more = false;
        if (next === "\n") at += 1;
        else if (next === "\r" && text[at + 1] === "\n") at += 2;
        else if (next === "\r") return { line, problem: "a line ends with CR alone, expected LF or CRLF" };
        else if (next === '"')
          return { line, problem: "a double quote within a field that has none around it" };
        else if (next !== undefined)
          return { line, problem: "something stands behind a closing double quote" };
      }
    }
    line += 1;
    const expected = records[0]?.fields.length ?? fields.length;
    if (fields.length !== expected) {
      return { line: start, problem: `${fields.length} fields, expected ${expected} as in the first line` };
    }
    records.push({ line: start, fields });
  }
  return records;
}

/** Where a quoted field ends, or -1. Doubled quotes stand for one. */
function closingQuote(text: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0 || text[at + 1] !== '"') return at;
  }
}

function endOfField(text: string, from: number): number {
  let at = from;
  while (at < text.length && !',"\r\n'.includes(text[at])) at++;
  return at;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** What a spreadsheet takes for a formula, which a text of somebody else's must not be (CWE-1236). */
const formula = /^[=+\-@\t\r]/;

/**
 * One record with its line end, CRLF. Nothing is an empty cell, an object or a list its JSON. A text that a
 * spreadsheet would take for a formula has an apostrophe before it; a number, which cannot be one, has none.
 */
export function csvRecord(cells: readonly unknown[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
