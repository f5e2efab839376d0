/**
 * Fault scripts: what a device is made of, how many hours it is tormented, and what befalls it when. Plain
 * JSON, so that a script can be kept, cut down and run again; drawn from a seed by `randomScript`.
 */
import { families, generationsOf } from "../../sim/modem/families";
import { Random } from "../../sim/time/random";
import { actName } from "./hostile-trouble";
import { tricks } from "./interposed";
import { faultKinds, kinds } from "./kinds";
import { computeRate } from "../../sim/board/processor";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { FaultKind } from "./kinds";

export type { FaultKind } from "./kinds";

/** How the device of a trial is set up: all of this is drawn or chosen, and the rest may be chosen. */
export type ChaosDevice = Required<Pick<DeviceOptions, Drawn>> &
  Pick<
    DeviceOptions,
    | "loss"
    | "lifetime"
    | "keepAlive"
    | "releaseAssistance"
    | "t3324"
    | "modemFirmware"
    | "processor"
    | "sealed"
    | "update"
  >;

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
 * through them by the seed.
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

/** Faults per day, and beside them what operator and application do. */
const fewest = 3;
const most = 15;
const fewestUses = 2;
const mostUses = 8;
/** A device that never was online has nothing to lose. */
const quietStart = 5 * minute;

/**
 * The script of a seed: the same one, always.
 *
 * @param only the kinds that it is drawn from, all when left out
 */
export function randomScript(
  seed: number,
  hours: number,
  chosen: ChosenDevice = {},
  only: readonly FaultKind[] = faultKinds,
): Script {
  const { modem = "sim7020" } = chosen;
  const random = new Random(`chaos ${seed}`);
  const family = modem === "all" ? familyOf(seed) : modem;
  const device = deviceOf(random.fork("device"), { ...chosen, modem: family });
  const end = hours * hour;
  const troubles = only.filter(
    (kind) => kinds[kind].group !== "use" && (kinds[kind].sealedOnly !== true || device.sealed !== undefined),
  );
  const uses = only.filter((kind) => kinds[kind].group === "use");
  const faults = [
    ...drawn(random.fork("faults"), troubles, [fewest, most], end),
    ...drawn(random.fork("uses"), uses, [fewestUses, mostUses], end),
  ];
  return { seed, hours, device, faults: faults.sort((a, b) => a.at - b.at) };
}

/** So many faults a day, at least one, of these kinds; none where there is no kind. */
function drawn(
  random: Random,
  from: readonly FaultKind[],
  [least, most]: readonly [number, number],
  end: number,
): Fault[] {
  if (from.length === 0) return [];
  const count = Math.max(1, Math.round((random.between(least, most) * end) / day));
  return Array.from({ length: count }, () => randomFault(random, from, end));
}

function familyOf(seed: number): string {
  const names = [...families.keys()];
  return names[seed % names.length];
}

/** Of 24 devices 18 measure each quarter of an hour, five each 5 minutes, and one each minute. */
const intervals = Object.freeze([...Array<number>(18).fill(900), ...Array<number>(5).fill(300), 60]);

/** How readings go that would be JSON, at least in turn, in a sealed product. */
const inBytes = { raw: "raw", compact: "compact", json: "raw", alternate: "compact" } as const;

/** What is chosen takes the place of what is drawn, so that all else of the seed stays as it was. */
function deviceOf(random: Random, chosen: ChosenDevice & { readonly modem: string }): ChaosDevice {
  const drawn = {
    modem: chosen.modem,
    sleep: random.chance(1 / 24) ? ("deep" as const) : ("none" as const),
    edition: random.pick(["token", "tokenless"] as const),
    addressBound: random.chance(0.4),
    coverage: random.pick([0, 0, 0, 1, 1, 2] as const),
    interval: random.pick(intervals),
    format: random.pick(["raw", "compact", "json", "alternate"] as const),
    batch: random.pick([1, 1, 4]),
    powerKey: random.chance(0.7),
    supply: random.chance(0.5),
    journalSize: random.pick([131_072, 131_072, 131_072, 16_384]),
    full: random.pick(["oldest", "oldest", "newest", "thin"] as const),
    order: random.pick(["oldest", "oldest", "live"] as const),
  };
  const generations = generationsOf(chosen.modem);
  const firmware = generations.length === 0 ? undefined : random.fork("firmware").pick(generations);
  // How fast XS is on a board nobody has measured: a third to three times what is assumed, each as likely.
  const rate = Math.round((computeRate / 1.5) * 3 ** random.fork("processor").between(-1, 1));
  const device = { ...drawn, processor: { rate }, modemFirmware: firmware, ...chosen };
  // A board that sleeps after each reading takes one every quarter of an hour, unless another interval is chosen.
  if (device.sleep === "deep" && chosen.interval === undefined) device.interval = 900;
  // What is JSON is sealed by nothing.
  if (device.sealed !== undefined && chosen.format === undefined) device.format = inBytes[device.format];
  // Only the edition without tokens can bind a session to an address.
  return { ...device, addressBound: device.addressBound && device.edition === "tokenless" };
}

function randomFault(random: Random, from: readonly FaultKind[], end: number): Fault {
  const kind = pickKind(random, from);
  const { lasting, amount } = kinds[kind];
  const [least, longest] = lasting;
  const at = Math.round(random.between(Math.min(quietStart, end / 2), end));
  // Most are short, as in the field: even on a scale of powers.
  const drawn = least === 0 ? 0 : Math.round(least * (longest / least) ** random.next());
  return { at, kind, lasting: Math.min(drawn, end - at), amount: amount(random) };
}

function pickKind(random: Random, from: readonly FaultKind[]): FaultKind {
  const total = from.reduce((sum, kind) => sum + kinds[kind].weight, 0);
  let left = random.next() * total;
  for (const kind of from) {
    left -= kinds[kind].weight;
    if (left < 0) return kind;
  }
  return from[0];
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
export function describeFault(fault: Fault): string {
  const { kind, lasting, amount } = fault;
  const length = lasting > 0 ? ` for ${Math.round(lasting / second)} s` : "";
  const how =
    kind === "interposed" ? tricks[amount].name : (actName(fault) ?? (amount === 0 ? "" : String(amount)));
  return `${kind}${how === "" ? "" : ` ${how}`}${length}`;
}
