/** The values of one measure point that the page holds: by time, bounded, with what comes live. */
import { when } from "../../../registry/reading-time";
import type { StoredPoint } from "../../../registry/history";

/** Values that are held: what one answer of the API has, and what comes live on top. */
export const mostHeld = 12_000;
/** Gaps between values that the usual one is the middle of. */
const looked = 48;

export class PointSeries {
  readonly #times: number[] = [];
  readonly #values: StoredPoint[] = [];

  get length(): number {
    return this.#times.length;
  }

  /** Epoch ms, ascending. */
  get times(): readonly number[] {
    return this.#times;
  }

  get values(): readonly StoredPoint[] {
    return this.#values;
  }

  /** Puts a value in by its own time; one of the same time and arrival is there already. */
  add(value: StoredPoint): void {
    const time = when(value);
    let place = this.#times.length;
    while (place > 0 && this.#times[place - 1] > time) place -= 1;
    for (let i = place - 1; i >= 0 && this.#times[i] === time; i--) {
      if (this.#values[i].at === value.at) return;
    }
    this.#times.splice(place, 0, time);
    this.#values.splice(place, 0, value);
    if (this.#times.length > mostHeld) {
      this.#times.shift();
      this.#values.shift();
    }
  }
}

/**
 * How far apart values usually are: the middle one of the last gaps, ms; undefined for fewer than three values.
 * @param times epoch ms, ascending
 */
export function usualGap(times: readonly number[]): number | undefined {
  const gaps: number[] = [];
  for (let i = Math.max(1, times.length - looked); i < times.length; i++) {
    if (times[i] > times[i - 1]) gaps.push(times[i] - times[i - 1]);
  }
  if (gaps.length < 2) return undefined;
  gaps.sort((a, b) => a - b);
  return gaps[gaps.length >> 1];
}

/** From how far apart on values have a gap between them in a chart, ms. */
export function gapFrom(usual: number | undefined): number | undefined {
  return usual === undefined ? undefined : Math.max(3.5 * usual, 2_000);
}

/**
 * Whether a value is older than its usual gap lets one expect.
 * @param time of the value, epoch ms
 * @param now epoch ms
 */
export function isOverdue(time: number, now: number, usual: number | undefined): boolean {
  return usual !== undefined && now - time > Math.max(3 * usual, 10_000);
}
