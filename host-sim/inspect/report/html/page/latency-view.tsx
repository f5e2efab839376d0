/** How long things took: percentiles by name, and how they are spread on a logarithmic scale. */
import { useMemo } from "preact/hooks";
import { Chart } from "../../../../cloud/page/chart";
import { count, grouped, measuredSpan } from "../../../../cloud/page/words";
import { logHistogram, quantile } from "./statistics";
import type { RunData } from "../run-data";

const percentiles = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
  ["max", 1],
] as const;

export function LatencyView({ data }: { data: RunData }) {
  const spreads = useMemo(() => spreadsOf(data), [data]);
  // Who has only a log knows of no datagrams.
  const shown = spreads.filter(([, , values], i) => i < 2 || values.length > 0);
  const [[, , arrived], [, , answered]] = spreads;
  return (
    <section id="latency" aria-labelledby="latency-title">
      <h2 id="latency-title">Latency</h2>
      <div class="scroll" tabIndex={0}>
        <table class="percentiles">
          <thead>
            <tr>
              <td />
              {percentiles.map(([name]) => (
                <th key={name} class="number">
                  {name}
                </th>
              ))}
              <th class="number">n</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(([name, how, values]) => (
              <tr key={name}>
                <td>
                  {name} <span class="dim">{how}</span>
                </td>
                {percentiles.map(([which, share]) => (
                  <td key={which} class="number">
                    {measuredSpan(quantile(values, share))}
                  </td>
                ))}
                <td class="number">{grouped(values.length)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="columns">
        <Histogram title="Readings, taken until acknowledged" values={arrived} colour="--blue" />
        <Histogram title="Requests, sent until answered" values={answered} colour="--green" />
      </div>
    </section>
  );
}

function Histogram({ title, values, colour }: { title: string; values: readonly number[]; colour: string }) {
  const { edges, counts } = useMemo(() => logHistogram(values), [values]);
  const last = counts.length - 1;
  const x = useMemo(() => counts.map((_, i) => i), [counts]);
  const series = useMemo(
    () => [{ name: title, colour, look: "bars" as const, values: counts }],
    [title, colour, counts],
  );
  return (
    <div>
      <h3>{title}</h3>
      {counts.length === 0 ? (
        <p class="dim">None in this run.</p>
      ) : (
        <Chart
          label={title}
          x={x}
          series={series}
          // A bin's text is where it begins.
          axis={(bin) => (Number.isInteger(bin) && bin >= 0 && bin <= last ? measuredSpan(edges[bin]) : "")}
          range={{ from: -0.6, to: last + 0.6 }}
          height={170}
          axisWidth={44}
          text={(number) => count(number, "time")}
          tick={String}
          fromZero
          whole
        />
      )}
    </div>
  );
}

/** What took how long, in words, and how long: sorted, ms. */
function spreadsOf({
  readings,
  roundTrips,
  datagrams,
}: RunData): (readonly [name: string, how: string, values: readonly number[]])[] {
  const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
  const travels = (up: number): number[] =>
    datagrams.travel.filter((ms, i) => ms >= 0 && datagrams.up[i] === up);
  return [
    ["readings", "taken until acknowledged", sorted(acknowledged(readings))],
    ["requests", "sent until answered", sorted(roundTrips)],
    ["up", "datagrams on the way", sorted(travels(1))],
    ["down", "datagrams on the way", sorted(travels(0))],
  ];
}

/** ms of the readings that the cloud has. */
function acknowledged({ settled, lost }: RunData["readings"]): number[] {
  return settled.filter((ms, i) => ms >= 0 && lost[i] === 0);
}
