/**
 * The firmware against the standard's own bound: 3GPP TR 45.820, table of battery lives, has twelve of them for a
 * battery of 5 Wh, a report and its acknowledgement by UDP and IP alone, two sizes, two intervals and three maximum
 * coupling losses. Each is run with the firmware itself and the profile `limit`, which is fitted to those twelve, so
 * that what lies between is this project's: its bytes, what it asks the modem, how often it sends again, and a board.
 *
 * Of the payloads 50 bytes are a reading as raw and 200 one as JSON, as near as the demo's model comes: what stands in
 * front of them, path, token and signature, is not in the bound. Each cell is run as the firmware comes, and with a board
 * that sleeps lightly while it waits.
 */
import { batteryYears } from "./battery";
import { limit } from "./limit";
import { measureTo } from "./measure";
import { modemParts, sumOf, waterfallOf } from "./waterfall";
import type { CoverageMix } from "../../sim/radio/coverage";
import type { Choice, MeasureOptions } from "./choice";
import type { Waterfall } from "./waterfall";
import type { Coverage } from "../../sim/radio/link";

/** Which of the twelve: bytes of the report by the study, seconds between two, and what stands for its loss. */
export interface CellPlace {
  readonly bytes: 50 | 200;
  readonly interval: 7_200 | 86_400;
  readonly coverage: Coverage;
}

/** One of the twelve. */
export interface Cell extends CellPlace {
  readonly years: CellYears;
  /** J a reading, as the firmware comes. */
  readonly joules: Waterfall;
}

/** How long the battery lasts, years. */
export interface CellYears {
  /** By the study. */
  readonly bound: number;
  /**
   * With PSM and the protocol's datagrams sent once, and nothing else of modem and firmware; and with a board that draws
   * what deep sleep takes throughout.
   */
  readonly most: number;
  readonly mostWithBoard: number;
  /** The firmware run there: what its modem draws alone, and with its board. */
  readonly modem: number;
  readonly withBoard: number;
  /** With a board that sleeps lightly while it waits. */
  readonly lightly: number;
}

/** The lives of the study: bytes, seconds, and years at maximum coupling losses of 144, 154 and 164 dB. */
const published = [
  { bytes: 50, interval: 7_200, years: [22.4, 11.0, 2.5] },
  { bytes: 200, interval: 7_200, years: [18.2, 5.9, 1.5] },
  { bytes: 50, interval: 86_400, years: [36.0, 31.6, 17.5] },
  { bytes: 200, interval: 86_400, years: [34.9, 26.2, 12.8] },
] as const;

/** The study's losses in dB, which the three coverage levels stand for. */
const losses = [144, 154, 164] as const;
/** Its battery, without self-discharge. */
const battery = { capacity: 5, selfDischarge: 0 } as const;
/**
 * Seconds between two readings where the study says once a day: a session of EnOS lasts for a day at most, so that
 * readings a whole day apart authenticate anew each time. `npm run energy` advises the same.
 */
export const daily = 85_900;
/** All twelve. */
export const cellPlaces: readonly CellPlace[] = published.flatMap(({ bytes, interval }) =>
  ([0, 1, 2] as const).map((coverage) => ({ bytes, interval, coverage })),
);
/** Runs of each. */
export const runsOfCell = 2;

/** What the runs have in common; everything else is as the firmware does it by itself. */
export interface CellOptions extends Pick<MeasureOptions, "seed" | "reports" | "engine" | "onWork"> {
  readonly modem: string;
  /** T3324 asked for, seconds. */
  readonly t3324: number;
  /** What the reading of 50 bytes is sent as. */
  readonly format: Choice["format"];
}

/** Standard error of a cell's joules that is enough, a share of them; and contacts of each cell at least. */
const precision = { enough: 0.02, least: 16 } as const;

/** Runs all twelve. @param onNext which run begins @throws Error when a run fails */
export async function twelveCells(options: CellOptions, onNext?: (text: string) => void): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const place of cellPlaces) cells.push(await measureCell(place, options, onNext));
  return cells;
}

/** Runs one of them. @param onNext which of its runs begins @throws Error when a run fails */
export async function measureCell(
  place: CellPlace,
  options: CellOptions,
  onNext?: (text: string) => void,
): Promise<Cell> {
  const { modem, t3324, format, ...others } = options;
  const { bytes, interval, coverage } = place;
  const seconds = interval === 86_400 ? daily : interval;
  const choice: Choice = {
    modem,
    t3324,
    interval: seconds,
    format: bytes === 50 ? format : "json",
    batch: 1,
    keepAlive: false,
    sleep: "deep",
    saving: "psm",
    releaseAssistance: true,
  };
  const mix = [0, 1, 2].map((level) => (level === coverage ? 1 : 0)) as unknown as CoverageMix;
  const text = cellText(place);
  const settled = { ...others, profile: limit, mix };
  onNext?.(text);
  const { measured, learnt } = await measureTo(choice, settled, precision);
  onNext?.(`${text}, in light sleep`);
  const sleeping = { ...choice, settings: { waiting: "light-sleep" } };
  const lightly = await measureTo(sleeping, settled, precision, learnt);
  const bound = published.find((each) => each.bytes === bytes && each.interval === interval)!.years[coverage];
  const joules = waterfallOf(measured, wattsOf(bound), seconds, limit, coverage);
  const most = sumOf(joules, ["bound", "bytes"]) / seconds;
  return {
    ...{ bytes, interval, coverage, joules },
    years: {
      bound,
      most: batteryYears(battery, most),
      mostWithBoard: batteryYears(battery, most + limit.board.deepSleep.value),
      modem: batteryYears(battery, sumOf(joules, modemParts) / seconds),
      withBoard: batteryYears(battery, measured.watts),
      lightly: batteryYears(battery, lightly.measured.watts),
    },
  };
}

/** W that empty the study's battery in so many years. */
function wattsOf(years: number): number {
  // Years go with one over the watts, as the battery has no self-discharge.
  return batteryYears(battery, 1) / years;
}

/** Geometric means of what is reached of the bound, 0 to 1, of each kind of years. */
export function meanRatios(cells: readonly Pick<Cell, "years">[]): Readonly<Record<keyof CellYears, number>> {
  const mean = (of: keyof CellYears): number =>
    Math.exp(cells.reduce((sum, { years }) => sum + Math.log(years[of] / years.bound), 0) / cells.length);
  return {
    bound: mean("bound"),
    most: mean("most"),
    mostWithBoard: mean("mostWithBoard"),
    modem: mean("modem"),
    withBoard: mean("withBoard"),
    lightly: mean("lightly"),
  };
}

/** The cell's name. */
export function cellText({ bytes, interval, coverage }: CellPlace): string {
  return `${interval === 86_400 ? "day" : "2 h"}, ${String(bytes).padStart(3)} bytes, ${losses[coverage]} dB`;
}
