/** A fleet's result as its page shows it. */
import { histogramOf } from "./delays";
import { fleetLines, shortfallOf, worstText } from "./fleet-text";
import type { FleetBar, FleetData } from "../../inspect/report/html/fleet-data";
import type { Histogram } from "./delays";
import type { FleetResult, WorstDevice } from "./result";

/** ms, and how they are said. */
const delayBins = [
  [5_000, "up to 5 s"],
  [15_000, "15 s"],
  [60_000, "a minute"],
  [300_000, "5 minutes"],
  [900_000, "15 minutes"],
  [3_600_000, "an hour"],
  [14_400_000, "4 hours"],
  [86_400_000, "a day"],
  [Infinity, "longer"],
] as const;

/**
 * What the page is drawn from.
 *
 * @param command what makes the run again
 * @param replay what runs a device alone
 */
export function fleetPageData(
  result: FleetResult,
  command: string,
  replay: (device: WorstDevice) => string,
): FleetData {
  const { plan, counts, load, worst } = result;
  const perSecond = (values: readonly number[]): number[] =>
    values.map((value) => (1_000 * value) / load.step);
  const shortfall = shortfallOf(result);
  const lines = fleetLines(result, replay);
  return {
    title: `${plan.devices} devices, ${plan.scenario === "none" ? "an ordinary time" : plan.scenario}`,
    command,
    lines: lines.slice(0, lines.length - worst.length - 1),
    ...(shortfall === undefined ? {} : { shortfall }),
    step: load.step,
    end: load.step * load.requests.length,
    plots: [
      {
        title: "What the cells had to do",
        unit: "a second",
        series: [
          { name: "connections wanted", values: perSecond(load.requests) },
          { name: "tries that met others", values: perSecond(load.collisions) },
          { name: "given up", values: perSecond(load.refusals) },
        ],
      },
      ...(counts.pages === 0
        ? []
        : [
            {
              title: "Devices that cells called",
              unit: "a second",
              series: [{ name: "pages", values: perSecond(load.pages) }],
            },
          ]),
      {
        title: "Devices of one cell that waited for a connection",
        unit: "devices",
        series: [{ name: "the most at once", values: load.waiting }],
      },
      {
        title: "What the cloud had to do",
        unit: "a second",
        series: [
          { name: "datagrams", values: perSecond(load.datagrams) },
          { name: "readings stored", values: perSecond(load.stored) },
        ],
      },
    ],
    distributions: [
      { title: "How long a reading took", bars: barsOf(result.delays, delayBins) },
      ...(plan.scenario === "commands"
        ? [{ title: "How long the answer to a command took", bars: barsOf(result.answers, delayBins) }]
        : []),
      { title: "How long the battery lasts", bars: barsOf(result.years, yearBins()) },
    ],
    worst: worst.map((device) => ({
      name: device.deviceKey,
      what: worstText(device),
      command: replay(device),
    })),
  };
}

/** Hundredths of a year. */
function yearBins(): (readonly [number, string])[] {
  const bounds = [0.25, 0.5, 1, 2, 3, 4, 5, 7, 10, 15];
  return [
    ...bounds.map((years, i) => [100 * years, `${i === 0 ? 0 : bounds[i - 1]} to ${years} years`] as const),
    [Infinity, "longer"],
  ];
}

/** How many values lie up to each bound, and above the one before. */
function barsOf(text: string, bounds: readonly (readonly [number, string])[]): FleetBar[] {
  const histogram = histogramOf(text)!;
  let before = 0;
  return bounds.map(([bound, name]) => {
    const upTo = bound === Infinity ? histogram.totalCount : countUpTo(histogram, bound);
    const bar = { text: name, count: upTo - before };
    before = upTo;
    return bar;
  });
}

/** The library tells which value a share of all lies below, and not the other way round: that is searched for. */
function countUpTo(histogram: Histogram, bound: number): number {
  const { totalCount } = histogram;
  let [least, most] = [0, totalCount];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (histogram.getValueAtPercentile((100 * middle) / totalCount) <= bound) least = middle;
    else most = middle - 1;
  }
  return least;
}
