/**
 * The rules that hold whatever befalls a device, and whether they did. Each violation is a sentence that
 * says what was expected and what came.
 */
import { isObject } from "../../../firmware/text/json";
import { stamp } from "../../inspect/report/duration";
import { epoch, sleepDrift } from "../../sim/world/world";
import type { Ledger, Loss, Stored, Taken } from "./ledger";
import type { Script } from "./script";

/** Which rule it was: what a script is cut down for must break the same one. */
export type Invariant =
  | "lost"
  | "twice"
  | "altered"
  | "dropped"
  | "time"
  | "haste"
  | "fault"
  | "secret"
  | "log"
  | "waiting"
  | "offline"
  | "restart"
  | "busy"
  | "crash";

export interface Violation {
  readonly invariant: Invariant;
  readonly sentence: string;
}

/** What the verdict needs besides the books. */
export interface Ending {
  readonly script: Script;
  /** The cloud holds a session with the device. */
  readonly online: boolean;
  /** Power failures in the middle of a write. */
  readonly cutsInWrite: number;
  /** Most events of the world in one of its hours. */
  readonly busiestHour: number;
}

/** What became of the readings. */
export interface Account {
  readonly violations: Violation[];
  readonly delivered: number;
  /** Readings lost in a way that the script explains, by the reason. */
  readonly losses: Readonly<Record<string, number>>;
  /** ms from measurement to storage, of the reading that took longest. */
  readonly worstDelay: number;
  /** What the cloud has of each reading, by its id: one copy, where all is well. */
  readonly copies: ReadonlyMap<number, readonly Stored[]>;
}

/** How wrong a reading's time may be, ms: the network tells whole seconds, and late. */
const toldTolerance = 3_000;
/** Events of the world in an hour beyond which the firmware spins: the busiest have some 7,000. */
export const mostEvents = 100_000;
/** Bytes that a reading takes in the journal at least. */
const leastRecord = 40;
/** Bytes of the journal that are kept free for moving what waits: two blocks, and one that was given up. */
const reserve = 3 * 4_096;
/** Share of the rest that so many of the smallest records take when readings are dropped for want of room. */
const fullShare = 0.25;
/** ms that a board may need from the answer that tells the time until all that waits is dated. */
const dating = 1_000;
/** A corrupted digit of a time lives until the modem has told it twice more, ms. */
const corruptTime = 6 * 3_600_000;
/** Sentences of one rule that are worth reading. */
const mostSentences = 5;

/** Judges a trial that has ended. */
export function judge(ledger: Ledger, ending: Ending): Account {
  const violations: Violation[] = [];
  const counts: Partial<Record<Invariant, number>> = {};
  const violate = (invariant: Invariant, sentence: string): void => {
    counts[invariant] = (counts[invariant] ?? 0) + 1;
    if (counts[invariant]! <= mostSentences) violations.push({ invariant, sentence });
  };
  const account = judgeReadings(ledger, ending, violate);
  judgeConduct(ledger, ending, violate);
  return { violations, ...account };
}

type Violate = (invariant: Invariant, sentence: string) => void;

function judgeReadings(ledger: Ledger, ending: Ending, violate: Violate): Omit<Account, "violations"> {
  const { script } = ending;
  const { found, strangers } = match(ledger, violate);
  // One that was in the journal when the power failed, and not in the log yet.
  if (strangers.length > ending.cutsInWrite) {
    const one = strangers[0];
    violate(
      "altered",
      `the cloud stored ${strangers.length} readings that the device never took, ` +
        `${ending.cutsInWrite} may be: request ${one.id} at ${stamp(one.at)}, ${brief(one.points)}`,
    );
  }
  let delivered = 0;
  let worstDelay = 0;
  const losses: Record<string, number> = {};
  const count = (reason: string, readings = 1): void => {
    losses[reason] = (losses[reason] ?? 0) + readings;
  };
  const missing: Taken[] = [];
  for (const taken of ledger.taken.values()) {
    const copies = found.get(taken.id) ?? [];
    if (copies.length === 0) {
      const loss = ledger.losses.get(taken.id);
      if (loss === undefined) missing.push(taken);
      else {
        count(loss.reason);
        judgeLoss(taken, loss, script, violate);
      }
      continue;
    }
    delivered += 1;
    worstDelay = Math.max(worstDelay, copies[0].at - taken.at);
    if (copies.length > 1) {
      const times = copies.map(({ at, id }) => `at ${stamp(at)} with request ${id}`).join(", ");
      const which = `reading ${taken.id} of ${stamp(taken.at)}`;
      violate("twice", `${which} is stored ${copies.length} times: ${times}`);
    }
    judgeTime(taken, copies[0], ledger, script, violate);
  }
  const damaged = forgive(ledger, script, missing, violate);
  if (damaged > 0) count("damaged", damaged);
  return { delivered, losses, worstDelay, copies: found };
}

/** Finds to each reading taken what is stored of it. */
function match(ledger: Ledger, violate: Violate): { found: Map<number, Stored[]>; strangers: Stored[] } {
  const found = new Map<number, Stored[]>();
  const strangers: Stored[] = [];
  const byValues = new Map<string, Taken[]>();
  for (const taken of ledger.taken.values()) {
    const key = canonical(taken.values);
    const same = byValues.get(key);
    if (same === undefined) byValues.set(key, [taken]);
    else same.push(taken);
  }
  const add = ({ id }: Taken, stored: Stored): void => {
    const copies = found.get(id);
    if (copies === undefined) found.set(id, [stored]);
    else copies.push(stored);
  };
  for (const stored of ledger.stored) {
    const key = canonical(stored.points);
    const alone = ledger.taken.get(Number(stored.id));
    if (alone !== undefined && canonical(alone.values) === key) {
      add(alone, stored);
      continue;
    }
    if (alone !== undefined) {
      violate(
        "altered",
        `reading ${alone.id} is ${brief(alone.values)}, and stored as ${brief(stored.points)}`,
      );
      continue;
    }
    // Of several with the same values the first that has none yet.
    const same = byValues.get(key) ?? [];
    const taken = same.find(({ id }) => !found.has(id)) ?? same[0];
    if (taken === undefined) strangers.push(stored);
    else add(taken, stored);
  }
  return { found, strangers };
}

/** A loss of which the device told. */
function judgeLoss(taken: Taken, loss: Loss, script: Script, violate: Violate): void {
  const said = `reading ${taken.id} of ${stamp(taken.at)} is ${loss.how}: ${loss.reason}`;
  if (loss.how === "refused") return violate("dropped", `${said}; nothing was wrong with it`);
  if (/^(?:corrupt|unreadable)/.test(loss.reason)) {
    if (hadFault(script, "flash-bit-errors", loss.at)) return;
    return violate("dropped", `${said}; no bit of the flash was flipped before`);
  }
  const used = loss.waiting * leastRecord;
  if (used >= fullShare * (script.device.journalSize - reserve)) return;
  violate(
    "dropped",
    `${said}; ${loss.waiting} readings waited then, and the journal has ${script.device.journalSize} bytes`,
  );
}

/** Readings without a word of what became of them: how many of them bit errors explain. */
function forgive(ledger: Ledger, script: Script, missing: readonly Taken[], violate: Violate): number {
  const gone = missing.filter(({ id }) => ledger.acknowledged.has(id));
  for (const { id, at } of gone) {
    const which = `reading ${id} of ${stamp(at)}`;
    violate("lost", `the device says that ${which} is acknowledged, and the cloud has it not`);
  }
  // What it has still is not lost: that it waits is another matter.
  const silent = missing.filter(({ id }) => !ledger.acknowledged.has(id) && !ledger.isPending(id));
  if (silent.length === 0) return 0;
  // A record whose head is damaged cannot say which it was.
  const damaged = hadFault(script, "flash-bit-errors", Infinity) ? ledger.damaged : 0;
  if (silent.length <= damaged) return silent.length;
  const [{ id, at }] = silent;
  violate(
    "lost",
    `${silent.length} readings are neither in the device nor in the cloud, ` +
      `${damaged} may have been damaged: the first is ${id} of ${stamp(at)}`,
  );
  return 0;
}

/**
 * How wrong the time of a device's reading may be, ms: the network tells it with every contact, and in deep
 * sleep the clock drifts between them.
 */
export function timeTolerance({ sleep, batch, interval }: Script["device"]): number {
  return toldTolerance + (sleep === "deep" ? sleepDrift * batch * interval * 1_000 : 0);
}

function judgeTime(taken: Taken, stored: Stored, ledger: Ledger, script: Script, violate: Violate): void {
  if (stored.time === undefined) return;
  const tolerance = timeTolerance(script.device);
  const error = stored.time - (epoch + taken.at);
  if (Math.abs(error) <= tolerance) return;
  // The modem said so: a clock that the network has set wrong.
  const saidSo = ledger.tellings.some(
    (told) => told.at <= stored.at && Math.abs(told.error - error) <= tolerance,
  );
  if (saidSo) return;
  const ends = ledger.ends[taken.boot - 1] ?? Infinity;
  // A boot that never got to ask for the time, or lost its power as it wrote that down: its readings are
  // dated by a later one, as well as that can.
  const began = ledger.boots[taken.boot - 1];
  if (!ledger.tellings.some(({ at, asked }) => asked && at >= began && at < ends - dating)) return;
  const corrupted = script.faults.some(
    ({ kind, at }) => kind === "uart-corruption" && at <= stored.at && taken.at - at <= corruptTime,
  );
  if (corrupted) return;
  violate(
    "time",
    `reading ${taken.id} was taken at ${stamp(taken.at)}, and is stored with a time ${error} ms beside that`,
  );
}

function judgeConduct(ledger: Ledger, ending: Ending, violate: Violate): void {
  for (const line of ledger.faultLines) violate("fault", `the log has "${line}"`);
  for (const room of ledger.leaks) violate("secret", `a line of the log's room "${room}" has a secret in it`);
  for (const room of new Set(ledger.unreadable)) {
    violate("log", `the room "${room}" of the log has a line that its reader does not know`);
  }
  for (const text of ledger.restarts.unexplained) {
    violate("restart", `the board started anew, and its supervisor gave no reason: ${text}`);
  }
  if (ledger.pending > 0) {
    violate("waiting", `${ledger.pending} readings still wait ${recoveryHours} h after the last fault`);
  }
  if (!ending.online) violate("offline", "the device has no session with the cloud at the end");
  if (ending.busiestHour > mostEvents) {
    violate("busy", `${ending.busiestHour} events in an hour, ${mostEvents} are the most that makes sense`);
  }
  // The least of them comes last: a script is cut down for the first.
  for (const { at, gap } of ledger.hastes) {
    const after = `${Math.round(gap)} ms`;
    violate("haste", `a datagram at ${stamp(at)} follows another after ${after}, without an answer`);
  }
}

/** Longest time without faults that a device is given, hours. */
export const recoveryHours = 30;

function hadFault(script: Script, kind: string, before: number): boolean {
  return script.faults.some((fault) => fault.kind === kind && fault.at <= before);
}

/** Values in one order, numbers to 32 bits: what travels in bytes has no more. */
function canonical(values: unknown): string {
  return JSON.stringify(values, (_key, value: unknown) => {
    if (typeof value === "number") return Math.fround(value);
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function brief(values: unknown): string {
  const text = JSON.stringify(values) ?? "nothing";
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}
