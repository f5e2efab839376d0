/** How long a battery lasts. */

export interface Battery {
  /** Wh */
  readonly capacity: number;
  /** Share of the capacity that it loses in a year by itself, 0 to 1. */
  readonly selfDischarge: number;
}

const hoursInYear = 8_766;

/** Years that a battery lasts under a mean load of `watts`: load and self-discharge both draw on the capacity. */
export function batteryYears({ capacity, selfDischarge }: Battery, watts: number): number {
  return capacity / (watts * hoursInYear + selfDischarge * capacity);
}
