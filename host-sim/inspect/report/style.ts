/** Colours for a terminal, and none where nobody sees them. */

/** Paints a text; `plain` leaves it as it is. */
export interface Palette {
  dim(text: string): string;
  bold(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
  cyan(text: string): string;
  magenta(text: string): string;
}

function painter(open: number, close: number): (text: string) => string {
  return (text) => `\u001b[${open}m${text}\u001b[${close}m`;
}

const colours: Palette = {
  dim: painter(2, 22),
  bold: painter(1, 22),
  green: painter(32, 39),
  yellow: painter(33, 39),
  red: painter(31, 39),
  cyan: painter(36, 39),
  magenta: painter(35, 39),
};

const same = (text: string): string => text;
const plain: Palette = {
  dim: same,
  bold: same,
  green: same,
  yellow: same,
  red: same,
  cyan: same,
  magenta: same,
};

/** Colours when the stream is a terminal and the user has not asked for none (https://no-color.org). */
export function paletteFor(stream: { isTTY?: boolean }): Palette {
  return stream.isTTY === true && (process.env.NO_COLOR ?? "") === "" ? colours : plain;
}

/** Columns of a terminal; undefined for a pipe or a file, where nothing has to be cut off. */
export function columnsOf(stream: { isTTY?: boolean; columns?: number }): number | undefined {
  return stream.isTTY === true ? stream.columns || 80 : undefined;
}
