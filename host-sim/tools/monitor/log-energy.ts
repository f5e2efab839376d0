/**
 * Joules of a board by its log: what the log lets one conclude, through the same meter that a simulated run goes
 * through, and between what bounds it lies when what had to be assumed is otherwise.
 */
import { EnergyMeter } from "../../inspect/energy/meter";
import { ReadingMeter } from "../../inspect/energy/totals";
import { inactivity } from "./assumption";
import { estimateOf } from "./estimate";
import type { Battery } from "../../inspect/energy/battery";
import type { EnergyAccount } from "../../inspect/energy/meter";
import type { EnergyProfile } from "../../inspect/energy/profile";
import type { EnergyTotals } from "../../inspect/energy/totals";
import type { Coverage } from "../../sim/radio/link";
import type { WorldEvent } from "../../sim/world/world";
import type { HeardLine } from "./board-log";
import type { Assumption } from "./assumption";
import type { Estimate } from "./estimate";

export interface LogEnergyOptions {
  readonly profile: EnergyProfile;
  readonly battery: Battery;
  /** Coverage level where the log does not tell it. */
  readonly coverage?: Coverage;
}

/** The coverage level that was taken, and how it is known. */
interface KnownCoverage {
  readonly level: Coverage;
  readonly by: "the log" | "the signal" | "the option" | "assumption";
}

export interface LogEnergy {
  readonly account: EnergyAccount;
  /** J, with what the log does not tell at its least and at its most. */
  readonly least: number;
  readonly most: number;
  /** Of the contacts behind the first; undefined where fewer than two brought readings. */
  readonly perReading: EnergyTotals | undefined;
  readonly estimate: Estimate;
  readonly coverage: KnownCoverage;
  readonly edrx: boolean;
}

type Assumed = Omit<Assumption, "coverage">;

/**
 * As a network does that heeds release assistance. Compute as the simulation's processor takes at 160 MHz, 30 ms a
 * line; a board is a factor of three away from that either way.
 */
const likely: Assumed = { tail: 500, ownStart: true, size: 1, repeats: true, start: 30, line: 30 };
const least: Assumed = { tail: 200, ownStart: false, size: 0.8, repeats: false, start: 10, line: 10 };
const most: Assumed = { tail: inactivity, ownStart: true, size: 1.25, repeats: true, start: 90, line: 90 };

/** Goes through a log whose lines have times. @param end ms */
export function energyOf(lines: readonly HeardLine[], end: number, options: LogEnergyOptions): LogEnergy {
  const { profile, battery } = options;
  const coverage = coverageIn(lines, options.coverage);
  const edrx = lines.some(({ event }) => grantsEdrx(event));
  const meterOptions = { coverage: coverage.level, edrx };
  const accountOf = (assumed: Assumed, level: Coverage): number => {
    const meter = new EnergyMeter(profile, { ...meterOptions, coverage: level });
    for (const event of estimateOf(lines, end, { ...assumed, coverage: level }).events) meter.hear(event);
    return meter.finish(end).joules;
  };
  const estimate = estimateOf(lines, end, { ...likely, coverage: coverage.level });
  const meter = new EnergyMeter(profile, meterOptions);
  for (const event of estimate.events) meter.hear(event);
  const readings = new ReadingMeter(profile, meterOptions);
  for (const event of merged(lines, estimate.events)) readings.hear(event);
  const sure = coverage.by === "the log" || coverage.by === "the option";
  return {
    account: meter.finish(end),
    least: accountOf(least, sure ? coverage.level : 0),
    most: accountOf(most, sure ? coverage.level : (Math.min(2, coverage.level + 1) as Coverage)),
    perReading: readings.totals(battery),
    estimate,
    coverage,
    edrx,
  };
}

/** Lines of the firmware and what was concluded from them, in order of time. */
export function merged(lines: readonly HeardLine[], events: readonly WorldEvent[]): WorldEvent[] {
  const told = lines
    .filter(({ kind }) => kind === "device")
    .map(({ time, text }): WorldEvent => ({ time, source: "device", text }));
  return [...told, ...events].sort((a, b) => a.time - b.time);
}

function grantsEdrx(event: HeardLine["event"]): boolean {
  if (event?.kind === "modem granted")
    return event.edrx !== undefined && event.edrx !== Infinity && event.edrx > 0;
  return event?.kind === "modem note" && /^up\b.* edrx=[1-9]/.test(event.text);
}

/** Signal (RSRP, dBm) below which a cell's levels 1 and 2 begin: assumed, for each network sets its own. */
const edges = [-100, -115] as const;

/** The level that the log told last. */
function coverageIn(lines: readonly HeardLine[], given: Coverage | undefined): KnownCoverage {
  if (given !== undefined) return { level: given, by: "the option" };
  let signal: number | undefined;
  for (let i = lines.length - 1; i >= 0; i--) {
    const { event } = lines[i];
    if (event?.kind !== "modem cell") continue;
    if (event.ecl === 0 || event.ecl === 1 || event.ecl === 2) return { level: event.ecl, by: "the log" };
    signal ??= event.rsrp;
  }
  if (signal === undefined) return { level: 0, by: "assumption" };
  return { level: signal >= edges[0] ? 0 : signal >= edges[1] ? 1 : 2, by: "the signal" };
}
