/** What all plots have in common: axes in the theme's colours, the width of the page, time below. */
import type uPlot from "uplot";
import { colour } from "./theme";
import type { TimeRange } from "./time-range";

/** Something that can be painted anew. */
export interface Chart {
  draw(): void;
}

/** An axis in the theme's colours. */
export function axis(options: uPlot.Axis): uPlot.Axis {
  const line = { stroke: colour("--grid"), width: 1 };
  return {
    stroke: colour("--text"),
    grid: line,
    ticks: line,
    font: "12px system-ui, sans-serif",
    ...options,
  };
}

/** Virtual time since power-on below a plot. */
export function timeAxis(range: TimeRange): uPlot.Axis {
  return axis({
    space: 78,
    values: (_, splits) => splits.map((seconds) => clockText(seconds, range.to - range.from)),
    incrs: [
      0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800,
      432000, 864000, 1296000, 2592000,
    ],
  });
}

/** `2d 06:00`; seconds only where the plot shows less than an hour, hundredths below ten. */
export function clockText(seconds: number, shown: number): string {
  const whole = Math.floor(seconds + 1e-6);
  const two = (value: number): string => String(value).padStart(2, "0");
  const days = whole >= 86_400 ? `${Math.floor(whole / 86_400)}d ` : "";
  const minutes = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}`;
  if (shown >= 3_600_000) return days + minutes;
  const fraction = shown < 10_000 ? (seconds + 1e-6 - whole).toFixed(2).slice(1) : "";
  return `${days}${minutes}:${two(whole % 60)}${fraction}`;
}

/** Settings of a plot that fills its place; dragging over one with `range` zooms all of them. */
export function baseOptions(
  place: HTMLElement,
  height: number,
  range?: TimeRange,
): Omit<uPlot.Options, "series"> {
  return {
    width: Math.max(240, place.clientWidth),
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: range !== undefined, y: false, setScale: false } },
    scales: { x: { time: false } },
    hooks:
      range === undefined
        ? undefined
        : {
            setSelect: [
              (plot: uPlot) => {
                const { left, width } = plot.select;
                if (width < 3) return;
                const at = (x: number): number => plot.posToVal(x, "x") * 1000;
                range.set(at(left), at(left + width));
              },
            ],
          },
  };
}

/** The numbers above and below which bins begin: their left ends, s, with the right end of the last. */
export function binTimes(range: TimeRange, count: number): number[] {
  const width = (range.to - range.from) / count;
  return Array.from({ length: count + 1 }, (_, i) => (range.from + i * width) / 1000);
}

/** A last value once more, so that a stepped line reaches the right end of its bin. */
export function closed(values: ArrayLike<number>): number[] {
  const out = Array.from(values);
  out.push(out[out.length - 1] ?? 0);
  return out;
}
