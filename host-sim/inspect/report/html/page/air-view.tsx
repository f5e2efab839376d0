/** Datagrams over time: all, the device's retransmissions, those lost. */
import { useCallback, useMemo } from "preact/hooks";
import { ChartKey } from "../../../../cloud/page/chart-summary";
import { grouped } from "../../../../cloud/page/words";
import { OverTime } from "./over-time";
import { rowKinds } from "../run-data";
import { countInBins } from "./statistics";
import { summedUp } from "./unpack";
import type { ChartSeries } from "../../../../cloud/page/chart-series";
import type { Range } from "../../../../cloud/page/chart-time";
import type { RunData } from "../run-data";
import type { Unpacked } from "./unpack";

const bars = {
  sent: { width: 0.9, side: 0 },
  // Beside one another, or the one would hide the other.
  again: { width: 0.4, side: -1 },
  lost: { width: 0.4, side: 1 },
} as const;

export function AirView({ run }: { run: Unpacked }) {
  const { data } = run;
  const kinds = useMemo(() => kindsOf(data), [data]);
  const binned = useCallback(
    ({ from, to }: Range, count: number): ChartSeries[] =>
      kinds.map(({ name, colour, times, bar }) => ({
        name,
        colour,
        look: "bars",
        bar,
        values: countInBins(times, from, to, count),
      })),
    [kinds],
  );
  return (
    <section id="air" aria-labelledby="air-title">
      <h2 id="air-title">Datagrams</h2>
      <ChartKey
        series={kinds.map(({ name, colour, times }) => ({
          name: `${name}: ${grouped(times.length)}`,
          colour,
        }))}
      />
      <OverTime
        where="air"
        label="Datagrams over time"
        end={data.end}
        height={170}
        binWidth={10}
        binned={binned}
        isBars
        whole
        text={(count) => (count === 1 ? "1 datagram" : `${count} datagrams`)}
        tick={String}
      />
    </section>
  );
}

function kindsOf({ rows, datagrams }: RunData) {
  const air = rowKinds.indexOf("air");
  const times = [...summedUp(rows.time)].filter((_, row) => rows.kind[row] === air);
  const where = (keep: (i: number) => boolean): number[] => times.filter((_, i) => keep(i));
  const isSent = (i: number): boolean => datagrams.duplicate[i] === 0;
  return [
    { name: "sent, both ways", colour: "--sky", bar: bars.sent, times: where(isSent) },
    {
      name: "of these sent again by the device",
      colour: "--amber",
      bar: bars.again,
      times: where((i) => isSent(i) && datagrams.up[i] === 1 && datagrams.again[i] > 0),
    },
    { name: "lost", colour: "--orange", bar: bars.lost, times: where((i) => datagrams.travel[i] < 0) },
  ];
}
