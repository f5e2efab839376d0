/** Readings that wait in the journal, over time. */
import { useCallback, useMemo } from "preact/hooks";
import { sinceText } from "../../../../cloud/page/chart-time";
import { lasting } from "../../duration";
import { placeOf } from "../../place";
import { choices } from "./address";
import { OverTime } from "./over-time";
import { RangeTools } from "./range-tools";
import { depthOverTime, highestInBins } from "./statistics";
import type { ChartSeries } from "../../../../cloud/page/chart-series";
import type { Range } from "../../../../cloud/page/chart-time";
import type { RunData } from "../run-data";

export function ReadingsView({ data }: { data: RunData }) {
  const { readings, end } = data;
  const depth = useMemo(() => depthOverTime(readings.taken, readings.settled), [readings]);
  const binned = useCallback(
    ({ from, to }: Range, count: number): ChartSeries[] => [
      {
        name: "readings that wait",
        colour: "--blue",
        look: "area",
        values: highestInBins(depth, from, to, count),
      },
    ],
    [depth],
  );
  return (
    <section id="readings" aria-labelledby="readings-title">
      <h2 id="readings-title">Readings that wait</h2>
      <p class="hint">Taken, and not yet acknowledged by the cloud: what the journal holds.</p>
      <Outages data={data} />
      <RangeTools where="readings" end={end} />
      <OverTime
        where="readings"
        label="Readings that wait"
        end={end}
        height={170}
        binWidth={1}
        binned={binned}
        whole
        text={(count) => (count === 1 ? "1 reading" : `${count} readings`)}
        tick={String}
      />
    </section>
  );
}

/** Outages that are named; more than that are counted. */
const named = 6;

/** When there was no network, each a link to its part of the run. */
function Outages({ data: { outages } }: { data: RunData }) {
  if (outages.length === 0) return null;
  const more = outages.length - named;
  return (
    <p>
      {"Without a network: "}
      {outages.slice(0, named).map(({ from, to }, i) => (
        <>
          {i > 0 && ", "}
          <a href={`#${placeOf("readings", { ...choices.value, from, to })}`}>
            {`${sinceText(from, 3_600_000)} to ${sinceText(to, 3_600_000)}`}
          </a>
          {` (${lasting(to - from)})`}
        </>
      ))}
      {more > 0 && `, and ${more} more times`}.
    </p>
  );
}
