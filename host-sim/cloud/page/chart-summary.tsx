/** What a chart shows, in words. */
import { summaryIn } from "./chart-points";
import { placeText, Swatch } from "./chart-read-out";
import { count } from "./words";
import type { ChartProps, ChartSeries } from "./chart-series";

/** Below the chart, or for who hears the page alone. */
export function ChartSummary({ id, props }: { id: string; props: ChartProps }) {
  return (
    <p id={id} class={props.hasSummary === true ? "chart-summary dim" : "seen-by-readers"}>
      {summaryText(props)}
    </p>
  );
}

/** One sentence for each series. */
function summaryText(props: ChartProps): string {
  const parts = props.series.map((one) => seriesText(props, one));
  return parts.join("; ");
}

function seriesText(props: ChartProps, { name, values }: ChartSeries): string {
  const { x, range, text, names, series } = props;
  const summary = summaryIn(x, values, range);
  const who = series.length > 1 ? `${name}: ` : "";
  if (summary === undefined) return `${who}no value in this time`;
  const { least, most, last, lastAt, changes } = summary;
  const say = (value: number): string => names?.get(value) ?? text(value);
  if (typeof props.axis !== "string") {
    const place = Array.from(values).indexOf(most);
    return `${who}most ${say(most)} at ${placeText(props, x[place])}`;
  }
  const end = `last ${say(last)} at ${placeText(props, lastAt)}`;
  const number = count(summary.count, "value");
  if (names !== undefined) return `${who}${number}, ${count(changes, "change")}, ${end}`;
  if (least === most) return `${who}${number}, all ${say(least)}, ${end}`;
  return `${who}${number}, least ${say(least)}, most ${say(most)}, ${end}`;
}

/** Which colour is which series. */
export function ChartKey({ series }: { series: readonly Pick<ChartSeries, "name" | "colour">[] }) {
  return (
    <ul class="chart-key">
      {series.map(({ name, colour }) => (
        <li key={name}>
          <Swatch colour={colour} />
          {name}
        </li>
      ))}
    </ul>
  );
}
