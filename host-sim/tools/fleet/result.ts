/**
 * What came of a part of a fleet, in a form in which parts can be added: counts, sums of whole numbers and histograms. The
 * same run gives the same bytes, in one part or in many.
 */
import type { Shard } from "../shards/shard";
import type { FleetPlan } from "./plan";

/** Written into each file, so that a stranger's is told from one of ours. */
export const resultForm = "enos-nbiot-xs fleet result 3";

/** Counts of the whole time. */
export interface FleetCounts {
  taken: number;
  acknowledged: number;
  /** Different readings that the cloud has. */
  stored: number;
  /** Given up on the device: refused by the cloud, or without room. */
  lost: number;
  /** Still in journals at the end. */
  waiting: number;
  authentications: number;
  datagramsUp: number;
  datagramsDown: number;
  datagramsLost: number;
  retransmissions: number;
  bytesUp: number;
  bytesDown: number;
  restarts: number;
  /** Exceptions that firmware has caught. */
  faults: number;
  /** Devices called by their cells, each time anew; such that had to wait for another occasion; and calls given up. */
  pages: number;
  pagesBlocked: number;
  pagesUnanswered: number;
  /** Services that the operator invoked, and what came of them; the others waited still at the end. */
  commands: number;
  commandsAnswered: number;
  commandsLost: number;
}

/** What a cell and the cloud had to do, in stretches of `step` ms. */
export interface FleetLoad {
  readonly step: number;
  /** Devices that wanted a connection, tries at random access that met others, and devices that gave it up. */
  readonly requests: number[];
  readonly collisions: number[];
  readonly refusals: number[];
  /** The most devices of one cell that waited for it at once. */
  readonly waiting: number[];
  /** ms of the shared air, of all cells together. */
  readonly airtime: number[];
  /** Devices that cells called. */
  readonly pages: number[];
  /** Datagrams that came to the cloud, and readings that it stored. */
  readonly datagrams: number[];
  readonly stored: number[];
}

/** A device that fared worse than others. */
export interface WorstDevice {
  readonly number: number;
  readonly deviceKey: string;
  readonly coverage: number;
  readonly lost: number;
  readonly waiting: number;
  /** The latest of its readings came so many ms after it was taken. */
  readonly latest: number;
  /** Hundredths of a year that its battery lasts. */
  readonly years: number;
}

export interface FleetResult {
  readonly form: typeof resultForm;
  readonly plan: FleetPlan;
  readonly shard: Shard;
  readonly counts: FleetCounts;
  /** ms from a reading's measurement until the device knew that the cloud has it: see delays.ts. */
  readonly delays: string;
  /** ms from the operator's order until the cloud had the device's answer. */
  readonly answers: string;
  /** Hundredths of a year that batteries last. */
  readonly years: string;
  /** Devices at each coverage level, and mJ of their modems and boards. */
  readonly levels: readonly { devices: number; modem: number; board: number }[];
  readonly load: FleetLoad;
  /** The worst first. */
  readonly worst: readonly WorstDevice[];
}

/** How many of the worst are named. */
export const worstNamed = 10;
/** The order in which devices are worst: what was lost, what waits, what came late, what lasts short. */
export function byWorst(a: WorstDevice, b: WorstDevice): number {
  return (
    b.lost - a.lost ||
    b.waiting - a.waiting ||
    b.latest - a.latest ||
    a.years - b.years ||
    a.number - b.number
  );
}

/** An empty load of a run. */
export function emptyLoad(hours: number, step: number): FleetLoad {
  const bins = Math.ceil((hours * 3_600_000) / step);
  const zeros = (): number[] => Array.from({ length: bins }, () => 0);
  return {
    step,
    requests: zeros(),
    collisions: zeros(),
    refusals: zeros(),
    waiting: zeros(),
    airtime: zeros(),
    pages: zeros(),
    datagrams: zeros(),
    stored: zeros(),
  };
}
