/**
 * What a modem's firmware was found to lack, so that it is not asked for in vain at each contact. It is known until the
 * modem starts anew, for its firmware may be another one then, or for days: a refusal can have been a passing one.
 */

/** What a modem's firmware was found to lack. */
export interface FirmwareGaps {
  /** Contacts in a row in which release assistance was refused, 0 to `releaseGivenUp`. */
  release: number;
  /** Digits of a datagram stand without quotes: in them they are refused. */
  quotes: boolean;
  /** A bit for each of the user's own lines that was not answered. */
  lines: number;
  /** When the first of these was found out, ms of the monotonic clock. */
  since: number;
}

/** From so many refusals on the modem is not asked for release assistance. */
export const releaseGivenUp = 2;

/** For so long what was found out counts, ms. */
const days = 3 * 86_400_000;

/** Nothing was found to be missing. */
export function noGaps(): FirmwareGaps {
  return { release: 0, quotes: false, lines: 0, since: 0 };
}

/** Release assistance was refused. */
export function missRelease(gaps: FirmwareGaps, now: number): void {
  if (gaps.release === 0 && !gaps.quotes && gaps.lines === 0) gaps.since = now;
  gaps.release = Math.min(releaseGivenUp, gaps.release + 1);
}

/** What was found out counts no longer: it is tried once more. */
export function forgetOldGaps(gaps: FirmwareGaps, now: number): void {
  if (now - gaps.since < days) return;
  gaps.release = 0;
  gaps.quotes = false;
  gaps.lines = 0;
  gaps.since = now;
}
