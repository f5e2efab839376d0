/**
 * What a package costs a device before anybody sends it: played message by message to the energy meter. Each block is asked for
 * once the one before is there; losses are counted by their mean, and what is lost is asked for again after the time that
 * a lost datagram takes. `npm start -- --scenario update` runs the same on a simulated device and came to 33, 55 and 159 J at
 * the three levels, beyond a twin whose board is awake anyhow, where this says 27, 54 and 182 J without the board's waiting.
 */
import { EnergyMeter } from "../../inspect/energy/meter";
import { builtClock } from "../../inspect/energy/profile";
import { coverageProfiles } from "../../sim/radio/coverage";
import type { EnergyProfile } from "../../inspect/energy/profile";
import type { Coverage } from "../../sim/radio/link";
import type { WorldEvent } from "../../sim/world/world";
import type { Package } from "./package-reader";

/** Bytes of a block that the server gives where nothing smaller is negotiated. */
const blockLength = 512;
/** A request for a block: header, token, three segments of a path, Block2 and ETag; and what stands before a block's bytes. */
const requestLength = 48;
const answerHead = 20;
/** ms that a block takes on the way from the modem to the board and back, in hexadecimal digits at 115,200 baud. */
const portTime = 110;
/** ms by which a lost datagram makes a block later: the retransmission's time by coverage level, as metered-run.ts has it. */
const lossTime = [7_000, 15_000, 50_000] as const;
/** ms after which the network lets go of a device that says nothing. */
const inactivity = 20_000;
/**
 * What is said besides: that it has begun, is half done, is verified and burnt; and behind the restart, in a contact of its
 * own, authentication, a reading, success and version. Bytes up and down.
 */
const messagesBefore = 4;
const messagesBehind = 5;
const messageLength = 190;
const replyLength = 50;

const daysInYear = 365.25;

/**
 * Steps of XS that unpacking takes, as `npm run bench -- --only unpack` counts them: for a byte of a whole image, of which
 * half is machine code; for one of a difference of some lines; for a chunk.
 */
const steps = { added: 35, alike: 11, chunk: 40_000 };

/** What it takes at one coverage level. */
interface LevelCost {
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
    const { ms, joules } = updateOf(bytes.length, coverage, profile, computeTime);
    const days = (joules / (battery.capacity * 3_600)) * battery.years * daysInYear;
    return { coverage, hours: ms / 3_600_000, joules, days };
  });
  const heads = 2 * 28 + requestLength + answerHead;
  return { bytes: bytes.length, blocks, air: bytes.length + blocks * heads, levels };
}

/** The update from the first block to the report of the new version, and what is unpacked meanwhile. */
function updateOf(
  length: number,
  coverage: Coverage,
  profile: EnergyProfile,
  computeTime: number,
): { readonly ms: number; readonly joules: number } {
  const contact = new Contact(coverage, profile);
  for (let at = 0; at < length; at += blockLength) {
    contact.exchange(requestLength, answerHead + Math.min(blockLength, length - at), portTime);
  }
  for (let i = 0; i < messagesBefore; i += 1) contact.exchange(messageLength, replyLength);
  // Most of it is done while the next block is awaited, and none of it any cheaper then.
  contact.compute(computeTime);
  contact.release();
  for (let i = 0; i < messagesBehind; i += 1) contact.exchange(messageLength, replyLength);
  contact.release();
  return contact.account();
}

/** A device that is connected, as the meter hears of it. */
class Contact {
  readonly #meter: EnergyMeter;
  readonly #coverage: Coverage;
  /** ms from a request to its answer, and how often one of them is lost. */
  readonly #roundTrip: number;
  readonly #lost: number;
  #time = 0;
  #connectedFor = 0;
  #isConnected = false;
  /** What is lost adds up over the exchanges. */
  #owed = 0;

  constructor(coverage: Coverage, profile: EnergyProfile) {
    const { oneWay, loss } = coverageProfiles[coverage];
    // A log-normal time: between its median and its 95th percentile its logarithm has 1.645 standard deviations.
    const spread = (Math.log(oneWay.p95 / oneWay.median) / 1.6448536269514722) ** 2;
    this.#roundTrip = 2 * oneWay.median * Math.exp(spread / 2);
    this.#lost = 1 / (1 - loss) ** 2 - 1;
    this.#meter = new EnergyMeter(profile, { coverage });
    this.#coverage = coverage;
  }

  /** @param besides ms that it takes longer than on the air */
  exchange(up: number, down: number, besides = 0): void {
    this.#send(up);
    for (this.#owed += this.#lost; this.#owed >= 1; this.#owed -= 1) {
      const wait = lossTime[this.#coverage];
      if (wait > inactivity) this.#letGo(inactivity);
      this.#pass(wait - Math.min(wait, this.#isConnected ? 0 : inactivity));
      this.#send(up);
    }
    this.#pass(this.#roundTrip + besides);
    const event = { type: "receive", time: this.#time, id: 0, bytes: new Uint8Array(down) } as const;
    this.#meter.hear({ time: this.#time, source: "modem", event });
  }

  compute(ms: number): void {
    this.#meter.hear({ time: this.#time, source: "processor", kind: "update", compute: 0, ms });
    this.#pass(ms);
  }

  /** Says nothing more until the network lets go. */
  release(): void {
    this.#letGo(inactivity);
  }

  /** ms connected, and joules of modem and board until now. */
  account(): { readonly ms: number; readonly joules: number } {
    return { ms: this.#connectedFor, joules: this.#meter.finish(this.#time).joules };
  }

  #pass(ms: number): void {
    this.#time += ms;
    if (this.#isConnected) this.#connectedFor += ms;
  }

  #letGo(ms: number): void {
    this.#pass(ms);
    this.#connection("idle");
  }

  #connection(state: "connected" | "idle"): void {
    this.#isConnected = state === "connected";
    this.#meter.hear({ time: this.#time, source: "modem", event: { type: "rrc", time: this.#time, state } });
  }

  #send(length: number): void {
    if (!this.#isConnected) this.#connection("connected");
    this.#meter.hear(request(this.#time, length));
  }
}

const endpoint = { address: "10.0.0.1", port: 5_683 };

/** What the device sends, as the meter hears of it. */
function request(time: number, length: number): WorldEvent {
  const route = { from: endpoint, to: endpoint, inside: undefined, deliveredAt: time, duplicate: false };
  const bytes = new Uint8Array(length);
  return { time, source: "air", report: { direction: "up", time, bytes, fate: "delivered", ...route } };
}
