/**
 * What a package costs a device before anybody sends it: played block by block to the energy meter, as one contact in which
 * each block is asked for once the one before is there. Losses are counted by their mean: a block that is lost is asked for
 * again after the time that a lost datagram takes.
 */
import { EnergyMeter } from "../../inspect/energy/meter";
import { builtClock } from "../../inspect/energy/profile";
import { coverageProfiles } from "../../sim/radio/coverage";
import type { EnergyProfile } from "../../inspect/energy/profile";
import type { Coverage } from "../../sim/radio/link";
import type { WorldEvent } from "../../sim/world/world";
import type { Package } from "./package-reader";

/** Bytes of a block that the server gives where nothing smaller is negotiated. */
export const blockLength = 512;
/** A request for a block: header, token, three segments of a path, Block2 and ETag; and what stands before a block's bytes. */
const requestLength = 48;
const answerHead = 20;
/** ms that a block takes on the way from the modem to the board and back, in hexadecimal digits at 115,200 baud. */
const portTime = 110;
/** ms by which a lost datagram makes a block later: the retransmission's time by coverage level, as metered-run.ts has it. */
const lossTime = [7_000, 15_000, 50_000] as const;
/** ms that the network stays connected behind the last block, which announces that it is the last. */
const tail = 500;
const daysInYear = 365.25;

/** Steps of XS, as the decoder takes them (test/firmware/update): for a byte that is new, for one that is like, for a chunk. */
const steps = { added: 70, alike: 4, chunk: 40_000 };

/** What it takes at one coverage level. */
export interface LevelCost {
  readonly coverage: Coverage;
  /** Hours of contact. */
  readonly hours: number;
  readonly joules: number;
  /** Days that the battery lasts less. */
  readonly days: number;
}

/** What a package takes. */
export interface UpdateCost {
  /** Bytes of the file. */
  readonly bytes: number;
  readonly blocks: number;
  /** Bytes on the air both ways, with 28 of IPv4 and UDP each. */
  readonly air: number;
  readonly levels: readonly LevelCost[];
}

/** A battery, and how long it lasts without updates. */
export interface BatteryLife {
  /** Wh */
  readonly capacity: number;
  readonly years: number;
}

/** What this package costs at each level. */
export function costOf(
  { head, chunks, bytes }: Package,
  profile: EnergyProfile,
  battery: BatteryLife,
): UpdateCost {
  const blocks = Math.ceil(bytes.length / blockLength);
  const perByte = head.kind === "whole" ? steps.added : steps.alike;
  const compute = head.imageLength * perByte + chunks.length * steps.chunk;
  const computeTime = (1_000 * compute) / (profile.board.computeRate.value * builtClock.megahertz);
  const levels = ([0, 1, 2] as const).map((coverage): LevelCost => {
    const { ms, joules } = contactOf(bytes.length, coverage, profile, computeTime);
    const days = (joules / (battery.capacity * 3_600)) * battery.years * daysInYear;
    return { coverage, hours: ms / 3_600_000, joules, days };
  });
  const heads = 2 * 28 + requestLength + answerHead;
  return { bytes: bytes.length, blocks, air: bytes.length + blocks * heads, levels };
}

/** The contact that fetches so many bytes, and unpacks what it has got meanwhile. */
function contactOf(
  length: number,
  coverage: Coverage,
  profile: EnergyProfile,
  computeTime: number,
): { readonly ms: number; readonly joules: number } {
  const { oneWay, loss } = coverageProfiles[coverage];
  // A log-normal time: between its median and its 95th percentile its logarithm has 1.645 standard deviations.
  const spread = (Math.log(oneWay.p95 / oneWay.median) / 1.6448536269514722) ** 2;
  const mean = oneWay.median * Math.exp(spread / 2);
  // A request or its answer is lost, and perhaps the next ones.
  const lost = 1 / (1 - loss) ** 2 - 1;
  const meter = new EnergyMeter(profile, { coverage });
  const connection = (time: number, state: "connected" | "idle"): void =>
    meter.hear({ time, source: "modem", event: { type: "rrc", time, state } });
  connection(0, "connected");
  let time = 0;
  let owed = 0;
  for (let at = 0; at < length; at += blockLength) {
    meter.hear(request(time));
    // What is lost is sent for nothing; how often that is adds up over the blocks.
    for (owed += lost; owed >= 1; owed -= 1) {
      time += lossTime[coverage];
      meter.hear(request(time));
    }
    time += 2 * mean + portTime;
    const bytes = new Uint8Array(answerHead + Math.min(blockLength, length - at));
    meter.hear({ time, source: "modem", event: { type: "receive", time, id: 0, bytes } });
  }
  // Most of it is done while the next block is awaited, and none of it any cheaper then.
  meter.hear({ time, source: "processor", kind: "update", compute: 0, ms: computeTime });
  time += Math.max(tail, computeTime);
  connection(time, "idle");
  return { ms: time, joules: meter.finish(time).joules };
}

const endpoint = { address: "10.0.0.1", port: 5_683 };

/** A request for a block, as the meter hears of it. */
function request(time: number): WorldEvent {
  const route = { from: endpoint, to: endpoint, inside: undefined, deliveredAt: time, duplicate: false };
  const bytes = new Uint8Array(requestLength);
  return { time, source: "air", report: { direction: "up", time, bytes, fate: "delivered", ...route } };
}
