/** A measure point on the Live tab: its value, of when it is, and how it went. */
import { useMemo, useRef } from "preact/hooks";
import { Chart } from "../../../page/chart";
import { now } from "../connection";
import { when } from "../../../registry/reading-time";
import { drawnSeries } from "./drawn-series";
import { hasChart, valueText } from "./points";
import { isOverdue, usualGap } from "./series";
import { PointFacts } from "./point-facts";
import { ShortValue } from "./value-view";
import { useHistory } from "./use-history";
import { useInView } from "./use-in-view";
import type { Range } from "../../../page/chart-time";
import type { DeviceTabProps } from "../tab-props";
import type { Point } from "./points";

/** CSS pixels: of the chart, and about how many columns it has. */
const height = 104;
const columns = 300;

interface PointCardProps {
  readonly device: DeviceTabProps;
  readonly point: Point;
  readonly range: Range;
  /** What is read of its history. */
  readonly wanted: Range;
  readonly isLive: boolean;
  /** Its large chart is open. */
  readonly isOpen: boolean;
  readonly href: string;
}

export function PointCard({ device, point, range, wanted, isLive, isOpen, href }: PointCardProps) {
  const card = useRef<HTMLElement>(null);
  const isSeen = useInView(card);
  const { latest, identifier, name, names } = point;
  const isDrawn = hasChart(point);
  const history = useHistory(device, identifier, wanted, isLive, isSeen && latest !== undefined);
  const { series, version } = history;
  const usual = useMemo(() => (series === undefined ? undefined : usualGap(series.times)), [series, version]);
  const drawn = useMemo(
    () => (series === undefined || !isDrawn ? undefined : drawnSeries(point, series, range, columns)),
    [series, version, isDrawn, names, range.from, range.to],
  );
  const isOld = latest !== undefined && isOverdue(when(latest), now.value, usual);
  const isEmpty = drawn !== undefined && !drawn.x.some((at) => at >= range.from && at <= range.to);
  return (
    <article
      ref={card}
      class={`card point${isOld ? " old" : ""}${isOpen ? " open" : ""}`}
      data-point={identifier}
    >
      <h3>
        <a href={href} aria-current={isOpen ? "true" : undefined}>
          {name}
        </a>
      </h3>
      <ShortValue point={point} />
      {latest !== undefined && <PointFacts latest={latest} usual={usual} />}
      {isDrawn && latest !== undefined && (
        <div class="point-chart" style={{ minHeight: `${height}px` }}>
          {drawn !== undefined && !isEmpty && (
            <Chart
              isSmall
              label={`${name} over time`}
              axis="clock"
              x={drawn.x}
              series={drawn.series}
              range={range}
              height={height}
              text={(value) => valueText(point.model, value)}
              {...(names === undefined ? {} : { names })}
            />
          )}
          {isEmpty && <p class="dim nothing">no value in this time</p>}
          {history.fault !== undefined && <p class="bad nothing">{history.fault}</p>}
        </div>
      )}
    </article>
  );
}
