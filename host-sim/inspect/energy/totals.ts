/**
 * What a run's readings have taken, beside whatever else is looked at: counted from the end of the first one's
 * connection to the end of the last one's, so that the first registration and session are not in it.
 */
import { readLogLine } from "../../sim/world/device-log";
import { batteryYears } from "./battery";
import { EnergyMeter } from "./meter";
import { rangeOf } from "./range";
import type { WorldEvent } from "../../sim/world/world";
import type { Battery } from "./battery";
import type { EnergyAccount, EnergyMeterOptions } from "./meter";
import type { EnergyProfile } from "./profile";

/** What it comes to. */
export interface EnergyTotals {
  readonly profile: string;
  /** W on average. */
  readonly watts: number;
  readonly joulesPerReading: number;
  /** Readings that this is of. */
  readonly readings: number;
  readonly battery: Battery;
  /** How long that would last. */
  readonly years: number;
  /** Both at either end of the ranges in which the profile's figures lie. */
  readonly range: {
    readonly joulesPerReading: readonly [least: number, most: number];
    readonly years: readonly [least: number, most: number];
  };
}

/** The joules and the time where a connection has ended, and the readings that the cloud had acknowledged then. */
interface Mark {
  readonly time: number;
  readonly joules: number;
  readonly byState: EnergyAccount["byState"];
  readonly readings: number;
}

/** Hears a run. */
export class ReadingMeter {
  readonly #meter: EnergyMeter;
  readonly #profile: EnergyProfile;
  #readings = 0;
  #first: Mark | undefined;
  #last: Mark | undefined;

  constructor(profile: EnergyProfile, options: EnergyMeterOptions) {
    this.#profile = profile;
    this.#meter = new EnergyMeter(profile, options);
  }

  hear(event: WorldEvent): void {
    this.#meter.hear(event);
    if (event.source === "device" && event.text.startsWith("report: ")) {
      if (readLogLine(event.text)?.kind === "report acknowledged") this.#readings += 1;
    } else if (event.source === "modem" && event.event.type === "rrc" && event.event.state === "idle") {
      if (this.#readings === 0) return;
      const { joules, byState } = this.#meter.account(event.time);
      this.#last = { time: event.time, joules, byState, readings: this.#readings };
      this.#first ??= this.#last;
    }
  }

  /** Undefined where fewer than two readings arrived. */
  totals(battery: Battery): EnergyTotals | undefined {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined || last.readings === first.readings) return undefined;
    const joules = last.joules - first.joules;
    const readings = last.readings - first.readings;
    const ms = last.time - first.time;
    const watts = (1_000 * joules) / ms;
    const [before, after] = [first, last].map(({ byState }) => rangeOf(byState, this.#profile));
    const [least, most] = [after[0] - before[0], after[1] - before[1]];
    const yearsWith = (spent: number): number => batteryYears(battery, (1_000 * spent) / ms);
    return {
      profile: this.#profile.name,
      watts,
      joulesPerReading: joules / readings,
      readings,
      battery,
      years: batteryYears(battery, watts),
      range: {
        joulesPerReading: [least / readings, most / readings],
        years: [yearsWith(most), yearsWith(least)],
      },
    };
  }
}
