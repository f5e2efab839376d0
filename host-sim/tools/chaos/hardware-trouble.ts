/**
 * Hardware that fails: the journal's flash, key-value storage, and memory that outlives a restart. What each kind
 * of trouble makes of its amount.
 */
import { damage } from "../../sim/board/storage-faults";
import type { StorageFaultKind } from "../../sim/board/storage-faults";
import type { FlashFaultKind } from "../../sim/flash/flash-faults";
import type { Random } from "../../sim/time/random";
import type { World } from "../../sim/world/world";
import type { FaultKind } from "./kinds";

/** For kinds that last: what the hardware does, each with the trouble's amount as its chance. */
const flashFaults: Partial<Record<FaultKind, readonly FlashFaultKind[]>> = {
  "flash-refuses": ["refuse-read", "refuse-write", "refuse-erase"],
  "flash-loses": ["lose-write", "lose-erase"],
  "flash-halves": ["half-write", "half-erase"],
  "flash-misreads": ["flip-read"],
};
const storageFaults: Partial<Record<FaultKind, readonly StorageFaultKind[]>> = {
  "storage-refuses": ["refuse-open", "refuse-read", "refuse-write"],
  "storage-full": ["full"],
  "storage-loses": ["lose-write"],
  "storage-misreads": ["flip-read", "flip-write"],
};

/** Kinds after which the device may have lost what its flash had taken, or never took. */
export const flashTroubles: readonly FaultKind[] = [
  ...(Object.keys(flashFaults) as FaultKind[]),
  "flash-bad-block",
  "flash-bit-errors",
  "flash-bits-set",
];
/** Kinds after which it may have forgotten what it would remember over a restart. */
export const storageTroubles: readonly FaultKind[] = Object.keys(storageFaults) as FaultKind[];

/** Lets a kind of trouble begin with this chance, or end with 0; false for one that is none of these. */
export function failHardware(world: World, kind: FaultKind, chance: number): boolean {
  for (const each of flashFaults[kind] ?? []) world.flashFaults.set(each, chance);
  for (const each of storageFaults[kind] ?? []) world.storageFaults.set(each, chance);
  return kind in flashFaults || kind in storageFaults;
}

/** From now on this block can neither be written nor erased, for good. */
export function wearOut(world: World, block: number): void {
  const blocks = [block % (world.flash?.status().blocks ?? 1)];
  world.flashFaults.set("refuse-write", 1, { blocks });
  world.flashFaults.set("refuse-erase", 1, { blocks });
}

/** Turns so many bits of retained memory; -1: all of it is random, -2: it is empty. */
export function damageRetained(world: World, amount: number, random: Random): void {
  if (amount > 0) damage(world.retained, "bits", random, amount);
  else damage(world.retained, amount === -1 ? "random" : "zero", random);
}
