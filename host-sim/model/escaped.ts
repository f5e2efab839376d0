/**
 * What strangers wrote, as it is shown to people: on a terminal, in a page, in a line of a fault. Every place
 * that shows such text passes it through here.
 */

/**
 * Controls (C0, DEL, C1), which steer a terminal; what turns the direction of writing or cannot be seen, which makes
 * one text pass for another; what ends a line; and what stands for bytes that were no text.
 */
const unseen =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffd]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text with everything unseen as `\u` and four hex digits: one line that says what is there. */
export function escaped(text: string): string {
  return text.replace(unseen, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same for a text of several lines, whose line ends and tabs stay. */
export function escapedLines(text: string): string {
  return text.replace(unseen, (c) => (c === "\n" || c === "\t" ? c : escaped(c)));
}
