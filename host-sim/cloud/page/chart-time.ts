/** The axis of time: ticks in the clock's time of the reader's zone, or in virtual time since the start. */
import type { Tick } from "./chart-scale";

const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;
const day = 86_400_000;

/** Steps between ticks that people count in, ms; above a day they follow the calendar. */
const steps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7].map((n) => n * day),
];
const monthSteps = [1, 2, 3, 6, 12, 24, 60, 120];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * Ticks in clock time: what stands there in the first line, and the day in a second one where it is another than at the
 * tick before.
 * @param from epoch ms, as `to`
 * @param most about how many there may be
 */
export function clockTicks(from: number, to: number, most: number): Tick[] {
  const rough = (to - from) / Math.max(1, most);
  if (!(rough > 0)) return [];
  const step = steps.find((each) => each >= rough);
  const places = step === undefined ? monthPlaces(from, to, rough) : clockPlaces(from, to, step);
  let former = "";
  return places.map((at) => {
    const date = new Date(at);
    if (step === undefined || step >= day) {
      const year = String(date.getFullYear());
      const text = step === undefined ? months[date.getMonth()] : dayText(date);
      const second = year === former ? "" : `\n${year}`;
      former = year;
      return { at, text: text + second };
    }
    const its = dayText(date);
    const below = its === former ? "" : `\n${its}`;
    former = its;
    return { at, text: timeOfDay(date, step) + below };
  });
}

/** At whole steps of the local day, which is 23 or 25 hours long twice a year. */
function clockPlaces(from: number, to: number, step: number): number[] {
  const date = new Date(from);
  const [year, month, dayOfMonth] = [date.getFullYear(), date.getMonth(), date.getDate()];
  const places: number[] = [];
  if (step < hour) {
    const begin = new Date(year, month, dayOfMonth, date.getHours()).getTime();
    for (let at = begin + Math.ceil((from - begin) / step) * step; at <= to; at += step) places.push(at);
    return places;
  }
  if (step < day) {
    for (let hours = 0; places.length < 1_000; hours += step / hour) {
      const at = new Date(year, month, dayOfMonth, hours).getTime();
      if (at > to) break;
      if (at >= from) places.push(at);
    }
    return places;
  }
  // Days are counted from one that is the same wherever the chart is moved to, or the ticks would jump.
  const every = step / day;
  const count = Math.round(Date.UTC(year, month, dayOfMonth) / day);
  const first = dayOfMonth + ((every - (count % every)) % every) - every;
  for (let which = first; places.length < 1_000; which += every) {
    const at = new Date(year, month, which).getTime();
    if (at > to) break;
    if (at >= from) places.push(at);
  }
  return places;
}

function monthPlaces(from: number, to: number, rough: number): number[] {
  const every = monthSteps.find((each) => each * 30 * day >= rough) ?? 1_200;
  const date = new Date(from);
  const places: number[] = [];
  const first = Math.floor((date.getFullYear() * 12 + date.getMonth()) / every) * every;
  for (let month = first; places.length < 1_000; month += every) {
    const at = new Date(Math.floor(month / 12), month % 12).getTime();
    if (!(at <= to)) break;
    if (at >= from) places.push(at);
  }
  return places;
}

const two = (value: number): string => String(value).padStart(2, "0");

function timeOfDay(date: Date, step: number): string {
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step >= minute) return minutes;
  const seconds = `${minutes}:${two(date.getSeconds())}`;
  return step >= second ? seconds : `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function dayText(date: Date): string {
  return `${date.getDate()} ${months[date.getMonth()]}`;
}

/** Ticks since the start. @param from ms since then, as `to` */
export function sinceTicks(from: number, to: number, most: number): Tick[] {
  const rough = (to - from) / Math.max(1, most);
  if (!(rough > 0)) return [];
  const step =
    steps.find((each) => each >= rough) ??
    [14, 30, 60, 90, 180, 365].map((days) => days * day).find((each) => each >= rough) ??
    730 * day;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to && ticks.length < 1_000; at += step) {
    ticks.push({ at, text: sinceText(at, to - from) });
  }
  return ticks;
}

/**
 * A time since the start: `2d 06:00`; seconds only where less than an hour is shown, hundredths below ten seconds.
 * @param ms since the start
 * @param shown ms that the chart shows
 */
export function sinceText(ms: number, shown: number): string {
  const seconds = ms / 1_000;
  const whole = Math.floor(seconds + 1e-6);
  const days = whole >= 86_400 ? `${Math.floor(whole / 86_400)}d ` : "";
  const minutes = `${two(Math.floor(whole / 3_600) % 24)}:${two(Math.floor(whole / 60) % 60)}`;
  if (shown >= hour) return days + minutes;
  const fraction = shown < 10_000 ? (seconds + 1e-6 - whole).toFixed(2).slice(1) : "";
  return `${days}${minutes}:${two(whole % 60)}${fraction}`;
}

/** A part of the axis, ms. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Shortest part that is shown, ms. */
export const shortest = 100;

/** Makes a part `factor` times as long, with `around` staying where it is. @param around ms; the middle when left out */
export function zoomed(
  range: Range,
  factor: number,
  around = (range.from + range.to) / 2,
  limits?: Range,
): Range {
  const length = Math.max(shortest, (range.to - range.from) * factor);
  const share = (around - range.from) / (range.to - range.from);
  const from = around - share * length;
  return within({ from, to: from + length }, limits);
}

/** Moves a part by a share of its length. */
export function moved({ from, to }: Range, share: number, limits?: Range): Range {
  const by = share * (to - from);
  return within({ from: from + by, to: to + by }, limits);
}

/** The part, moved and where need be cut so that it lies within the limits, and no shorter than `shortest`. */
export function within({ from, to }: Range, limits?: Range): Range {
  const length = Math.max(shortest, to - from);
  if (limits === undefined) return { from, to: from + length };
  const fits = Math.min(length, Math.max(shortest, limits.to - limits.from));
  const begin = Math.min(Math.max(limits.from, from), Math.max(limits.from, limits.to - fits));
  return { from: begin, to: begin + fits };
}
