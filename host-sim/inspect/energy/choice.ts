/** What a battery is asked to carry: the settings of a device, as one choice among others. */
import { builtClock } from "./profile";
import type { CoverageMix } from "../../sim/radio/coverage";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { BoardClock, EnergyProfile } from "./profile";

/** Settings that decide over joules. */
export interface Choice
  extends Required<Pick<DeviceOptions, Deciding>>, Pick<DeviceOptions, "lifetime" | "sealed" | "settings"> {
  /** How the modem spends the time between. */
  readonly saving: "psm" | "edrx";
}

type Deciding =
  "modem" | "interval" | "format" | "batch" | "keepAlive" | "sleep" | "t3324" | "releaseAssistance";

/** What stays as it is while settings are compared. */
export interface MeasureOptions extends Pick<DeviceOptions, "seed" | "loss"> {
  /** Default "node". */
  readonly engine?: DeviceOptions["engine"];
  /** Default "token". */
  readonly edition?: DeviceOptions["edition"];
  readonly profile: EnergyProfile;
  readonly mix: CoverageMix;
  /** Readings of each run, at most. */
  readonly reports: number;
  /** Hears how far a measurement is, 0 to 1: a guess where it ends as soon as it is sure enough. */
  readonly onWork?: (share: number) => void;
}

/** The processor's clock, as the settings have it. */
export function clockOf({ settings = {} }: Pick<Choice, "settings">): BoardClock {
  const megahertz = Number(settings.processor ?? builtClock.megahertz) as BoardClock["megahertz"];
  return { megahertz, waiting: (settings.waiting ?? builtClock.waiting) as BoardClock["waiting"] };
}
