/** The part of the run that all plots over time show, and who wants to hear when it changes. */
export class TimeRange {
  /** ms */
  readonly end: number;
  #from = 0;
  #to: number;
  readonly #listeners: (() => void)[] = [];

  constructor(end: number) {
    this.end = Math.max(1, end);
    this.#to = this.end;
  }

  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Moves to a part of the run: within it, and no shorter than 100 ms. */
  set(from: number, to: number): void {
    const length = Math.min(this.end, Math.max(100, to - from));
    const begins = Math.min(Math.max(0, from), this.end - length);
    if (begins === this.#from && begins + length === this.#to) return;
    this.#from = begins;
    this.#to = begins + length;
    for (const listener of this.#listeners) listener();
  }

  /** Makes it `factor` times as long, around its middle. */
  zoom(factor: number): void {
    const middle = (this.#from + this.#to) / 2;
    const half = (Math.max(100, this.#to - this.#from) * factor) / 2;
    this.set(middle - half, middle + half);
  }

  /** Moves by a share of its length. */
  shift(share: number): void {
    const by = share * (this.#to - this.#from);
    this.set(this.#from + by, this.#to + by);
  }
}
