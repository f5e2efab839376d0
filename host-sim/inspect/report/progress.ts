/**
 * How far a command is that takes its time, and about how long it will go on: on a terminal one line that goes
 * without a trace, elsewhere a plain line now and then.
 *
 *     [####............] 25 %, about 40 s left · 3 of 11: readings as compact
 *
 * Results go to stdout and this to stderr. Where both are one terminal, `clear` comes before each line of a result.
 */
import { StatusLine } from "./status-line";
import type { Terminal } from "./status-line";

/** ms until the first line, and between two on a terminal. */
const firstAfter = 500;
const every = 150;
/** Elsewhere: until the first line, and between two, which grows with the time that it takes. */
const firstPlainAfter = 1_000;
const everyPlain = 10_000;
const plainShare = 0.1;
/** Nobody can say how long it takes before so much time or so small a share of the work. */
const soonestEstimate = 800;
const leastShare = 0.02;
/** Until then at least the time goes by to be seen. */
const soonestElapsed = 2_000;
const width = 16;

/** A length of time ahead, in its largest unit or two: `8 s`, `3 min`, `1 h 20 min`. */
export function ahead(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a progress may be given. */
export interface ProgressOptions {
  /** Shows the time going by, too, while the command waits for others: not where it measures its own time. */
  readonly ticks?: boolean;
  /** ms, for tests. */
  readonly now?: () => number;
}

/** The progress of one command. */
export class Progress {
  readonly #stream: Terminal | undefined;
  readonly #line: StatusLine;
  readonly #now: () => number;
  readonly #started: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #next: number;
  #share: number | undefined;
  #text: string | (() => string) = "";

  /** @param stream where to show it; undefined for nowhere */
  constructor(
    stream: Terminal | undefined,
    { ticks = false, now = () => performance.now() }: ProgressOptions = {},
  ) {
    this.#stream = stream;
    this.#line = new StatusLine(stream);
    this.#now = now;
    this.#started = now();
    this.#next = this.#started + (this.#line.isSeen ? firstAfter : firstPlainAfter);
    if (ticks && stream !== undefined) {
      this.#timer = setInterval(() => this.#look(), every).unref();
    }
  }

  /**
   * A part of the work begins that may take long: this is shown at once, unless a plain line was written just now.
   *
   * @param share of all work that is done, 0 to 1; undefined where nobody knows
   */
  begin(share: number | undefined, text: string): void {
    this.#share = share;
    this.#text = text;
    const isFirst = this.#next === this.#started + firstPlainAfter;
    if (this.#line.isSeen || isFirst || this.#now() >= this.#next) this.#show();
  }

  /** The part that began last goes on with something else. */
  go(text: string): void {
    this.begin(this.#share, text);
  }

  /** What goes on: shown when its time has come. @param text made only then */
  tell(share: number | undefined, text: string | (() => string)): void {
    if (this.#stream === undefined) return;
    this.#share = share;
    this.#text = text;
    if (this.#now() >= this.#next) this.#show();
  }

  /** Makes room for what else is printed, and stands behind it again. */
  over(print: () => void): void {
    const wasShown = this.#line.isShown;
    this.#line.clear();
    print();
    if (wasShown) this.#show();
    // Elsewhere than on a terminal a line of the result says as well that it goes on.
    else if (!this.#line.isSeen) this.#next = Math.max(this.#next, this.#now() + everyPlain);
  }

  /** Takes the line away before something else is printed. */
  clear(): void {
    this.#line.clear();
  }

  /** It is over, or was given up. */
  end(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }

  #look(): void {
    if (this.#text !== "" && this.#now() >= this.#next) this.#show();
  }

  #show(): void {
    if (this.#stream === undefined) return;
    const now = this.#now();
    const elapsed = now - this.#started;
    const line = this.#lineAt(elapsed);
    if (this.#line.isSeen) {
      this.#next = now + every;
      this.#line.show(line);
      return;
    }
    this.#next = now + Math.max(everyPlain, plainShare * elapsed);
    this.#stream.write(`${line.replace(/^\[.*?\] /, "")}\n`);
  }

  #lineAt(elapsed: number): string {
    const share = this.#share;
    const text = typeof this.#text === "string" ? this.#text : this.#text();
    if (share === undefined) return `${ahead(elapsed)} so far · ${text}`;
    const part = Math.min(1, Math.max(0, share));
    const filled = Math.floor(part * width);
    const bar = `[${"#".repeat(filled)}${".".repeat(width - filled)}]`;
    const isKnown = elapsed >= soonestEstimate && part >= leastShare && part < 1;
    const left = isKnown ? `, about ${ahead((elapsed * (1 - part)) / part)} left` : "";
    const soFar = !isKnown && elapsed >= soonestElapsed ? `, ${ahead(elapsed)} so far` : "";
    return `${bar} ${Math.floor(100 * part)} %${left}${soFar} · ${text}`;
  }
}
