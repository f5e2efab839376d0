/**
 * How often the device speaks with the cloud, and how long the cloud is to wait for it.
 *
 * A session that lives for twice what lies between two contacts is there at each of them, also when one of them
 * fails. EnOS lets a session live for a day at most, so that contacts a day or more apart authenticate each time.
 */
import { lifetimeRange } from "../enos/credentials";

/** Shortest lifetime that is chosen by itself, seconds: below it a device with a short interval would be offline soon. */
const leastLifetime = 3_600;
/**
 * Longest time between two contacts that one session holds, seconds: a day, less the minute that a request may take,
 * and less what the clock of deep sleep may be wrong by, once for the device's own reckoning and once for the server's.
 */
const longestGap = 85_900;
/**
 * How many times as long a batch may be as one that keeps its session, and be cut down to that: a contact with an
 * authentication costs some one and a half times one without (docs/energy.md).
 */
const worthCutting = 1.5;

/** PSM periodic update that is asked for as a rule, and the longest that is by itself, seconds: GPRS timer 3 has both. */
const usualUpdate = 86_400;
const longestUpdate = 108_000;
/** So much longer than what lies between two contacts it is: the clock of deep sleep may be wrong by 6 %. */
const updateMargin = 1.25;

/** What lies between contacts. */
export interface ContactPlan {
  /** Readings that are sent together. */
  readonly batch: number;
  /** Seconds without contact until EnOS ends the session. */
  readonly lifetime: number;
}

/**
 * The lifetime that a device should state, and the readings that it should send together.
 *
 * @param interval seconds between readings
 * @param batch readings to send together, as the user wants
 * @param lifetime seconds, as the user wants; with one of his own, nothing else is changed either
 */
export function contactsOf(interval: number, batch: number, lifetime?: number): ContactPlan {
  if (lifetime !== undefined) return { batch, lifetime };
  const most = Math.floor(longestGap / interval);
  const cut = batch > most && batch <= most * worthCutting ? most : batch;
  return {
    batch: cut,
    lifetime: Math.min(lifetimeRange.most, Math.max(leastLifetime, 2 * interval * cut)),
  };
}

/**
 * The periodic update that a device should ask for, seconds. It begins anew with each contact, so that one which is longer
 * than what lies between two never wakes the modem; and where it might have done so a modem counts as awake, and is spoken
 * to before it is woken. Contacts that are too far apart for that have the usual one.
 *
 * @param gap seconds between two contacts
 */
export function periodicUpdateOf(gap: number): number {
  const longer = Math.ceil(updateMargin * gap);
  return longer > usualUpdate && longer <= longestUpdate ? longer : usualUpdate;
}
