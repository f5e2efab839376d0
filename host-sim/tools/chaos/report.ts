/** What is said of trials: their violations, and their totals. */
import { lasting } from "../../inspect/report/duration";
import type { Attackers } from "./hostile-trouble";
import type { Measures } from "./measures";
import type { ChosenDevice } from "./script";
import type { SealFigures, TrialResult } from "./trial";
import type { UpdateFigures } from "./updates";

/** What it takes to see a trial again. */
export interface Replay {
  readonly seed: number;
  readonly hours: number;
  readonly engine: "node" | "xs";
  readonly device?: ChosenDevice;
  /** Kinds that the script is drawn from, as they were named; all when left out. */
  readonly kinds?: readonly string[];
  /** Faults of the seed's script; all when left out. */
  readonly keep?: readonly number[];
}

/** The sums over many trials. */
export interface Totals {
  readonly trials: number;
  readonly failed: number;
  readonly readings: number;
  readonly delivered: number;
  /** Readings lost for a reason that the script explains. */
  readonly losses: Readonly<Record<string, number>>;
  readonly commands: number;
  readonly answered: number;
  readonly messages: number;
  readonly restarts: number;
  readonly powerCuts: number;
  readonly datagrams: number;
  /** By their kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** ms */
  readonly virtualTime: number;
  readonly worstDelay: number;
  /** Of trials with a sealed product; undefined where there was none. */
  readonly seal?: SealFigures;
  /** Of trials with a device that was updated; undefined where there was none. */
  readonly updates?: UpdateFigures;
  /** Trials, and of these the failed ones, by who stood on the way in them. */
  readonly attackers: Readonly<
    Partial<Record<Attackers, { readonly trials: number; readonly failed: number }>>
  >;
  /** The worst of each, over all trials. */
  readonly measures: Partial<Measures>;
  /** Hours of 24 with a network, the mean of each modem family's trials. */
  readonly online: Readonly<Record<string, number>>;
}

/** One line that shows a trial's timeline. */
export function replayCommand({ seed, hours, engine, device = {}, kinds, keep }: Replay): string {
  const faults = keep === undefined ? "" : ` --keep ${keep.length === 0 ? "none" : keep.join(",")}`;
  const xs = engine === "xs" ? " --engine xs" : "";
  const only = kinds === undefined ? "" : ` --kinds ${kinds.join(",")}`;
  return `npm run chaos -- --seed ${seed} --hours ${hours}${flagsOf(device)}${xs}${only}${faults} --verbose`;
}

/** What was chosen of a device, as the command line has it; what is usual is left out. */
function flagsOf(device: ChosenDevice): string {
  let flags = "";
  for (const [name, value] of Object.entries(device)) {
    if (value === undefined || value === usual[name]) continue;
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value === false) flags += ` --no-${flag}`;
    else flags += value === true ? ` --${flag}` : ` --${flag} ${value}`;
  }
  return flags;
}

const usual: Readonly<Record<string, unknown>> = { modem: "sim7020" };

/** Nothing for a trial in which all rules held. */
export function violationLines({ seed, violations }: TrialResult): string[] {
  return violations.map(({ invariant, sentence }) => `seed ${seed} FAILED (${invariant}): ${sentence}`);
}

export function totalsOf(results: readonly TrialResult[]): Totals {
  const sum = (of: (result: TrialResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    trials: results.length,
    failed: results.filter(({ violations }) => violations.length > 0).length,
    readings: sum(({ readings }) => readings),
    delivered: sum(({ delivered }) => delivered),
    losses: added(results.map(({ losses }) => losses)),
    commands: sum(({ commands }) => commands),
    answered: sum(({ answered }) => answered),
    messages: sum(({ messages }) => messages),
    restarts: sum(({ restarts }) => restarts),
    powerCuts: sum(({ powerCuts }) => powerCuts),
    datagrams: sum(({ datagrams }) => datagrams),
    faults: added(results.map(({ faults }) => faults)),
    virtualTime: sum(({ virtualTime }) => virtualTime),
    worstDelay: results.reduce((worst, { worstDelay }) => Math.max(worst, worstDelay), 0),
    ...sealOf(results),
    ...updatesOf(results),
    attackers: byAttackers(results),
    measures: worstOf(results.map(({ measures }) => measures)),
    online: onlineByModem(results),
  };
}

function sealOf(results: readonly TrialResult[]): Pick<Totals, "seal"> {
  const seals = results.flatMap(({ seal }) => seal ?? []);
  if (seals.length === 0) return {};
  const sum = (of: (seal: SealFigures) => number): number => seals.reduce((all, each) => all + of(each), 0);
  return {
    seal: {
      envelopes: sum(({ envelopes }) => envelopes),
      salts: sum(({ salts }) => salts),
      refused: sum(({ refused }) => refused),
    },
  };
}

function updatesOf(results: readonly TrialResult[]): Pick<Totals, "updates"> {
  const all = results.flatMap(({ updates }) => updates ?? []);
  if (all.length === 0) return {};
  const sum = (of: (updates: UpdateFigures) => number): number =>
    all.reduce((total, each) => total + of(each), 0);
  return {
    updates: {
      ordered: sum(({ ordered }) => ordered),
      kept: sum(({ kept }) => kept),
      failed: sum(({ failed }) => failed),
      bricks: sum(({ bricks }) => bricks),
      strangers: sum(({ strangers }) => strangers),
    },
  };
}

function onlineByModem(results: readonly TrialResult[]): Record<string, number> {
  const trials = added(results.map(({ modem }) => ({ [modem]: 1 })));
  const hours = added(results.map(({ modem, online }) => ({ [modem]: online })));
  return Object.fromEntries(Object.keys(trials).map((modem) => [modem, hours[modem] / trials[modem]]));
}

function byAttackers(results: readonly TrialResult[]): Totals["attackers"] {
  const sums: Partial<Record<Attackers, { trials: number; failed: number }>> = {};
  for (const who of ["nobody", "off-path", "on-path", "in-the-middle", "forger"] as const) {
    const theirs = results.filter(({ attackers }) => attackers === who);
    if (theirs.length === 0) continue;
    const failed = theirs.filter(({ violations }) => violations.length > 0).length;
    sums[who] = { trials: theirs.length, failed };
  }
  return sums;
}

/** The largest of each figure. */
function worstOf(all: readonly Measures[]): Partial<Measures> {
  const worst: Record<string, number> = {};
  for (const measures of all) {
    for (const [name, value] of Object.entries(measures) as [string, number | undefined][]) {
      if (value !== undefined) worst[name] = Math.max(worst[name] ?? value, value);
    }
  }
  return worst;
}

/** Counts by name, the names in their order. */
function added(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  }
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function listed(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || "none"
  );
}

function hoursOf(online: Totals["online"]): string {
  return Object.entries(online)
    .map(([modem, hours]) => `${modem} ${hours.toFixed(1)}`)
    .join(", ");
}

/** For whom all rules held, by who stood on the way. */
function held(attackers: Totals["attackers"]): string {
  const parts = Object.entries(attackers).map(
    ([who, { trials, failed }]) => `${who} in ${trials}${failed > 0 ? ` (${failed} FAILED)` : ""}`,
  );
  return `on the way: ${parts.join(", ")}`;
}

function sealed(seal: SealFigures | undefined): string {
  if (seal === undefined) return "";
  const { envelopes, salts, refused } = seal;
  return `${envelopes} envelopes under ${salts} salts, ${refused} commands refused that were not sealed for the device; `;
}

function updated(updates: UpdateFigures | undefined): string {
  if (updates === undefined) return "";
  const { ordered, kept, failed, bricks, strangers } = updates;
  return (
    `${ordered} updates ordered, ${kept} kept, ${failed} failed, ${bricks} starts without an image, ` +
    `${strangers} with one that nobody made; `
  );
}

/** @param realTime ms that it all took */
export function totalsLine(results: readonly TrialResult[], realTime?: number): string {
  const totals = totalsOf(results);
  const { trials, failed, readings, delivered, commands, answered, messages } = totals;
  const { restarts, powerCuts, datagrams } = totals;
  const outcome = failed === 0 ? "all rules held" : `${failed} of ${trials} trials FAILED`;
  return (
    `${outcome}: ${trials} trials, ${delivered} of ${readings} readings delivered once, ` +
    `lost for a reason that the script explains: ${listed(totals.losses)}; ` +
    `worst delay ${lasting(totals.worstDelay)}; ` +
    `online ${hoursOf(totals.online)} of 24 h; ` +
    `${held(totals.attackers)}; ` +
    `${answered} of ${commands} commands answered, ${messages} messages; ` +
    sealed(totals.seal) +
    updated(totals.updates) +
    `${restarts} restarts by the supervisor, ${powerCuts} power cuts, ${datagrams} datagrams; ` +
    `virtual time ${lasting(totals.virtualTime)}${realTime === undefined ? "" : `, real time ${lasting(realTime)}`}; ` +
    `faults: ${listed(totals.faults)}`
  );
}
