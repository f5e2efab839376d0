/**
 * The time that a modem tells, and the zone beside it: whether the digits are local time or UTC depends on maker
 * and firmware.
 */

/** A clock as a modem tells it. */
export interface Clock {
  /** The digits, read as if they were UTC: epoch ms. */
  readonly told: number;
  /** The zone beside them, ms east of UTC; left out where none stands there. */
  readonly zone?: number;
  /** The zone beside them is told in whole hours: how a firmware rounds one of half an hour is not known. */
  readonly wholeHours?: boolean;
  /** What the digits are by the maker's manual; left out where it is not sure. */
  readonly tells?: "local" | "utc";
}

/** What the digits are to be taken for: what the user says, or what is found out. */
export type ClockSetting = "auto" | "local" | "utc";

/** Epoch ms of a clock: local time, as 3GPP has it, unless the manual says otherwise. */
export function epochOf({ told, zone = 0, tells }: Clock): number {
  return tells === "utc" ? told : told - zone;
}
