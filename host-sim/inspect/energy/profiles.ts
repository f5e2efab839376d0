/**
 * The built-in profiles. `limit` is what the standard thinks possible, `modern` what a module of today was seen to
 * draw in public networks, `field` what the first modules were.
 */
import { field } from "./field";
import { limit } from "./limit";
import { modern } from "./modern";
import { moduleProfile, sheets } from "./modules";
import type { EnergyProfile } from "./profile";

/** Their names. */
export type ProfileName = "modern" | "field" | "limit";

/** The built-in ones. */
export const profiles: Readonly<Record<ProfileName, EnergyProfile>> = Object.freeze({ modern, field, limit });

/** All that has a name: the built-in ones, and the modules whose data sheets are known. */
export const profileNames: readonly string[] = Object.freeze([
  ...Object.keys(profiles),
  ...Object.keys(sheets),
]);

/** The profile of that name; undefined when it is none of `profileNames`. */
export function profileNamed(name: string): EnergyProfile | undefined {
  return Object.hasOwn(profiles, name) ? profiles[name as ProfileName] : moduleProfile(name);
}
