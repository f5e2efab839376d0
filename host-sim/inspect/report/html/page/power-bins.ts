/**
 * Power steps as mean powers of equal stretches of time, one series for each state. Means, not samples: a
 * transmission of a second is there in a plot of a month, and the area under the curve is its energy.
 */
import type { PowerState, StepColumns } from "../run-data";
import { summedUp } from "./unpack";

/** A part's steps, with their times summed up, ms. */
export interface Steps {
  readonly time: Float64Array;
  readonly state: readonly number[];
}

export function stepsOf(columns: StepColumns): Steps {
  return { time: summedUp(columns.time).map((micros) => micros / 1000), state: columns.state };
}

/**
 * Mean watts by state and bin over `from`..`to` ms, cut into `count` bins. What lies beyond `end`, where
 * the run is over, counts nothing.
 */
export function binPower(
  parts: readonly Steps[],
  states: readonly PowerState[],
  range: { from: number; to: number; end: number },
  count: number,
): Float64Array[] {
  const { from, to, end } = range;
  const width = (to - from) / count;
  const bins = states.map(() => new Float64Array(count));
  for (const { time, state } of parts) {
    for (let i = firstWithin(time, from); i < time.length && time[i] < to; i++) {
      const begins = Math.max(time[i], from);
      const ends = Math.min(i + 1 < time.length ? time[i + 1] : end, to, end);
      const { watts } = states[state[i]];
      const into = bins[state[i]];
      // A step may cover many bins, and a bin many steps.
      for (let bin = Math.floor((begins - from) / width); bin < count; bin++) {
        const left = Math.max(begins, from + bin * width);
        const right = Math.min(ends, from + (bin + 1) * width);
        if (right > left) into[bin] += (watts * (right - left)) / width;
        if (from + (bin + 1) * width >= ends) break;
      }
    }
  }
  return bins;
}

/** The last step that began at or before `from`, or the first. */
function firstWithin(time: Float64Array, from: number): number {
  let [low, high] = [0, time.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle] <= from) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
