/**
 * Thrift: what the device spends of its battery, of its flash and of its memory has bounds, whatever befalls it.
 */
import { lasting } from "../../../inspect/report/duration";
import { hasPsm } from "../../../sim/modem/families";
import { flashTroubles } from "../hardware-trouble";
import { kinds } from "../kinds";
import { hadFault } from "./readings";
import type { Ledger } from "../ledger";
import type { Script } from "../script";
import type { CampaignEnding, Violate } from "./rule";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** What one contact with the cloud may keep the modem awake for, ms, by the coverage level. */
const contact = [45_000, 60_000, 120_000];
/** What a day may cost beyond its contacts, ms: the radio's budget, and the first contact after a start. */
const budget = 90 * minute + 10 * minute;
/** What a trouble may cost once: the modem is started anew, the network is searched for. */
const perTrouble = 20 * minute;

/** The longest pause until the next try where there was no network, ms: then the modem is awake with its radio off. */
const longestPause: Readonly<Record<string, number>> = {
  "coverage-outage": hour,
  "attach-denial": 6 * hour,
};

/**
 * Slots by which what is in use on XS may grow from the start to the end of a trial. Those of all modules are in use at the
 * start; on a board they lie in flash, and what it has in RAM is what `npm run footprint` holds to its budget.
 */
const mostGrowth = 1_500;

/** Judges what was spent. */
export function judgeThrift(ledger: Ledger, script: Script, ending: CampaignEnding, violate: Violate): void {
  for (const { index, spent, allowed } of spending(ledger, script, ending)) {
    if (spent <= allowed) continue;
    violate(
      "energy",
      `the modem was awake for ${lasting(spent)} of day ${index + 1}, ${lasting(allowed)} are enough for what happened`,
    );
  }
  judgeWear(ledger, script, ending, violate);
  const { slotsAtStart = 0, liveSlots = 0 } = ending;
  const growth = liveSlots - slotsAtStart;
  if (growth <= mostGrowth) return;
  violate(
    "memory",
    `the engine holds ${growth} slots more than at its start when all is done, ${mostGrowth} are enough`,
  );
}

/** A modem that restarts by itself, without its settings for power saving. */
const restarts: readonly string[] = ["modem-reboot", "modem-brownout"];

/** How long the modem was awake in a day of the device's life, and how long it may have been, ms. */
export interface Spending {
  readonly index: number;
  readonly spent: number;
  readonly allowed: number;
}

/** The days of a device that can wake its modem, and so lets it sleep where it can; no days of any other. */
export function spending(ledger: Ledger, script: Script, { endedAt, operator }: CampaignEnding): Spending[] {
  const { powerKey, batch, interval, coverage, modem, modemFirmware, sleep } = script.device;
  if (!powerKey || !hasPsm(modem, modemFirmware)) return [];
  return ledger.radio.days.map(({ awake }, index) => {
    const from = index * day;
    const to = Math.min(endedAt, from + day);
    let allowed = budget;
    let worst: number = coverage;
    let messages = 0;
    for (const { kind, at, lasting: length, amount } of script.faults) {
      if (kind === "coverage-level") worst = Math.max(worst, amount);
      if (kind === "messages" && at < to) messages += amount;
      const pause = longestPause[kind];
      // A board in deep sleep hears nothing of a modem that has restarted: until it finds out, that is awake.
      const isUnheard = sleep === "deep" && restarts.includes(kind);
      const unheard = isUnheard ? ledger.pauses.unheard(at, script.device) : 0;
      const over = at + length + Math.max(pause ?? 0, unheard);
      if (at >= to || over < from || kinds[kind].group === "use") continue;
      // A modem that hangs is awake and nobody can help it; one that is slow is so for as long as that lasts.
      const helpless = kinds[kind].group === "modem" || kinds[kind].group === "wires";
      const awake = Math.max(unheard, pause !== undefined ? length + pause : helpless ? length : 0);
      allowed += perTrouble + Math.min(awake, to - from);
    }
    const commands = [...operator.sent.values()].filter(({ at }) => at < to);
    const again = commands.reduce((sum, { repeats }) => sum + repeats, 0);
    const contacts = (to - from) / (1_000 * interval * batch) + messages + commands.length + again;
    return { index, spent: awake, allowed: allowed + contacts * contact[worst] };
  });
}

/** Entries that a block of the journal holds at least, were all of them long ones and moved once. */
const leastPerBlock = 12;

function judgeWear(
  ledger: Ledger,
  script: Script,
  { erases, application }: CampaignEnding,
  violate: Violate,
): void {
  // Flash that fails has each block tried anew, and one that is bad again and again.
  if (erases.length === 0 || hadFault(script, flashTroubles, Infinity)) return;
  const total = erases.reduce((sum, count) => sum + count, 0);
  const entries = ledger.taken.size + application.posted.size;
  // A start may have to begin a block anew, and so may a cut in a write.
  const most = Math.ceil(entries / leastPerBlock) + ledger.boots.length + erases.length;
  if (total > most)
    violate("wear", `the journal was erased ${total} times for ${entries} entries, ${most} are enough`);
  const worst = Math.max(...erases);
  const even = (2 * total) / erases.length + 4;
  if (worst > even) violate("wear", `a block was erased ${worst} times, ${Math.floor(even)} would be even`);
}
