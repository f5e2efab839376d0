/**
 * The limits of the device's health: what crosses one is told by the event `health_alarm`, once until the next daily
 * report. Each is a setting; 0 for no limit.
 */
import { whole } from "../device/setting-values";
import type { Configuration } from "../device/setting-values";

/** A limit: the setting's name, which the event tells, and what it is without one. */
interface Limit {
  readonly name: string;
  readonly usual: number;
  readonly most: number;
  /** It is crossed by a value below. */
  readonly isLeast?: boolean;
  /** It is of how the device stands, and not of what was counted since the last report. */
  readonly stands?: boolean;
}

/** By the bits of `Tally.told`: add yours at the end, 16 at most. */
export const limits: readonly Limit[] = Object.freeze([
  /** Readings and messages that wait. */
  Object.freeze({ name: "healthWaiting", usual: 500, most: 65_535, stands: true }),
  /** Of what follows, so many since the last report: resets of the modem, without its being probed. */
  Object.freeze({ name: "healthResets", usual: 10, most: 65_535 }),
  /** Starts after a panic, the watchdog or an abort. */
  Object.freeze({ name: "healthPanics", usual: 1, most: 255 }),
  /** Readings lost. */
  Object.freeze({ name: "healthLost", usual: 1, most: 65_535 }),
  /** Readings refused. */
  Object.freeze({ name: "healthRefused", usual: 10, most: 65_535 }),
  /** J. */
  Object.freeze({ name: "healthEnergy", usual: 0, most: 1_000_000 }),
  /** Erases of the journal's most erased block: flash is made for 100,000. */
  Object.freeze({ name: "healthErases", usual: 80_000, most: 1_000_000, stands: true }),
  /** Bytes of memory, the least that were free. */
  Object.freeze({ name: "healthFreeHeap", usual: 8_192, most: 1_000_000, isLeast: true, stands: true }),
  /** mV of the battery. */
  Object.freeze({ name: "healthBattery", usual: 0, most: 65_535, isLeast: true, stands: true }),
]);

/** The bits of those of how the device stands. */
export const standingBits = limits.reduce(
  (bits, { stands }, i) => (stands === true ? bits | (1 << i) : bits),
  0,
);

/** Their settings. */
export const limitNames: readonly string[] = Object.freeze(limits.map(({ name }) => name));

/** The limits as they are set, in that order. @throws SettingsError */
export function readLimits(config: Configuration): readonly number[] {
  const read: number[] = [];
  for (let i = 0; i < limits.length; i++) {
    const { name, usual, most } = limits[i];
    read.push(whole(config, name, usual, 0, most));
  }
  return read;
}

/** Whether the value is beyond the limit, and tells so. */
export function isCrossed(which: number, value: number | undefined, limit: number): boolean {
  if (value === undefined || limit === 0) return false;
  return limits[which].isLeast === true ? value < limit : value >= limit;
}
