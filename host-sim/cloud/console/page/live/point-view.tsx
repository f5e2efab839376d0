/** One measure point large: its chart or its last values, and all that is known of it. */
import { useMemo } from "preact/hooks";
import { Chart } from "../../../page/chart";
import { firstFrom } from "../../../page/chart-points";
import { clock, count } from "../../../page/words";
import { drawnSeries } from "./drawn-series";
import { hasChart, qualityText, typeText, valueText } from "./points";
import { usualGap } from "./series";
import { PointFacts } from "./point-facts";
import { FullValue, ShortValue } from "./value-view";
import { useHistory } from "./use-history";
import type { Range } from "../../../page/chart-time";
import type { DeviceTabProps } from "../tab-props";
import type { Point } from "./points";
import type { PointSeries } from "./series";

/** CSS pixels. */
const height = 300;
const columns = 1_500;
/** Values of what has no chart, the newest of many. */
const mostListed = 100;

interface PointViewProps {
  readonly device: DeviceTabProps;
  readonly point: Point;
  readonly range: Range;
  readonly wanted: Range;
  readonly isLive: boolean;
  readonly onRange: (range: Range) => void;
  readonly onWhole: () => void;
  readonly closeHref: string;
}

export function PointView(props: PointViewProps) {
  const { device, point, range, wanted, isLive, onRange, onWhole, closeHref } = props;
  const { identifier, name, kind, model, latest, names } = point;
  const isDrawn = hasChart(point);
  const history = useHistory(device, identifier, wanted, isLive, latest !== undefined);
  const { series, version } = history;
  const usual = useMemo(() => (series === undefined ? undefined : usualGap(series.times)), [series, version]);
  const drawn = useMemo(
    () => (series === undefined || !isDrawn ? undefined : drawnSeries(point, series, range, columns)),
    [series, version, isDrawn, names, range.from, range.to],
  );
  const chartHeight = kind === "named" ? Math.min(height, 100 + 24 * (names?.size ?? 2)) : height;
  const isWhole = model?.type === "int" || model?.type === "int64";
  return (
    <section class="card point-view" aria-label={name} data-point-view={identifier}>
      <div class="bar">
        <h2>{name}</h2>
        <span class="dim mono">{identifier}</span>
        {model !== undefined && <span class="dim">{typeText(model)}</span>}
        {model === undefined && <span class="dim">not in the thing model</span>}
        <a class="button push" href={closeHref}>
          Close
        </a>
      </div>
      <div class="bar point-now">
        {kind === "text" || kind === "structure" ? null : <ShortValue point={point} />}
        {latest !== undefined && <PointFacts latest={latest} usual={usual} />}
      </div>
      {(kind === "text" || kind === "structure") && <FullValue point={point} />}
      {history.cutAt !== undefined && range.from < history.cutAt && (
        <p class="hint">{`Shown from ${clock(history.cutAt)} on: there are more values than are read at once. Zoom to what is before.`}</p>
      )}
      {history.fault !== undefined && <p class="note bad-note">{history.fault}</p>}
      {latest === undefined && (
        <p class="dim">The device has never reported it. It is in the thing model of the product.</p>
      )}
      {isDrawn && latest !== undefined && (
        <div style={{ minHeight: `${chartHeight + 60}px` }}>
          {drawn === undefined ? (
            history.fault === undefined && <p class="dim">reading its values …</p>
          ) : (
            <Chart
              label={name}
              axis="clock"
              x={drawn.x}
              series={drawn.series}
              range={range}
              onRange={onRange}
              onWhole={onWhole}
              height={chartHeight}
              text={(value) => valueText(point.model, value)}
              whole={isWhole}
              hasSummary
              hasTable
              {...(names === undefined ? {} : { names })}
            />
          )}
        </div>
      )}
      {!isDrawn && series !== undefined && <LastValues point={point} series={series} range={range} />}
    </section>
  );
}

function LastValues({ point, series, range }: { point: Point; series: PointSeries; range: Range }) {
  const { times, values } = series;
  const places: number[] = [];
  for (let i = firstFrom(times, range.from); i < times.length && times[i] <= range.to; i++) places.push(i);
  if (places.length === 0) return <p class="dim">no value in this time</p>;
  const json = (i: number): string => JSON.stringify(values[i].value);
  const changes = places.filter((i, n) => n === 0 || json(i) !== json(places[n - 1]));
  return (
    <>
      <h3>
        {`${count(places.length, "value")} in this time`}
        {changes.length < places.length && ", listed where they change"}
      </h3>
      <div class="scroll last-values" tabIndex={0} aria-label={`Values of ${point.name}`} role="region">
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Value</th>
              {point.model?.quality === true && <th scope="col">Quality</th>}
            </tr>
          </thead>
          <tbody>
            {changes
              .slice(-mostListed)
              .reverse()
              .map((i) => (
                <tr key={`${times[i]} ${values[i].at}`}>
                  <td class="time">{clock(times[i])}</td>
                  <td>
                    <pre>{valueText(point.model, values[i].value)}</pre>
                  </td>
                  {point.model?.quality === true && <td>{qualityText(values[i].quality)}</td>}
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
