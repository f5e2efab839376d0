/**
 * Fault scripts: what a device is made of, how many hours it is tormented, and what befalls it when. Plain
 * JSON, so that a script can be kept, cut down and run again; drawn from a seed by `randomScript`.
 */
import { families } from "../../sim/modem/families";
import { Random } from "../../sim/time/random";
import type { DeviceOptions } from "../../sim/world/device-options";

/** How the device of a trial is set up: all of this is drawn or chosen, and the rest may be chosen. */
export type ChaosDevice = Required<Pick<DeviceOptions, Drawn>> &
  Pick<DeviceOptions, "loss" | "lifetime" | "keepAlive" | "releaseAssistance" | "t3324">;

type Drawn =
  | "modem"
  | "sleep"
  | "edition"
  | "addressBound"
  | "coverage"
  | "interval"
  | "format"
  | "batch"
  | "powerKey"
  | "supply"
  | "journalSize"
  | "full"
  | "order";

/**
 * What of a trial's device is chosen, and not drawn. The modem's family (default sim7020) may be "all", to go
 * through them by the seed; a board sleeps (default "none") only where that is chosen.
 */
export type ChosenDevice = Partial<ChaosDevice>;

/** One fault. Times in virtual ms. */
export interface Fault {
  readonly at: number;
  readonly kind: FaultKind;
  /** Until it is over; 0 for what happens once. */
  readonly lasting: number;
  /** How bad it is, in the unit that the table of kinds names; 0 for kinds that are there or not. */
  readonly amount: number;
}

export interface Script {
  readonly seed: number;
  /** All faults are over by then. */
  readonly hours: number;
  readonly device: ChaosDevice;
  /** By time. */
  readonly faults: readonly Fault[];
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

interface Kind {
  /** How often it comes, against the others. */
  readonly weight: number;
  /** ms */
  readonly lasting: readonly [least: number, most: number];
  readonly amount: (random: Random) => number;
}

const whole = (least: number, most: number) => (random: Random) =>
  least + Math.floor(random.next() * (most - least + 1));
const between = (least: number, most: number) => (random: Random) =>
  Math.round(random.between(least, most) * 100) / 100;
const oneOf = (values: readonly number[]) => (random: Random) => random.pick(values);
const none = (): number => 0;
const once = [0, 0] as const;
/** Of 3GPP TS 24.301 section 9.9.3.9: from illegal UE to congestion, for good and for a while. */
const causes = [3, 6, 7, 8, 11, 15, 17, 22];

/** All kinds, and what `amount` is. */
const kinds = {
  /** No cell. */
  "coverage-outage": { weight: 3, lasting: [2 * minute, 8 * hour], amount: none },
  /** Another coverage level: 0 to 2. */
  "coverage-level": { weight: 2, lasting: [10 * minute, 6 * hour], amount: whole(0, 2) },
  /** Share of datagrams lost each way. */
  loss: { weight: 3, lasting: [5 * minute, 3 * hour], amount: between(0.1, 0.6) },
  /** Factor on latencies. */
  "slow-network": { weight: 2, lasting: [5 * minute, 2 * hour], amount: between(2, 12) },
  /** Share of datagrams that come twice. */
  duplication: { weight: 2, lasting: [10 * minute, 6 * hour], amount: between(0.1, 0.9) },
  /** EMM cause with which attaches are refused. */
  "attach-denial": { weight: 2, lasting: [5 * minute, 4 * hour], amount: oneOf(causes) },
  /** The operator's NAT forgets its mappings. */
  "nat-rebind": { weight: 2, lasting: once, amount: none },
  /** The cloud answers nothing. */
  "cloud-down": { weight: 2, lasting: [1 * minute, 6 * hour], amount: none },
  /** Share of requests answered 5.00. */
  "cloud-errors": { weight: 2, lasting: [5 * minute, 4 * hour], amount: oneOf([0.3, 0.7, 1]) },
  /** The cloud forgets sessions. */
  "cloud-restart": { weight: 2, lasting: once, amount: none },
  "modem-reboot": { weight: 2, lasting: once, amount: none },
  "modem-deaf": { weight: 2, lasting: once, amount: none },
  /** Dead until its key is pressed; on a board that cannot, somebody comes when it has lasted. */
  "modem-hang-key": { weight: 1, lasting: [10 * minute, 4 * hour], amount: none },
  /** Dead until its supply was off, likewise. */
  "modem-hang-supply": { weight: 1, lasting: [10 * minute, 4 * hour], amount: none },
  /** ms without supply. */
  "modem-brownout": { weight: 2, lasting: once, amount: whole(5, 500) },
  /** Factor on the time until an answer. */
  "modem-slow": { weight: 1, lasting: [5 * minute, 2 * hour], amount: between(1.5, 4) },
  "sim-removal": { weight: 1, lasting: [1 * minute, 2 * hour], amount: none },
  /** The modem forgets its sockets and tells nobody, or loses the context they stand on, which it tells. */
  "sockets-gone": { weight: 2, lasting: once, amount: none },
  /** Share of unsolicited lines lost. */
  "urc-loss": { weight: 2, lasting: [5 * minute, 3 * hour], amount: between(0.1, 0.7) },
  /** Share of unsolicited lines that come twice. */
  "urc-doubling": { weight: 1, lasting: [5 * minute, 3 * hour], amount: between(0.1, 0.9) },
  /** Bytes of noise. */
  "uart-garbage": { weight: 2, lasting: once, amount: whole(1, 300) },
  /** Bytes lost on their way to the board. */
  "uart-overrun": { weight: 2, lasting: once, amount: whole(1, 200) },
  /** Bytes with a flipped bit. */
  "uart-corruption": { weight: 2, lasting: once, amount: whole(1, 30) },
  /** ms that the network's time is wrong: minutes, days, years. */
  "clock-error": {
    weight: 2,
    lasting: [10 * minute, 8 * hour],
    amount: (random) => {
      const size = random.pick([minute, 10 * minute, hour, day, 40 * day, 400 * day, 4_000 * day]);
      return Math.round((random.chance(0.5) ? 1 : -1) * size * random.between(0.5, 1.5));
    },
  },
  /** The board is without power, the modem is not. */
  "power-cut": { weight: 3, lasting: [1 * second, 2 * hour], amount: none },
  /** Board and modem are without power. */
  "power-cut-all": { weight: 2, lasting: [1 * second, 2 * hour], amount: none },
  /** Writes and erases, of flash and key-value storage, until the power fails in the middle of one. */
  "power-cut-in-write": { weight: 3, lasting: [1 * second, 30 * minute], amount: whole(1, 40) },
  /** Bits that flip in what was written to flash. */
  "flash-bit-errors": { weight: 1, lasting: once, amount: whole(1, 3) },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof kinds;

/** All kinds of fault. */
export const faultKinds = Object.freeze(Object.keys(kinds)) as readonly FaultKind[];

const table: Readonly<Record<FaultKind, Kind>> = kinds;

/** Faults per day. */
const fewest = 3;
const most = 15;
/** A device that never was online has nothing to lose. */
const quietStart = 5 * minute;

/** The script of a seed: the same one, always. */
export function randomScript(seed: number, hours: number, chosen: ChosenDevice = {}): Script {
  const { modem = "sim7020" } = chosen;
  const random = new Random(`chaos ${seed}`);
  const family = modem === "all" ? familyOf(seed) : modem;
  const device = deviceOf(random.fork("device"), { ...chosen, modem: family });
  const draw = random.fork("faults");
  const end = hours * hour;
  const count = Math.max(1, Math.round((draw.between(fewest, most) * end) / day));
  const faults: Fault[] = [];
  for (let i = 0; i < count; i++) faults.push(randomFault(draw, end));
  return { seed, hours, device, faults: faults.sort((a, b) => a.at - b.at) };
}

function familyOf(seed: number): string {
  const names = [...families.keys()];
  return names[seed % names.length];
}

/** What is chosen takes the place of what is drawn, so that all else of the seed stays as it was. */
function deviceOf(random: Random, chosen: ChosenDevice & { readonly modem: string }): ChaosDevice {
  const drawn = {
    modem: chosen.modem,
    sleep: "none" as const,
    edition: random.pick(["token", "tokenless"] as const),
    addressBound: random.chance(0.4),
    coverage: random.pick([0, 0, 0, 1, 1, 2] as const),
    interval: random.pick([900, 900, 900, 900, 300, 60]),
    format: random.pick(["raw", "compact", "json", "alternate"] as const),
    batch: random.pick([1, 1, 4]),
    powerKey: random.chance(0.7),
    supply: random.chance(0.5),
    journalSize: random.pick([131_072, 131_072, 131_072, 16_384]),
    full: random.pick(["oldest", "oldest", "newest", "thin"] as const),
    order: random.pick(["oldest", "oldest", "live"] as const),
  };
  const device = { ...drawn, ...chosen };
  // Only the edition without tokens can bind a session to an address.
  return { ...device, addressBound: device.addressBound && device.edition === "tokenless" };
}

function randomFault(random: Random, end: number): Fault {
  const kind = pickKind(random);
  const { lasting, amount } = table[kind];
  const [least, longest] = lasting;
  const at = Math.round(random.between(Math.min(quietStart, end / 2), end));
  // Most are short, as in the field: even on a scale of powers.
  const drawn = least === 0 ? 0 : Math.round(least * (longest / least) ** random.next());
  return { at, kind, lasting: Math.min(drawn, end - at), amount: amount(random) };
}

function pickKind(random: Random): FaultKind {
  const total = faultKinds.reduce((sum, kind) => sum + table[kind].weight, 0);
  let left = random.next() * total;
  for (const kind of faultKinds) {
    left -= table[kind].weight;
    if (left < 0) return kind;
  }
  return faultKinds[0];
}

/** The script with only these of its faults, by their indices. @throws RangeError for one that it lacks */
export function keepFaults(script: Script, indices: readonly number[]): Script {
  const stranger = indices.find((index) => script.faults[index] === undefined);
  if (stranger !== undefined) {
    throw new RangeError(`the script has no fault ${stranger}, they are 0 to ${script.faults.length - 1}`);
  }
  return { ...script, faults: script.faults.filter((_, index) => indices.includes(index)) };
}

/** For people: what befalls the device. */
export function describeFault({ kind, lasting, amount }: Fault): string {
  const length = lasting > 0 ? ` for ${Math.round(lasting / second)} s` : "";
  return `${kind}${amount === 0 ? "" : ` ${amount}`}${length}`;
}
