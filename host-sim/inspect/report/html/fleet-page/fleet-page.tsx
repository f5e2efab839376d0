/** The whole page of a fleet: what it came to, the load over time, distributions, and the worst devices. */
import { useMemo, useState } from "preact/hooks";
import { Chart } from "../../../../cloud/page/chart";
import { ChartKey } from "../../../../cloud/page/chart-summary";
import { ThemeButton } from "../../../../cloud/page/theme";
import { digits } from "../../../../cloud/page/words";
import type { ChartSeries } from "../../../../cloud/page/chart-series";
import type { Range } from "../../../../cloud/page/chart-time";
import type { FleetData, FleetPlot } from "../fleet-data";

const colours = ["--blue", "--orange", "--green"] as const;
/** More points than this are drawn as the most of several stretches: a plot has so many pixels. */
const mostPoints = 1_000;

export function FleetPage({ data }: { data: FleetData }) {
  const whole = { from: 0, to: data.end };
  const [range, setRange] = useState<Range>(whole);
  return (
    <>
      <header class="top">
        <h1>{data.title}</h1>
        <ThemeButton />
      </header>
      <main>
        <section aria-label="Summary">
          <p class={data.shortfall === undefined ? "note" : "note bad-note"}>
            {data.shortfall ?? "No reading was lost."}
          </p>
          <pre class="scroll" tabIndex={0}>
            {data.lines.join("\n")}
          </pre>
          <p>
            Made by <code>{data.command}</code>
          </p>
        </section>
        {data.plots.map((plot) => (
          <PlotView
            key={plot.title}
            plot={plot}
            data={data}
            range={range}
            onRange={setRange}
            onWhole={() => setRange(whole)}
          />
        ))}
        <div class="distributions">
          {data.distributions.map(({ title, bars }) => (
            <Distribution key={title} title={title} bars={bars} />
          ))}
        </div>
        <section aria-labelledby="worst">
          <h2 id="worst">The worst devices</h2>
          <p>Each can be run alone, through its whole modem.</p>
          <div class="scroll" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">device</th>
                  <th scope="col">how it fared</th>
                  <th scope="col">alone</th>
                </tr>
              </thead>
              <tbody>
                {data.worst.map(({ name, what, command }) => (
                  <tr key={name}>
                    <td>{name}</td>
                    <td>{what}</td>
                    <td>
                      <code>{command}</code>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      </main>
    </>
  );
}

interface PlotProps {
  readonly plot: FleetPlot;
  readonly data: FleetData;
  readonly range: Range;
  readonly onRange: (range: Range) => void;
  readonly onWhole: () => void;
}

function PlotView({ plot, data, range, onRange, onWhole }: PlotProps) {
  const { step, end } = data;
  const [x, series] = useMemo(() => {
    const first = Math.max(0, Math.floor(range.from / step));
    const last = Math.min(plot.series[0].values.length, Math.ceil(range.to / step));
    const each = Math.max(1, Math.ceil((last - first) / mostPoints));
    const count = Math.ceil((last - first) / each);
    const places = Array.from({ length: count }, (_, i) => (first + i * each) * step);
    const drawn = plot.series.map(({ name, values }, i): ChartSeries => ({
      name,
      colour: colours[i % colours.length],
      look: "steps",
      // Of several stretches the highest, for a peak is what one looks for.
      values: places.map((_, at) => {
        let most = 0;
        for (let k = first + at * each; k < Math.min(last, first + (at + 1) * each); k++)
          most = Math.max(most, values[k]);
        return most;
      }),
    }));
    return [places, drawn] as const;
  }, [plot, range.from, range.to, step]);
  const name = plot.title.replace(/\W+/g, "-").toLowerCase();
  return (
    <section aria-labelledby={name}>
      <h2 id={name}>{plot.title}</h2>
      <ChartKey series={series} />
      <Chart
        label={plot.title}
        x={x}
        series={series}
        axis="since"
        range={range}
        limits={{ from: 0, to: end }}
        onRange={onRange}
        onWhole={onWhole}
        height={180}
        axisWidth={66}
        text={(value) => `${digits(value)} ${plot.unit}`}
        fromZero
        until={end}
        group="fleet"
        hasTable
      />
    </section>
  );
}

function Distribution({ title, bars }: { title: string; bars: FleetData["distributions"][number]["bars"] }) {
  const name = title.replace(/\W+/g, "-").toLowerCase();
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <section aria-labelledby={name}>
      <h2 id={name}>{title}</h2>
      <table class="bars">
        <tbody>
          {bars.map(({ text, count }) => (
            <tr key={text}>
              <th scope="row">{text}</th>
              <td class="count">{count}</td>
              <td class="length" aria-hidden="true">
                <meter min={0} max={most} value={count} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
