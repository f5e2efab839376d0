/** Times, lengths and sizes as people read them. */

/** How long ago, such as `12 s ago`. @param at epoch ms; undefined: never @param now epoch ms */
export function ago(at: number | undefined, now: number): string {
  if (at === undefined) return "never";
  const ms = now - at;
  if (ms < -1_000) return `in ${span(-ms)}`;
  return ms < 1_000 ? "now" : `${span(ms)} ago`;
}

/** A rough length of time, in its largest unit that gives at least two: `90 s`, `45 min`, `30 h`, `12 d`. @param ms 0 or more */
export function span(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1).replace(".0", "") : Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A length of time as it was measured, in three digits: `350 ms`, `12.3 s`, `4.50 h`; NaN: `–`. @param ms 0 or more */
export function measuredSpan(ms: number): string {
  if (Number.isNaN(ms)) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${digits(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${digits(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${digits(ms / 3_600_000)} h` : `${digits(ms / 86_400_000)} d`;
}

/** Three digits that count, without an exponent. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** Date and time of day in the reader's zone, to the second: `2026-11-30 14:03:22`. @param at epoch ms */
export function clock(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `1 device`, `1,234 devices`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** A whole number with its thousands apart: `12,345`. */
export function grouped(number: number): string {
  return number.toLocaleString("en-GB");
}

/** `812 B`, `12.4 kB`, `3.1 MB`. */
export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
