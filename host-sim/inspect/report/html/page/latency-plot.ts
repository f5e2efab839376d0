/** How long things took: a histogram on a logarithmic scale, and a table of quantiles. */
import uPlot from "uplot";
import { axis, baseOptions } from "./chart";
import { byId, fillTable } from "./element";
import { logHistogram, quantile } from "./statistics";
import { colour } from "./theme";
import { span } from "./units";
import type { RunData } from "../run-data";
import type { Chart } from "./chart";

export class LatencyPlot implements Chart {
  readonly #place: HTMLElement;
  readonly #histogram;
  #plot: uPlot | undefined;

  /** @param values ms */
  constructor(id: string, values: readonly number[]) {
    this.#place = byId(id);
    this.#histogram = logHistogram(values);
  }

  draw(): void {
    const { edges, counts } = this.#histogram;
    this.#plot?.destroy();
    if (counts.length === 0) {
      this.#place.textContent = "nothing to show";
      return;
    }
    const last = counts.length - 1;
    this.#plot = new uPlot(
      {
        ...baseOptions(this.#place, 180),
        scales: {
          x: { time: false, range: [-0.6, last + 0.6] },
          y: { range: (_, __, most) => [0, Math.max(2, Math.ceil(1.1 * (most ?? 0)))] },
        },
        axes: [
          // A bin's label is where it begins.
          axis({
            space: 54,
            incrs: [1, 2, 5, 10],
            values: (_, at) => at.map((bin) => (Number.isInteger(bin) && bin >= 0 ? span(edges[bin]) : "")),
          }),
          axis({ size: 48, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4] }),
        ],
        series: [
          {},
          {
            fill: colour("--connected"),
            width: 0,
            points: { show: false },
            paths: uPlot.paths.bars!({ size: [0.9, Infinity] }),
          },
        ],
      },
      [counts.map((_, i) => i), counts],
      this.#place,
    );
  }
}

/** Readings, requests, and datagrams each way. */
export function fillLatencyTable({ readings, roundTrips, datagrams }: RunData): void {
  const travels = (up: number): number[] =>
    datagrams.travel.filter((ms, i) => ms >= 0 && datagrams.up[i] === up);
  const rows: [string, readonly number[]][] = [
    ["readings, taken until acknowledged", acknowledged(readings)],
    ["requests, sent until answered", roundTrips],
    ["datagrams up, on the way", travels(1)],
    ["datagrams down, on the way", travels(0)],
  ];
  fillTable(byId("latency"), [
    ["", "number", "median", "95 %", "longest"],
    ...rows.map(([name, values]) => {
      const sorted = [...values].sort((a, b) => a - b);
      const figures = [0.5, 0.95, 1].map((share) => span(quantile(sorted, share)));
      return [name, String(sorted.length), ...figures];
    }),
  ]);
}

/** ms of the readings that the cloud has. */
export function acknowledged({ settled, lost }: RunData["readings"]): number[] {
  return settled.filter((ms, i) => ms >= 0 && lost[i] === 0);
}
