/**
 * Histograms of a fleet, of the well-kept library's kind (HdrHistogram), in the range and precision that all of them have
 * here, so that any two can be added and the sum is the same bytes in whatever order.
 */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import type { Histogram } from "hdr-histogram-js";

export type { Histogram } from "hdr-histogram-js";

/** Largest value that is told from others: in ms, 34 years. */
const most = 2 ** 40;
/** Longest text of one: with all its bins it has 20,000 characters. */
const longestText = 100_000;

/** An empty one: whole values from 0 to 2^40, within a hundredth. */
export function newHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: most,
    numberOfSignificantValueDigits: 2,
    useWebAssembly: false,
  });
}

/** Counts a value; one beyond the range as the largest. */
export function count(histogram: Histogram, value: number): void {
  histogram.recordValue(Math.max(0, Math.min(most, Math.round(value))));
}

/** As text, for a result. */
export function textOf(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** Out of such a text; undefined for one that is none. Never throws. */
export function histogramOf(text: unknown): Histogram | undefined {
  if (typeof text !== "string" || text.length > longestText) return undefined;
  try {
    const read = decodeFromCompressedBase64(text, 64, false);
    const whole = newHistogram();
    whole.add(read);
    return whole;
  } catch {
    return undefined;
  }
}
