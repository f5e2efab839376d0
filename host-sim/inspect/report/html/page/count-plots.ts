/** What else changes over time: readings that wait, datagrams, retransmissions and losses. */
import uPlot from "uplot";
import { axis, baseOptions, binTimes, closed, timeAxis } from "./chart";
import { byId, keyed } from "./element";
import { countInBins, depthOverTime, highestInBins } from "./statistics";
import { colour } from "./theme";
import type { RunData } from "../run-data";
import type { Chart } from "./chart";
import type { TimeRange } from "./time-range";

const counts: uPlot.Axis = {
  size: 48,
  incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4],
};
const fromNothing: uPlot.Scale.Range = (_, __, most) => [0, Math.max(2, Math.ceil(1.1 * (most ?? 0)))];

/** Readings in the journal. */
export class JournalPlot implements Chart {
  readonly #place = byId("journal-plot");
  readonly #range: TimeRange;
  readonly #series;
  #plot: uPlot | undefined;

  constructor({ taken, settled }: RunData["readings"], range: TimeRange) {
    this.#range = range;
    this.#series = depthOverTime(taken, settled);
  }

  draw(): void {
    const count = Math.max(100, this.#place.clientWidth - 50);
    const highest = highestInBins(this.#series, this.#range.from, this.#range.to, count);
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        ...baseOptions(this.#place, 150, this.#range),
        scales: { x: { time: false }, y: { range: fromNothing } },
        axes: [timeAxis(this.#range), axis(counts)],
        series: [
          {},
          {
            stroke: colour("--connected"),
            fill: colour("--wash"),
            width: 1.5,
            points: { show: false },
            paths: uPlot.paths.stepped!({ align: 1 }),
          },
        ],
      },
      [binTimes(this.#range, count), closed(highest)],
      this.#place,
    );
  }
}

/** Datagrams for each stretch of time: all, the device's retransmissions, those lost. */
export class AirPlot implements Chart {
  readonly #place = byId("air-plot");
  readonly #range: TimeRange;
  readonly #kinds: readonly { name: string; colour: string; times: number[] }[];
  #plot: uPlot | undefined;

  constructor(datagrams: RunData["datagrams"], times: readonly number[], range: TimeRange) {
    this.#range = range;
    const where = (keep: (i: number) => boolean): number[] => times.filter((_, i) => keep(i));
    const sent = (i: number): boolean => datagrams.duplicate[i] === 0;
    this.#kinds = [
      { name: "sent, both ways", colour: "--idle", times: where(sent) },
      {
        name: "of these retransmissions",
        colour: "--transmit",
        times: where((i) => sent(i) && datagrams.up[i] === 1 && datagrams.again[i] > 0),
      },
      { name: "lost", colour: "--lost", times: where((i) => datagrams.travel[i] < 0) },
    ];
    byId("air-key").replaceChildren(
      ...this.#kinds.map(({ name, colour: its, times: all }) => keyed(`${name}: ${all.length}`, its)),
    );
  }

  draw(): void {
    const { from, to } = this.#range;
    const count = Math.max(20, Math.floor(this.#place.clientWidth / 10));
    const width = (to - from) / count / 1000;
    const middles = binTimes(this.#range, count)
      .slice(0, -1)
      .map((left) => left + width / 2);
    // Beside one another, or the one would hide the other.
    const series: uPlot.Series[] = this.#kinds.map(({ colour: its }, i) => ({
      fill: colour(its),
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars!({
        size: [i === 0 ? 0.9 : 0.4, Infinity],
        align: i === 0 ? 0 : i === 1 ? -1 : 1,
      }),
    }));
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        ...baseOptions(this.#place, 170, this.#range),
        scales: { x: { time: false, range: [from / 1000, to / 1000] }, y: { range: fromNothing } },
        axes: [timeAxis(this.#range), axis(counts)],
        series: [{}, ...series],
      },
      [middles, ...this.#kinds.map(({ times }) => countInBins(times, from, to, count))],
      this.#place,
    );
  }
}
