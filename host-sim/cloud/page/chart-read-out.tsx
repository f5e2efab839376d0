/** What the chart says of the point under the cursor: when, and each series' value there. */
import type uPlot from "uplot";
import { lastUntil, nearest } from "./chart-points";
import { sinceText } from "./chart-time";
import { clock } from "./words";
import type { ChartProps } from "./chart-series";

/** Further from the cursor than this a point is not read out, CSS pixels. */
const reach = 40;

/** Place of the point that a read-out at `left` CSS pixels is about; -1 where there is none. */
export function pointUnder({ x, series, range, until }: ChartProps, plot: uPlot, left: number): number {
  const at = plot.posToVal(left, "x");
  const holds = series.some(({ look }) => look === "steps" || look === "area");
  if (holds) {
    const index = lastUntil(x, at);
    return at > (until ?? Infinity) ? -1 : index;
  }
  const index = nearest(x, at);
  if (index < 0 || x[index] < range.from || x[index] > range.to) return -1;
  return Math.abs(plot.valToPos(x[index], "x") - left) > reach ? -1 : index;
}

/** A place on the axis in words. @param isFine with the part of a second where one is told */
export function placeText({ axis, range }: ChartProps, at: number): string {
  if (axis === "clock") {
    const parts = at % 1_000;
    return parts === 0 || range.to - range.from > 600_000
      ? clock(at)
      : `${clock(at)}.${String(Math.floor(parts)).padStart(3, "0")}`;
  }
  if (axis === "since") return sinceText(at, Math.min(range.to - range.from, 3_599_999));
  return axis(at);
}

interface ReadOutProps {
  readonly props: ChartProps;
  readonly under: { readonly index: number; readonly left: number };
  readonly plot?: uPlot | undefined;
  /** For who hears the page: no box, one line. */
  readonly isSpoken?: boolean;
}

/** The box beside the cursor. */
export function ReadOut({ props, under, plot, isSpoken = false }: ReadOutProps) {
  const { series, x, text, names, isStacked = false } = props;
  const { index, left } = under;
  const at = index < 0 ? undefined : x[index];
  const rows = series
    .map(({ name, colour, values }) => ({ name, colour, value: index < 0 ? null : values[index] }))
    .filter(({ value }) => value !== null && value !== undefined && !(isStacked && value === 0));
  if (isStacked) rows.reverse();
  const say = (value: number): string => names?.get(value) ?? text(value);
  if (isSpoken) {
    if (at === undefined) return <>no value here</>;
    const parts = rows.map(({ name, value }) => (series.length > 1 ? `${name} ` : "") + say(value!));
    return <>{`${parts.join(", ")}, ${placeText(props, at)}`}</>;
  }
  if (plot === undefined) return null;
  const { offsetLeft } = plot.over;
  const isRight = left > plot.over.clientWidth / 2;
  const there = offsetLeft + left;
  const where = isRight ? { right: `${plot.width - there + 10}px` } : { left: `${there + 10}px` };
  const total = rows.reduce((sum, { value }) => sum + value!, 0);
  return (
    <div class="read-out" style={where} aria-hidden="true">
      <div class="dim">{at === undefined ? "no value here" : placeText(props, at)}</div>
      {rows.map(({ name, colour, value }) => (
        <div key={name} class="read-out-row">
          {series.length > 1 && <Swatch colour={colour} />}
          {series.length > 1 && <span>{name}</span>}
          <b>{say(value!)}</b>
        </div>
      ))}
      {isStacked && rows.length > 1 && (
        <div class="read-out-row">
          <span>together</span>
          <b>{say(total)}</b>
        </div>
      )}
    </div>
  );
}

/** A square of a series' colour. @param colour a custom property, such as `--blue` */
export function Swatch({ colour }: { colour: string }) {
  return <span class="swatch" style={{ background: `var(${colour})` }} aria-hidden="true" />;
}
