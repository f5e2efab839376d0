/**
 * A script of three hours with a device in order, and how to plant a violation in what the books get to see.
 */
import { runTrial } from "../../../../host-sim/tools/chaos/trial";
import type { ChaosDevice, Fault, Script } from "../../../../host-sim/tools/chaos/script";
import type { TrialOptions, TrialResult } from "../../../../host-sim/tools/chaos/trial";
import type { Invariant } from "../../../../host-sim/tools/chaos/rules/rule";
import type { CloudEvent } from "../../../../host-sim/cloud/cloud";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

/** ms */
export const minute = 60_000;
export const hour = 60 * minute;

const device: ChaosDevice = {
  modem: "sim7020",
  edition: "token",
  addressBound: false,
  coverage: 0,
  interval: 300,
  format: "raw",
  batch: 1,
  powerKey: true,
  supply: false,
  journalSize: 131_072,
  full: "oldest",
  order: "oldest",
  sleep: "none",
};

/** Three hours with these faults. */
export function scriptOf(faults: readonly Fault[] = [], changes: Partial<ChaosDevice> = {}): Script {
  return { seed: 1, hours: 3, device: { ...device, ...changes }, faults };
}

/** Runs a script on Node. */
export const run = (script: Script, options: Partial<TrialOptions> = {}): Promise<TrialResult> =>
  runTrial(script, { engine: "node", ...options });

/** The rules that were broken. */
export const broken = ({ violations }: TrialResult): Invariant[] => [
  ...new Set(violations.map(({ invariant }) => invariant)),
];

type StoredReading = Extract<WorldEvent, { source: "cloud" }> & {
  readonly event: Extract<CloudEvent, { type: "stored" | "stored-before" }>;
};

/** The cloud has stored a reading. */
export const isStoredReading = (event: WorldEvent): event is StoredReading =>
  event.source === "cloud" && event.event.type === "stored" && event.event.kind === "reading";

/** The n-th reading that the cloud stores. */
export function nthStored(
  n: number,
  change: (event: WorldEvent, stored: CloudEvent) => WorldEvent | undefined,
) {
  let count = 0;
  return (event: WorldEvent): WorldEvent | undefined => {
    if (!isStoredReading(event)) return event;
    count += 1;
    return count === n ? change(event, event.event) : event;
  };
}

/** A line of the log, put in place of the n-th that matches. */
export function insteadOf(pattern: RegExp, text: string, n = 3) {
  let count = 0;
  return (event: WorldEvent): WorldEvent =>
    event.source === "device" && pattern.test(event.text) && ++count === n ? { ...event, text } : event;
}
