/** What a chart draws of the values that the page holds. */
import { thinned } from "../../../page/chart-points";
import { gapFrom, usualGap } from "./series";
import { numberOf } from "./points";
import type { ChartSeries } from "../../../page/chart-series";
import type { Range } from "../../../page/chart-time";
import type { Value } from "../../../page/chart-points";
import type { Point } from "./points";
import type { PointSeries } from "./series";

export interface Drawn {
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly gap: number | undefined;
  /** How far apart values usually are, ms. */
  readonly usual: number | undefined;
}

/**
 * The values of a point for a chart, fewer of many. Gaps are found in all values, before some are left out.
 * @param columns about how wide the chart is, CSS pixels
 */
export function drawnSeries(point: Point, held: PointSeries, range: Range, columns: number): Drawn {
  const usual = usualGap(held.times);
  const gap = gapFrom(usual);
  const times: number[] = [];
  const values: Value[] = [];
  held.times.forEach((time, i) => {
    const former = held.times[i - 1];
    if (gap !== undefined && i > 0 && time - former > gap) {
      times.push(point.kind === "named" ? former + gap : (former + time) / 2);
      values.push(null);
    }
    times.push(time);
    values.push(numberOf(point, held.values[i].value));
  });
  const fewer = thinned(times, values, range, columns);
  const look = point.kind === "named" ? "steps" : "line";
  const colour = point.kind === "named" ? "--green" : "--blue";
  return { x: fewer.x, series: [{ name: point.name, colour, look, values: fewer.values }], gap, usual };
}
