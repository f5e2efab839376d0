/**
 * What a fleet run is: everything that its result hangs on, and nothing else. The shards of one run have the same plan, so
 * that a merge can tell what belongs together.
 */
import { shareOf } from "../shards/shard";
import type { Edition } from "../../cloud/registry/registry";
import type { CoverageMix } from "../../sim/radio/coverage";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { Shard } from "../shards/shard";

/** What happens to the fleet; `none`: a day like any other. */
export const scenarios = [
  "none",
  "blackout",
  "cell-moves",
  "growth",
  "bad-update",
  "commands",
  "scan",
] as const;
export type Scenario = (typeof scenarios)[number];

/** A fleet run. */
export interface FleetPlan {
  /** Of the project: another version's numbers are another run's. */
  readonly version: string;
  readonly seed: number;
  readonly devices: number;
  readonly hours: number;
  readonly scenario: Scenario;
  /** Hours after the start at which it begins. */
  readonly scenarioAt: number;
  readonly edition: Edition;
  /** Family of the modems, or "all" for all families in turn. */
  readonly modem: string;
  /** Share of devices at each coverage level. */
  readonly mix: CoverageMix;
  readonly devicesPerCell: number;
  readonly format: DeviceOptions["format"];
  /** Settings of the firmware, as its manifest has them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** ms within which the devices get their power at the start; all at once with 0. */
  readonly powerSpread: number;
  /** ms after which the operator's NAT forgets a mapping; null for never. */
  readonly natIdle: number | null;
  /** Loss each way, 0..1; null for each level's own. */
  readonly loss: number | null;
  /** Bytes of the journal's flash. */
  readonly journalSize: number;
  /** What draws how much, "module" for what the data sheet of each family says; and how large the battery is, Wh. */
  readonly profile: string;
  readonly battery: number;
}

/** Numbers of the first device of a shard and of the one behind its last: whole cells, whose devices share the air. */
export function devicesOf(
  { devices, devicesPerCell }: FleetPlan,
  shard: Shard,
): { readonly first: number; readonly end: number } {
  const cells = shareOf(Math.ceil(devices / devicesPerCell), shard);
  const edge = (cell: number): number => Math.min(devices, cell * devicesPerCell);
  return { first: edge(cells.first), end: edge(cells.end) };
}
