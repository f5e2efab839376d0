/** One line at the bottom of a terminal that is written over again and again, and goes without a trace. */

/** What it needs of a stream. */
export type Terminal = Pick<NodeJS.WriteStream, "write" | "isTTY"> & { readonly columns?: number };

/** Where a terminal does not tell how wide it is. */
const usualWidth = 80;

/** The line; nothing is written where the stream is no terminal. */
export class StatusLine {
  readonly #stream: Terminal | undefined;
  #shown = "";

  constructor(stream: Terminal | undefined) {
    this.#stream = stream?.isTTY === true ? stream : undefined;
  }

  /** Whether it can be seen. */
  get isSeen(): boolean {
    return this.#stream !== undefined;
  }

  /** Whether there is something in it. */
  get isShown(): boolean {
    return this.#shown !== "";
  }

  /** Puts a text in the place of the one before, cut to the terminal's width. */
  show(text: string): void {
    if (this.#stream === undefined) return;
    // The last column stays free: a line that fills it would go on below.
    const width = Math.max(1, (this.#stream.columns || usualWidth) - 1);
    const line = text.length > width ? `${text.slice(0, width - 1)}…` : text;
    if (line === this.#shown) return;
    this.#stream.write(`\r${line.padEnd(this.#shown.length)}`);
    this.#shown = line;
  }

  /** Takes it away, so that something else can be printed. */
  clear(): void {
    if (this.#shown === "") return;
    this.#stream?.write(`\r${" ".repeat(this.#shown.length)}\r`);
    this.#shown = "";
  }
}
