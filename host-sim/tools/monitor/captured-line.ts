/**
 * Lines of a captured log, with the time that whoever captured them wrote in front: `ts`, tio, minicom, the service
 * `fetch_log`, `npm run device` and `npm start` each have a way of their own.
 *
 *     2026-11-30T00:33:14.123Z report: taken id=7 format=raw          [2026-11-30 00:33:14.123] report: taken …
 *     00:33:14.123  report   taken id=7 format=raw                    1764462794 report: taken …
 *     Nov 30 00:33:14 report: taken …                                 [   12.345678] report: taken …
 */

/** A line without its time. */
export interface CapturedLine {
  /** ms, from an origin that all lines with such a time share; undefined for a line without one. */
  readonly at: number | undefined;
  readonly text: string;
  /** The time is one of the calendar, UTC or the capturing machine's own zone, and `at` is epoch ms. */
  readonly dated: boolean;
}

const day = 86_400_000;
const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

const calendar = /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)(Z|[+-]\d\d:?\d\d)?\]?[ :\t]+/;
const clock = /^\[?(?:(\d{1,5})d )?(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\]?[ \t]+/;
const syslog = /^\[?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\]?[ \t]+/;
const epochSeconds = /^(\d{9,10})(?:\.(\d{1,9}))? /;
const sinceStart = /^\[ {0,12}(\d{1,9})\.(\d{1,9})\][ \t]+/;
/** A room in a column of its own, as `npm run device` has it, or the lane of a timeline. */
const column = /^([a-z][a-z-]{1,11}) {2,}(?=\S)/;
/** Lanes of `npm start`'s timeline which are not the device's log. */
const otherLanes = /^(?:AT|─▶ up|◀─ down|cloud|board|modem|hostile|┆) {2,}/;

/** Reads captured lines in their order. */
export class CapturedLines {
  #days = 0;
  #lastOfDay = 0;
  /** The log is a timeline of `npm start`, in which other lanes stand between the device's. */
  #timeline = false;

  /** @returns undefined for a line that is another's than the device's */
  read(line: string): CapturedLine | undefined {
    const { rest, ...when } = this.#timed(line);
    if (when.at === undefined) return { ...when, text: rest };
    if (/^device {2,}/.test(rest)) {
      this.#timeline = true;
      return { ...when, text: rest.replace(/^device +/, "") };
    }
    if (this.#timeline && otherLanes.test(rest)) return undefined;
    return { ...when, text: rest.replace(column, "$1: ") };
  }

  #timed(line: string): { at: number | undefined; dated: boolean; rest: string } {
    const head = line.slice(0, 64);
    let match = calendar.exec(head);
    if (match !== null) {
      const zone = match[3] ?? "Z";
      const at = Date.parse(`${match[1]}T${match[2].replace(",", ".").slice(0, 12)}${zone}`);
      if (!Number.isNaN(at)) return { at, dated: true, rest: line.slice(match[0].length) };
    }
    match = clock.exec(head);
    if (match !== null) {
      const ofDay =
        3_600_000 * Number(match[2]) + 60_000 * Number(match[3]) + 1_000 * Number(match[4]) + share(match[5]);
      if (match[1] !== undefined) this.#days = Number(match[1]);
      // Past midnight, unless lines have changed places by a little.
      else if (ofDay < this.#lastOfDay - day / 2) this.#days += 1;
      this.#lastOfDay = ofDay;
      return { at: this.#days * day + ofDay, dated: false, rest: line.slice(match[0].length) };
    }
    match = syslog.exec(head);
    if (match !== null && months.includes(match[1])) {
      const month = months.indexOf(match[1]) / 3;
      const [, , date, hour, minute, second, fraction] = match;
      // Without a year: one that has all days.
      const at = Date.UTC(2024, month, Number(date), Number(hour), Number(minute), Number(second));
      return { at: at + share(fraction), dated: false, rest: line.slice(match[0].length) };
    }
    match = epochSeconds.exec(head);
    if (match !== null) {
      const at = 1_000 * Number(match[1]) + share(match[2]);
      return { at, dated: true, rest: line.slice(match[0].length) };
    }
    match = sinceStart.exec(head);
    if (match !== null) {
      const at = 1_000 * Number(match[1]) + share(match[2]);
      return { at, dated: false, rest: line.slice(match[0].length) };
    }
    return { at: undefined, dated: false, rest: line };
  }
}

/** ms of the digits behind the seconds' point. */
function share(digits: string | undefined): number {
  return digits === undefined ? 0 : Math.round(1_000 * Number(`0.${digits}`));
}
