/**
 * What a vendor's documents leave open: drawn once in a modem's life, and kept with what it keeps without
 * power, so that it does it the same way ever after.
 */
import type { Unit } from "./family";

/** Share of modems that do it, of each of these things: nobody knows better. */
export const drawnShare = 0.5;

/** Draws what has not been drawn yet, one number of the modem's chance for each name. */
export function draw(unit: Unit, names: readonly string[]): void {
  const { own } = unit.nvram;
  for (const name of names) if (!own.has(name)) own.set(name, unit.random.chance(drawnShare) ? "yes" : "no");
}

/** Whether it was drawn that this modem does so. */
export function drawn(unit: Unit, name: string): boolean {
  return unit.nvram.own.get(name) === "yes";
}
