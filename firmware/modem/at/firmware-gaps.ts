/**
 * What a modem's firmware was found to lack, so that it is not asked for in vain at each contact. It is known until the
 * modem starts anew, for its firmware may be another one then, or for days: a refusal can have been a passing one.
 *
 * A command that is refused at two contacts in a row is left out. Only those are that the modem can do without: one that
 * lets it sleep, or a socket's, is said again, however often it is refused. So are ATE0 and AT+CMEE=1, which firmwares that
 * give an echo know: what refuses them is noise on the wire, and the echo of each datagram costs more than they do.
 */

/** What may be lacking, and where in `FirmwareGaps.misses` it is counted: two bits each. */
const places = Object.freeze({
  /** Release assistance. */
  release: 0,
  /** Lines that tell when the modem sleeps. */
  signs: 2,
  /** Which eDRX cycle was granted. */
  edrx: 4,
  /** Sockets that outlive the modem's sleep. */
  sockets: 6,
});

/** What a modem's firmware may be found to lack. */
export type Gap = keyof typeof places;

/** What a modem's firmware was found to lack. */
export interface FirmwareGaps {
  /** Contacts in a row in which each was refused, 0 to `givenUp`, see `places`. */
  misses: number;
  /** Digits of a datagram stand without quotes: in them they are refused. */
  quotes: boolean;
  /** A bit for each of the user's own lines that is left out, and for each that was refused when it was last said. */
  lines: number;
  doubtedLines: number;
  /** When the first of these was found out, ms of the monotonic clock. */
  since: number;
}

/** From so many refusals in a row on the modem is not asked. */
const givenUp = 2;

/** For so long what was found out counts, ms. */
const days = 3 * 86_400_000;

/** Nothing was found to be missing. */
export function noGaps(): FirmwareGaps {
  return { misses: 0, quotes: false, lines: 0, doubtedLines: 0, since: 0 };
}

/** The modem is not asked for it any more. */
export function lacks({ misses }: FirmwareGaps, gap: Gap): boolean {
  return ((misses >> places[gap]) & 3) >= givenUp;
}

/** It was refused, or is not there. */
export function miss(gaps: FirmwareGaps, gap: Gap, now: number): void {
  begin(gaps, now);
  if (!lacks(gaps, gap)) gaps.misses += 1 << places[gap];
}

/** It is there. */
export function has(gaps: FirmwareGaps, gap: Gap): void {
  gaps.misses &= ~(3 << places[gap]);
}

/** A datagram's digits were taken in quotes, or without them. */
export function takeQuotes(gaps: FirmwareGaps, quotes: boolean, now: number): void {
  begin(gaps, now);
  gaps.quotes = quotes;
}

/** One of the user's own lines was not answered, which takes its time: it is left out from now on. */
export function missLine(gaps: FirmwareGaps, bit: number, now: number): void {
  begin(gaps, now);
  gaps.lines |= bit;
}

/** One of them was refused: so it may be with the radio off, or for now. The second time in a row it is left out. */
export function doubtLine(gaps: FirmwareGaps, bit: number, now: number): void {
  begin(gaps, now);
  if ((gaps.doubtedLines & bit) !== 0) gaps.lines |= bit;
  gaps.doubtedLines |= bit;
}

/** What was found out counts no longer: it is tried once more. */
export function forgetOldGaps(gaps: FirmwareGaps, now: number): void {
  if (now - gaps.since < days) return;
  Object.assign(gaps, noGaps());
  gaps.since = now;
}

function begin(gaps: FirmwareGaps, now: number): void {
  if (gaps.misses === 0 && !gaps.quotes && gaps.lines === 0 && gaps.doubtedLines === 0) gaps.since = now;
}
