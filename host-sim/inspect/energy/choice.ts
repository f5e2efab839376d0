/**
 * What a battery is asked to carry: the settings of a device, as one choice among others, and the mean
 * power that the simulated firmware draws with them.
 */
import { Simulation } from "../../sim/world/simulation";
import { EnergyMeter } from "./meter";
import type { Coverage } from "../../sim/radio/link";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { EnergyAccount } from "./meter";
import type { EnergyProfile } from "./profile";

/** Settings that decide over joules. */
export interface Choice extends Required<Pick<DeviceOptions, Deciding>> {
  /** How the modem spends the time between. */
  readonly saving: "psm" | "edrx";
}

type Deciding =
  | "modem"
  | "interval"
  | "format"
  | "batch"
  | "lifetime"
  | "keepAlive"
  | "sleep"
  | "t3324"
  | "releaseAssistance";

/** Shares of the coverage levels, together 1. */
export type CoverageMix = readonly [number, number, number];

/** What stays as it is while settings are compared. */
export interface MeasureOptions extends Pick<DeviceOptions, "seed" | "loss"> {
  /** Default "node". */
  readonly engine?: DeviceOptions["engine"];
  /** Default "token". */
  readonly edition?: DeviceOptions["edition"];
  readonly profile: EnergyProfile;
  readonly mix: CoverageMix;
  /** Readings of each run. */
  readonly reports: number;
}

/** Mean power, W, by what it is for, and joules for one reading with all that belongs to it. */
export interface Measured {
  readonly watts: number;
  readonly wattsByCause: Readonly<Record<string, number>>;
  readonly joulesPerReport: number;
  /** The modem's and the board's share of `watts`. */
  readonly modem: number;
  readonly board: number;
}

/** Longest eDRX cycle asked for where it takes PSM's place, seconds. */
const cycle = 82;
/** The first registration and session are not what a battery is spent on, ms. */
const warmUp = 3_600_000;

/**
 * Runs the firmware with these settings at each coverage level of the mix.
 *
 * @throws Error when a run does not come to its end
 */
export async function measure(choice: Choice, options: MeasureOptions): Promise<Measured> {
  const wattsByCause: Record<string, number> = {};
  let [watts, modem, board] = [0, 0, 0];
  for (const coverage of [0, 1, 2] as const) {
    const share = options.mix[coverage];
    if (share === 0) continue;
    const { from, to, time } = await runAt(choice, coverage, options);
    const power = (joules: number): number => (share * joules) / (time / 1_000);
    watts += power(to.joules - from.joules);
    for (const [cause, joules] of Object.entries(to.byCause)) {
      const spent = power(joules - (from.byCause[cause] ?? 0));
      if (spent > 0) wattsByCause[cause] = (wattsByCause[cause] ?? 0) + spent;
    }
    for (const [state, { joules }] of Object.entries(to.byState)) {
      const spent = power(joules - (from.byState[state]?.joules ?? 0));
      if (state.startsWith("board ")) board += spent;
      else modem += spent;
    }
  }
  return { watts, wattsByCause, joulesPerReport: watts * choice.interval, modem, board };
}

interface Window {
  readonly from: EnergyAccount;
  readonly to: EnergyAccount;
  /** ms between the two. */
  readonly time: number;
}

async function runAt(choice: Choice, coverage: Coverage, options: MeasureOptions): Promise<Window> {
  const { saving, ...settings } = choice;
  const { seed, loss, engine = "node", edition = "token" } = options;
  const meter = new EnergyMeter(options.profile, { coverage, edrx: saving === "edrx" });
  let began: { readonly account: EnergyAccount; readonly at: number } | undefined;
  let ended = 0;
  const simulation = new Simulation({
    ...settings,
    ...(saving === "edrx" ? { edrx: cycle } : {}),
    seed,
    loss,
    engine,
    edition,
    coverage,
    // A few contacts behind the first hour.
    reports: Math.max(options.reports, Math.ceil(warmUp / (1_000 * choice.interval)) + 3 * choice.batch),
    powerKey: saving === "psm",
    command: false,
    settings: { startSpread: 0 },
    onEvent: (event) => {
      meter.hear(event);
      if (event.source !== "modem" || event.event.type !== "rrc" || event.event.state !== "idle") return;
      ended = event.time;
      // From the end of one report to the end of another: whole intervals.
      if (began === undefined && event.time >= warmUp) began = { account: meter.account(ended), at: ended };
    },
  });
  const result = await simulation.run();
  if (!result.complete) throw new Error(`the run at coverage level ${coverage} failed: ${result.shortfall}`);
  if (began === undefined || ended <= began.at)
    throw new Error("the run is too short to measure: more --reports");
  return { from: began.account, to: meter.account(ended), time: ended - began.at };
}
