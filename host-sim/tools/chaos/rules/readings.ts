/**
 * Readings: none that was taken is lost without a word, doubled or altered, and each has its time.
 */
import { isObject } from "../../../../firmware/text/json";
import { stamp } from "../../../inspect/report/duration";
import { epoch, sleepDrift } from "../../../sim/world/world";
import { failures } from "../application-trouble";
import { flashTroubles } from "../hardware-trouble";
import type { Ledger, Loss, Stored, Taken } from "../ledger";
import type { Script } from "../script";
import type { Account, Ending, Violate } from "./rule";

/** How wrong a reading's time may be, ms: the network tells whole seconds, and late. */
const toldTolerance = 3_000;
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
/** A time that is off by more than this is not believed when it is told once, ms. */
const doubted = 60_000;
/** How long a request may be on its way, ms: a reading that is sent without a time is new when it sets out. */
const underWay = 300_000;

/** Judges what became of each reading. */
export function judgeReadings(ledger: Ledger, ending: Ending, violate: Violate): Omit<Account, "violations"> {
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
      if (loss === undefined && isGone(taken, ledger)) count("held");
      else if (loss === undefined) missing.push(taken);
      else {
        count(loss.reason);
        judgeLoss(taken, loss, script, violate);
      }
      continue;
    }
    delivered += 1;
    worstDelay = Math.max(worstDelay, copies[0].at - taken.at);
    // The mark that it was delivered is in flash, too.
    if (copies.length > 1 && !hadFault(script, flashTroubles, copies[copies.length - 1].at)) {
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
  if (isLossExplained(loss, script)) return;
  const said = `reading ${taken.id} of ${stamp(taken.at)} is ${loss.how}: ${loss.reason}`;
  if (loss.how === "refused") return violate("dropped", `${said}; nothing was wrong with it`);
  if (isDamage(loss)) return violate("dropped", `${said}; no bit of the flash was flipped before`);
  violate(
    "dropped",
    `${said}; ${loss.waiting} readings waited then, and the journal has ${script.device.journalSize} bytes`,
  );
}

/** Whether the script explains that the device gave something up. */
export function isLossExplained(loss: Loss, script: Script): boolean {
  if (loss.how === "refused") return isRefusalExplained(loss, script);
  // Flash that takes nothing any more has no room either.
  if (hadFault(script, flashTroubles, loss.at)) return true;
  if (isDamage(loss)) return false;
  return loss.waiting * leastRecord >= fullShare * (script.device.journalSize - reserve);
}

const isDamage = ({ reason }: Loss): boolean => /^(?:corrupt|unreadable)/.test(reason);

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
  const damaged = hadFault(script, flashTroubles, Infinity) ? ledger.damaged : 0;
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

/** What a device is told of, ms, may be no older than what it was given to send; else it needs a time of its own. */
function judgeTime(taken: Taken, stored: Stored, ledger: Ledger, script: Script, violate: Violate): void {
  const which = `reading ${taken.id} was taken at ${stamp(taken.at)}`;
  if (stored.time === undefined) {
    const { batch, interval } = script.device;
    const age = stored.at - taken.at;
    // By its own clock it may have been new: one that the network had set wrong when it was taken, or when it was sent.
    const errors = (until: number): number[] =>
      ledger.tellings.filter(({ at }) => at <= until).map(({ error }) => error);
    const youngest = age + Math.min(0, ...errors(stored.at)) - Math.max(0, ...errors(taken.at));
    if (youngest <= 1_000 * (batch + 1) * interval + underWay) return;
    return violate("time", `${which}, and is stored without a time ${Math.round(age / 1_000)} s later`);
  }
  const fault = timeFault({ ...taken, stored: stored.time, storedAt: stored.at }, ledger, script);
  if (fault !== undefined) violate("time", `${which}, and is stored with a time ${fault} ms beside that`);
}

/** What was measured or posted in a boot, and the time that the cloud has for it, epoch ms. */
export interface Dated {
  readonly at: number;
  readonly boot: number;
  readonly stored: number;
  readonly storedAt: number;
}

/** ms by which a time is wrong without a reason; undefined when it is right, or there is a reason. */
export function timeFault(dated: Dated, ledger: Ledger, script: Script): number | undefined {
  // A guarded device hears the time as seldom as it speaks.
  const seldom = ledger.guardedUntil > 0 ? 5 : 1;
  const tolerance = Math.max(seldom * timeTolerance(script.device), driftSince(dated.at, ledger, script));
  const error = dated.stored - (epoch + dated.at);
  if (Math.abs(error) <= tolerance) return undefined;
  // The modem said so: a clock that the network has set wrong.
  const saidSo = ledger.tellings.some(
    (told) => told.at <= dated.storedAt && Math.abs(told.error - error) <= tolerance,
  );
  if (saidSo) return undefined;
  const ends = ledger.ends[dated.boot - 1] ?? Infinity;
  // A boot that never got to ask for the time, or lost its power as it wrote that down: its readings are
  // dated by a later one, as well as that can.
  const began = ledger.boots[dated.boot - 1];
  if (!ledger.tellings.some(({ at, asked }) => asked && at >= began && at < ends - dating)) return undefined;
  const corrupted = script.faults.some(
    ({ kind, at }) => kind === "uart-corruption" && at <= dated.storedAt && dated.at - at <= corruptTime,
  );
  return corrupted ? undefined : error;
}

/**
 * How wrong a time may be that was taken then, ms, by what was delivered last before: a device whose application
 * gives no values for hours has nothing to send, and hears no time either. Nor does one whose network tells a wrong time,
 * which it doubts.
 */
export function driftSince(
  at: number,
  { acknowledged, tellings }: Pick<Ledger, "acknowledged" | "tellings">,
  { device }: Pick<Script, "device">,
): number {
  if (device.sleep !== "deep") return 0;
  let last = 0;
  for (const each of acknowledged.values()) if (each < at && each > last) last = each;
  let told = 0;
  for (const telling of tellings) {
    if (telling.at < at && Math.abs(telling.error) <= doubted) told = telling.at;
  }
  return toldTolerance + sleepDrift * (at - Math.min(last, told));
}

/** Whether the cloud has refused it, or the application has given what nobody could send. */
function isRefusalExplained({ reason, at: when }: Pick<Loss, "reason" | "at">, script: Script): boolean {
  return script.faults.some(({ kind, at, amount }) => {
    if (at > when) return false;
    if (kind === "coap-code") {
      return (amount === 400 && reason === "illegal-payload") || (amount === 413 && reason === "too-large");
    }
    if (kind === "enos-code") return reason === `enos-code=${amount}`;
    const failure = kind === "application-fails" ? failures[amount] : undefined;
    return failure !== undefined && "sample" in failure;
  });
}

/** Whether a fault of one of these kinds has struck before a time, virtual ms. */
export function hadFault(script: Script, kinds: readonly string[], before: number): boolean {
  return script.faults.some((fault) => kinds.includes(fault.kind) && fault.at <= before);
}

/** Whether it was in RAM alone when its boot ended. */
function isGone({ held, boot }: Taken, { ends }: Ledger): boolean {
  return held === true && ends[boot - 1] !== undefined;
}

/** Values in one order, numbers to 32 bits: what travels in bytes has no more. */
export function canonical(values: unknown): string {
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
