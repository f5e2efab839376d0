/**
 * Pace: readings are taken at their interval, arrive in their order, and soon once nothing is in the way.
 */
import { lasting, stamp } from "../../../inspect/report/duration";
import { storageTroubles } from "../hardware-trouble";
import { kinds } from "../kinds";
import { hadFault } from "./readings";
import type { Ledger, Stored } from "../ledger";
import type { Script } from "../script";
import type { CampaignEnding, Ending, Violate } from "./rule";

/** Longest pause between two tries, and the one after a denial that will last, ms. */
const longestPause = 3_600_000;
const longPause = 6 * longestPause;
/** What a modem may need to be up again, and the network to be found, with what waited to be sent, ms. */
const recovery = 900_000;

const day = 86_400_000;
/** A device whose radio others keep on speaks to the cloud after so many intervals, within these bounds, ms. */
const guardedIntervals = 8.5;
const leastSpacing = 600_000;
const longestSpacing = 30_600_000;

/** Judges when readings were taken and when they arrived. */
export function judgePace(
  ledger: Ledger,
  { script, campaign }: Ending,
  copies: ReadonlyMap<number, readonly Stored[]>,
  violate: Violate,
): void {
  for (const { since, until } of ledger.cadence.silences) {
    const asked = `one is due every ${script.device.interval} s`;
    violate("cadence", `from ${stamp(since)} to ${stamp(until)} no reading was taken, ${asked}`);
  }
  const overtaken = overtakings(ledger, copies);
  // Which boot a reading is from, and so when it was, is kept in storage.
  const dated = !hadFault(script, storageTroubles, Infinity);
  if (script.device.order === "oldest" && dated && overtaken.length > 0) {
    const [{ id, at, after }] = overtaken;
    const which = `reading ${id} of ${stamp(at)} arrived after that of ${stamp(after)}`;
    violate("order", `${which}, and ${overtaken.length - 1} others so, and nothing had put them off`);
  }
  if (campaign !== undefined) judgeDelay(ledger, script, copies, campaign, violate);
}

/** A reading that arrived after one that was measured later. */
interface Overtaken {
  readonly id: number;
  /** Virtual ms, both: its own measurement, and that of the other. */
  readonly at: number;
  readonly after: number;
}

/** Readings that were overtaken although the cloud had refused nothing while they waited. */
export function overtakings(
  ledger: Ledger,
  copies: ReadonlyMap<number, readonly Stored[]>,
): readonly Overtaken[] {
  const arrivals: { id: number; at: number; storedAt: number }[] = [];
  for (const [id, [first]] of copies) {
    arrivals.push({ id, at: ledger.taken.get(id)!.at, storedAt: first.at });
  }
  arrivals.sort((one, other) => one.storedAt - other.storedAt || one.at - other.at);
  const overtaken: Overtaken[] = [];
  let newest = -Infinity;
  for (const { id, at, storedAt } of arrivals) {
    const putOff = ledger.postponements.some((when) => when >= at && when <= storedAt);
    if (at < newest && !putOff) overtaken.push({ id, at, after: newest });
    newest = Math.max(newest, at);
  }
  return overtaken;
}

/** ms from the end of the last trouble until the last reading that was taken before it had arrived. */
export function aftermath(
  ledger: Ledger,
  script: Script,
  copies: ReadonlyMap<number, readonly Stored[]>,
): number {
  const ends = troubleEnds(script);
  let last = ends;
  for (const [id, [first]] of copies) {
    if (ledger.taken.get(id)!.at <= ends) last = Math.max(last, first.at);
  }
  return last - ends;
}

/** When the last trouble was over, virtual ms; what operator and application do is none. */
function troubleEnds(script: Script): number {
  let ends = 0;
  for (const { kind, at, lasting: length } of script.faults) {
    if (kinds[kind].group !== "use") ends = Math.max(ends, at + length);
  }
  return ends;
}

/** Longest time from one contact to the next when all is well, ms. */
function spacingOf({ guardedUntil }: Ledger, { device }: Script, from: number): number {
  const usual = 1_000 * device.batch * device.interval;
  if (guardedUntil < from) return usual;
  // After its own spacing a guarded device waits for the next reading.
  return Math.max(Math.min(guardedIntervals * usual, longestSpacing), leastSpacing) + usual;
}

function judgeDelay(
  ledger: Ledger,
  script: Script,
  copies: ReadonlyMap<number, readonly Stored[]>,
  { proof }: CampaignEnding,
  violate: Violate,
): void {
  const ends = troubleEnds(script);
  const took = aftermath(ledger, script, copies);
  // After a denial that will last, and with its budget spent, a device leaves the network alone for longer.
  const denied = script.faults.some(({ kind }) => kind === "attach-denial" || kind === "sim-removal");
  const pause = Math.max(denied ? longPause : longestPause, ledger.radioOffUntil - ends);
  // Without its application a device stays for a day, and in contact once an hour. Where it panics again after an
  // operator had it start normally, the day begins anew.
  const lastSafe = Math.max(-Infinity, ...ledger.safeStarts);
  const safe = lastSafe > ends - day ? Math.max(0, lastSafe - ends) + day + longestPause : 0;
  const spacing = spacingOf(ledger, script, ends);
  // What fails in one contact of a guarded device waits for the next.
  const contacts = ledger.guardedUntil < ends ? 1 : 2;
  const most = pause + safe + contacts * spacing + recovery;
  if (took > most) {
    violate(
      "late",
      `readings arrived ${lasting(took)} after the last trouble, at most ${lasting(most)} is right`,
    );
  }
  if (proof === undefined) return;
  // The first time that the device speaks, or the second where an answer was lost.
  // A device that has fetched its day's commands goes on the next day.
  const enough = 2 * spacing + recovery + (ledger.enoughCommands > proof.at ? day : 0);
  const waited = (proof.answeredAt ?? Infinity) - proof.at;
  if (waited <= enough) return;
  const when = proof.answeredAt === undefined ? "not at all" : `after ${lasting(waited)}`;
  violate(
    "late",
    `a command of ${stamp(proof.at)}, when all was well, was answered ${when}, ${lasting(enough)} are enough`,
  );
}
