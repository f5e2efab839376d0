/**
 * How values stand in a line of the log, so that its one reader finds where each ends, and nothing from outside can end
 * the line or pass for another one.
 */

/** `name` and the number; nothing when there is no number. */
export function given(name: string, value: number | undefined, unit = ""): string {
  return value === undefined ? "" : name + value + unit;
}

/** `name` and the text; nothing when there is no text. */
export function named(name: string, value: string | undefined): string {
  return value === undefined ? "" : name + bare(value);
}

/** `name` and a duration, off for Infinity; nothing when there is none. */
export function timer(name: string, value: number | undefined): string {
  if (value === undefined) return "";
  return name + (value === Infinity ? "off" : seconds(value));
}

/** A duration, ms, in whole seconds. */
export function seconds(ms: number): string {
  return `${Math.round(ms / 1000)}s`;
}

/** A text or a number as JSON. */
export function quoted(value: string | number): string {
  return oneLine(JSON.stringify(value));
}

/** The text as it is if it has an end that a reader can see, else quoted. */
export function bare(text: string): string {
  if (text === "" || text.charCodeAt(0) === 0x22) return quoted(text);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return quoted(text);
  }
  return text;
}

/**
 * The text as it is shown: with `\u` and four hex digits for every character that ends a line, steers a terminal,
 * turns the direction of writing, or cannot be seen. A JSON string stays the same string.
 */
export function oneLine(text: string): string {
  let i = 0;
  while (i < text.length && !steers(text.charCodeAt(i))) i++;
  if (i === text.length) return text;
  let out = "";
  for (i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    out += steers(code) ? escaped(code) : text.charAt(i);
  }
  return out;
}

function escaped(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Controls (C0, DEL, C1), line ends, and marks of direction or without width. */
function steers(code: number): boolean {
  if (code < 0x7f) return code < 0x20;
  if (code < 0xa0 || code === 0xad || code === 0x61c || code === 0xfeff) return true;
  if (code < 0x200b || code > 0x2069) return false;
  return code <= 0x200f || code >= 0x2060 || (code >= 0x2028 && code <= 0x202e);
}
