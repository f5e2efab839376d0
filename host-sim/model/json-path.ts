/** Where in a text of JSON a path such as `$.measurepoints[3].compact` stands: a fault of a model is shown there. */

/** Offsets in the text, `to` behind the last character. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

const step = /\.([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;
const scalar = /"(?:[^"\\]|\\.)*"|[^\s,:[\]{}"]+/y;

/**
 * The name of the member that a path ends in, or the item: where an editor marks it. Where the path goes on beyond what
 * is there, the last that is.
 *
 * @param text JSON that can be read
 * @param path as faultLine of ./model.ts has it
 */
export function placeOfPath(text: string, path: string): TextRange {
  let at = 1;
  let place = valueAt(text, skip(text, 0));
  let mark: TextRange = { from: place.from, to: Math.min(place.to, place.from + 1) };
  while (at < path.length) {
    step.lastIndex = at;
    const found = step.exec(path);
    if (found === null) break;
    at = step.lastIndex;
    const name = found[1] ?? (found[3] === undefined ? undefined : unquoted(found[3]));
    // Digits name a member too, such as a number of an enum.
    const next =
      name === undefined
        ? (itemOf(text, place, Number(found[2])) ?? memberOf(text, place, found[2]))
        : memberOf(text, place, name);
    if (next === undefined) break;
    ({ place, mark } = next);
  }
  return mark;
}

/** Line and column of an offset, both from 1. */
export function lineOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

interface Found {
  readonly place: TextRange;
  readonly mark: TextRange;
}

function memberOf(text: string, place: TextRange, name: string): Found | undefined {
  if (text[place.from] !== "{") return undefined;
  let at = skip(text, place.from + 1);
  let last: Found | undefined;
  while (text[at] === '"') {
    const key = valueAt(text, at);
    const value = valueAt(text, skip(text, skip(text, key.to) + 1));
    // Of several of one name the last one counts.
    if (unquoted(text.slice(key.from + 1, key.to - 1)) === name) last = { place: value, mark: key };
    at = skip(text, value.to);
    if (text[at] !== ",") break;
    at = skip(text, at + 1);
  }
  return last;
}

function itemOf(text: string, place: TextRange, index: number): Found | undefined {
  if (text[place.from] !== "[") return undefined;
  let at = skip(text, place.from + 1);
  for (let i = 0; text[at] !== "]" && at < place.to; i++) {
    const value = valueAt(text, at);
    if (i === index) {
      const isCompound = text[value.from] === "{" || text[value.from] === "[";
      return { place: value, mark: isCompound ? { from: value.from, to: value.from + 1 } : value };
    }
    at = skip(text, value.to);
    if (text[at] === ",") at = skip(text, at + 1);
  }
  return undefined;
}

/** The value that begins here, whole. A loop, so that no depth overflows the stack. */
function valueAt(text: string, from: number): TextRange {
  let depth = 0;
  let at = from;
  do {
    at = skip(text, at);
    const sign = text[at];
    if (sign === undefined) break;
    if (sign === "{" || sign === "[") {
      depth += 1;
      at += 1;
    } else if (sign === "}" || sign === "]") {
      depth -= 1;
      at += 1;
    } else if (sign === "," || sign === ":") {
      at += 1;
    } else {
      scalar.lastIndex = at;
      at = scalar.test(text) ? scalar.lastIndex : at + 1;
    }
  } while (depth > 0);
  return { from, to: at };
}

/** Behind white space. */
function skip(text: string, at: number): number {
  while (at < text.length && " \t\n\r\ufeff".includes(text[at])) at += 1;
  return at;
}

function unquoted(inner: string): string {
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return inner;
  }
}
