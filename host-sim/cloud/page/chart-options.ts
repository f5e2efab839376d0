/** A chart's settings for uPlot: axes and series in the theme's colours. */
import uPlot from "uplot";
import { extentIn, stackedUp, withGaps } from "./chart-points";
import { valueRange, valueTicks } from "./chart-scale";
import { clockTicks, sinceTicks } from "./chart-time";
import { colour } from "./theme";
import { escapedLines } from "../../model/escaped";
import type { ChartProps, ChartSeries } from "./chart-series";
import type { Tick } from "./chart-scale";

/** CSS pixels that a tick's text wants. */
const tickSpace = { clock: 74, since: 78, category: 54, value: 30 } as const;
const font = '11px system-ui, -apple-system, "Segoe UI", sans-serif';
/** CSS pixels between points from which on each is marked. */
const markSpace = 14;

/** Which series each of uPlot's is: a stack is painted from its top, each hiding its part of the one before. */
function orderOf({ series, isStacked = false }: ChartProps): number[] {
  const order = series.map((_, i) => i);
  return isStacked ? order.reverse() : order;
}

/** What uPlot is given to draw. */
export function drawn(props: ChartProps): uPlot.AlignedData {
  const { x, series, isStacked = false, gap, until } = props;
  let columns: readonly ArrayLike<number | null>[] = series.map(({ values }) => values);
  if (isStacked) columns = stackedUp(columns);
  let places: ArrayLike<number> = x;
  if (gap !== undefined) ({ x: places, columns } = withGaps(x, columns, gap));
  if (until !== undefined && places.length > 0 && until > places[places.length - 1]) {
    const holds = ({ look }: ChartSeries): boolean => look === "steps" || look === "area";
    places = [...Array.from(places), until];
    columns = columns.map((values, i) => {
      const last = values[values.length - 1] ?? null;
      return [...Array.from(values), holds(series[i]) ? last : null];
    });
  }
  return [places, ...orderOf(props).map((i) => columns[i])] as unknown as uPlot.AlignedData;
}

/**
 * The settings. What changes from draw to draw is looked up.
 * @param latest the properties as they are then
 */
export function optionsOf(
  latest: () => ChartProps,
  size: { readonly width: number },
  hooks: uPlot.Hooks.Arrays,
): uPlot.Options {
  const props = latest();
  const { height, isSmall = false, onRange, group } = props;
  return {
    width: size.width,
    height,
    legend: { show: false },
    // On the right, half of a tick's text may stand beyond the plot.
    padding: [8, isSmall ? 20 : 24, 0, 0],
    cursor: {
      show: !isSmall,
      y: false,
      drag: { x: onRange !== undefined, y: false, setScale: false },
      hover: { prox: 40 },
      points: { show: props.isStacked !== true, size: 7 },
      bind: { dblclick: () => () => null },
      ...(group === undefined ? {} : { sync: { key: group, scales: ["x", null] } }),
    },
    scales: {
      x: { time: false, auto: false, range: () => [latest().range.from, latest().range.to] },
      y: { auto: true, range: (plot) => shownValues(plot.data, latest()) },
    },
    axes: [timeAxis(latest), valueAxis(latest)],
    series: [{}, ...orderOf(props).map((i) => seriesOf(props.series[i], props))],
    hooks,
  };
}

/** The part of the axis of values that what is in view needs. */
function shownValues(data: uPlot.AlignedData, props: ChartProps): [number, number] {
  const [x, ...columns] = data as unknown as ArrayLike<number | null>[];
  let least: number | undefined;
  let most: number | undefined;
  for (const column of columns) {
    const extent = extentIn(x as ArrayLike<number>, column, props.range);
    if (extent === undefined) continue;
    least = Math.min(least ?? Infinity, extent.least);
    most = Math.max(most ?? -Infinity, extent.most);
  }
  return valueRange(least, most, props);
}

function line(): { stroke: string; width: number } {
  return { stroke: colour("--line"), width: 1 };
}

/** uPlot asks for the places first and for the texts then. */
function ticksOf(
  find: (low: number, high: number, most: number) => Tick[],
  space: number,
): Partial<uPlot.Axis> {
  let ticks: Tick[] = [];
  return {
    splits: (plot, axis, low, high) => {
      const across = axis === 0 ? plot.bbox.width : plot.bbox.height;
      ticks = find(low, high, Math.max(1, Math.floor(across / uPlot.pxRatio / space)));
      return ticks.map(({ at }) => at);
    },
    // A canvas is no element: what steers or hides text is escaped here.
    values: (_, splits) => splits.map((at) => escapedLines(ticks.find((tick) => tick.at === at)?.text ?? "")),
    // All that are placed are shown.
    filter: (_, splits) => splits,
  };
}

function timeAxis(latest: () => ChartProps): uPlot.Axis {
  const { axis, isSmall = false } = latest();
  const space = typeof axis === "string" ? tickSpace[axis] : tickSpace.category;
  const find = (low: number, high: number, most: number): Tick[] => {
    const its = latest().axis;
    if (its === "clock") return clockTicks(low, high, most);
    if (its === "since") return sinceTicks(low, high, most);
    return valueTicks(low, high, most, { whole: true }, its);
  };
  return {
    stroke: colour("--dim"),
    grid: line(),
    ticks: { ...line(), size: 4 },
    font,
    lineGap: 1.25,
    size: axis === "clock" ? 40 : 28,
    ...ticksOf(find, isSmall ? 62 : space),
  };
}

function valueAxis(latest: () => ChartProps): uPlot.Axis {
  const { axisWidth, isSmall = false, names } = latest();
  const find = (low: number, high: number, most: number): Tick[] =>
    valueTicks(low, high, most, latest(), latest().tick);
  return {
    stroke: colour("--dim"),
    grid: line(),
    ticks: { ...line(), size: 4 },
    font,
    gap: 4,
    size:
      axisWidth ??
      ((_, texts) => Math.max(isSmall ? 28 : 40, 16 + 6.2 * Math.max(0, ...(texts ?? []).map(length)))),
    ...ticksOf(find, names !== undefined ? 15 : isSmall ? 20 : tickSpace.value),
  };
}

function length(text: string | null): number {
  return Math.min(24, text?.length ?? 0);
}

function seriesOf(
  { name, colour: its, look, bar }: ChartSeries,
  { isStacked = false, axis }: ChartProps,
): uPlot.Series {
  const paint = colour(its);
  switch (look) {
    case "bars":
      return {
        label: name,
        fill: paint,
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars!({
          // A single category's bar is no wall; one over time is as wide as what it counts.
          size: [bar?.width ?? 0.9, typeof axis === "function" ? 96 : Infinity],
          align: bar?.side ?? 0,
        }),
      };
    case "area":
      return {
        label: name,
        fill: paint,
        width: isStacked ? 0 : 1.5,
        stroke: paint,
        points: { show: false },
        paths: uPlot.paths.stepped!({ align: 1 }),
      };
    default:
      return {
        label: name,
        stroke: paint,
        width: 1.75,
        points: { size: 5, width: 0, fill: paint, show: isSparse, filter: lonely },
        ...(look === "steps" ? { gaps: withoutRise } : {}),
        paths: look === "steps" ? uPlot.paths.stepped!({ align: 1 }) : uPlot.paths.linear!(),
      };
  }
}

/** A gap ends behind the rise to the first value after it, of which the half would be seen. */
const withoutRise: uPlot.Series.GapsRefiner = (_plot, _series, _first, _last, gaps) =>
  gaps.map(([from, to]) => [from, to + 2 * uPlot.pxRatio]);

/** Points are marked where they are few. */
function isSparse(plot: uPlot, _series: number, first: number, last: number): boolean {
  return (last - first) * markSpace < plot.bbox.width / uPlot.pxRatio;
}

/** A point between two gaps has no line, and is marked always. */
function lonely(plot: uPlot, series: number, show: boolean): number[] | null {
  if (show) return null;
  const values = plot.data[series];
  const [first, last] = plot.series[0].idxs ?? [0, values.length - 1];
  const alone: number[] = [];
  for (let i = first; i <= last; i++) {
    if (typeof values[i] !== "number") continue;
    if (typeof values[i - 1] !== "number" && typeof values[i + 1] !== "number") alone.push(i);
  }
  return alone.length === 0 ? null : alone;
}
