/** A chart over the run's time, whose values are worked out for the part that is shown and the width that there is. */
import { useMemo, useRef } from "preact/hooks";
import { Chart } from "../../../../cloud/page/chart";
import { showRange, shownRange } from "./shown-range";
import { useWidth } from "./width";
import type { ChartProps, ChartSeries } from "../../../../cloud/page/chart-series";
import type { Range } from "../../../../cloud/page/chart-time";
import type { Section } from "../../place";

/** Left of every chart over time, so that all begin at one line, CSS pixels. */
const axisWidth = 66;

type Given = Pick<
  ChartProps,
  "label" | "height" | "text" | "tick" | "isStacked" | "whole" | "hasSummary" | "hasTable"
>;

interface Props extends Given {
  readonly where: Section;
  /** Of the run, virtual ms. */
  readonly end: number;
  /** CSS pixels for each bin. */
  readonly binWidth: number;
  /** Worked out anew when it is another function. */
  readonly binned: (range: Range, count: number) => readonly ChartSeries[];
  /** Bars stand in the middle of their bins; all else begins at the left end and holds. */
  readonly isBars?: boolean;
}

export function OverTime({ where, end, binWidth, binned, isBars = false, ...given }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const range = shownRange(end);
  const { from, to } = range;
  const count = Math.max(40, Math.floor((width - axisWidth - 12) / binWidth));
  const [x, series] = useMemo(() => {
    const shift = isBars ? 0.5 : 0;
    const places = Array.from({ length: count }, (_, i) => from + ((i + shift) * (to - from)) / count);
    return [places, binned({ from, to }, count)] as const;
  }, [from, to, count, binned, isBars]);
  return (
    <div ref={place} class="over-time">
      {width > 0 && (
        <Chart
          {...given}
          x={x}
          series={series}
          axis="since"
          range={range}
          limits={{ from: 0, to: end }}
          onRange={(next) => showRange(where, next, end)}
          onWhole={() => showRange(where, { from: 0, to: end }, end)}
          axisWidth={axisWidth}
          fromZero
          {...(isBars ? {} : { until: to })}
          group="run"
        />
      )}
    </div>
  );
}
