/**
 * Why the device started, as a number: that of the measure point `health_last_start`, whose names are in
 * host-sim/model/health-model.ts.
 */

/** By number; a number keeps its meaning for ever. */
export const startReasonNames: readonly string[] = Object.freeze([
  "unknown",
  "power-on",
  "software",
  "panic",
  "watchdog",
  "abort",
  "brownout",
  "cpu-lockup",
  "external",
]);

const external = 8;

/** The number of a reason; those that have none of their own come from outside of the firmware. */
export function startReasonNumber(reason: string): number {
  const number = startReasonNames.indexOf(reason);
  return number < 0 ? external : number;
}

/** Whether the device had stopped working of its own. */
export function isPanic(number: number): boolean {
  return number === 3 || number === 4 || number === 5 || number === 7;
}

/** Whether its supply had failed. */
export function isPowerLoss(number: number): boolean {
  return number === 1 || number === 6;
}
