/** Which time the charts show: a choice that moves with the clock, or a part of it that was zoomed to; in the address. */
import type { Range } from "../../../page/chart-time";

/** Choices that end now; `all` begins with the oldest value that is kept. */
export const choices = ["1h", "6h", "24h", "7d", "all"] as const;
export type Choice = (typeof choices)[number];

/** `all` of a device that has just begun is no shorter, ms. */
const leastShown = 600_000;

const lengths: Readonly<Record<Exclude<Choice, "all">, number>> = {
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
};

/**
 * The choice where none was made: a day, or all where that is less, so that the first minutes of a device fill the charts.
 * @param oldest time of the oldest value that is kept, epoch ms, as `now`
 */
export function fittingChoice(oldest: number | undefined, now: number): Choice {
  return oldest !== undefined && oldest > now - lengths["24h"] ? "all" : "24h";
}

/** What the address says: a choice such as `from=-6h`, or two times. */
export type TimeShown = { readonly choice: Choice } | Range;

/** @param kept the choice where the address has none */
export function timeShown(query: URLSearchParams, kept: Choice): TimeShown {
  return timeIn(query) ?? { choice: kept };
}

/** Whether the address says which time to show. */
export function isTimeIn(query: URLSearchParams): boolean {
  return timeIn(query) !== undefined;
}

function timeIn(query: URLSearchParams): TimeShown | undefined {
  const from = query.get("from");
  const choice = choices.find((each) => from === (each === "all" ? each : `-${each}`));
  if (choice !== undefined) return { choice };
  const range = { from: timeOf(from), to: timeOf(query.get("to")) };
  return range.from < range.to ? range : undefined;
}

/** Epoch ms; NaN for what is none. */
function timeOf(text: string | null): number {
  if (text === null) return NaN;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Math.abs(time) <= 8.64e15 ? time : NaN;
}

/** What the address says of it. */
export function addressOf(shown: TimeShown): { readonly from: string; readonly to: string | undefined } {
  if ("choice" in shown) {
    return { from: shown.choice === "all" ? "all" : `-${shown.choice}`, to: undefined };
  }
  const text = (at: number): string => new Date(Math.round(at)).toISOString();
  return { from: text(shown.from), to: text(shown.to) };
}

/**
 * The part of time that is shown. What moves with the clock moves in small steps, or every chart would be painted anew
 * each second.
 * @param now epoch ms
 * @param oldest time of the oldest value that is kept, for `all`
 */
export function rangeShown(shown: TimeShown, now: number, oldest: number | undefined): Range {
  if (!("choice" in shown)) return shown;
  const length =
    shown.choice === "all"
      ? Math.max(leastShown, now - (oldest ?? now - lengths["24h"])) * 1.02
      : lengths[shown.choice];
  const step = Math.max(1_000, length / 600);
  const to = Math.ceil(now / step) * step;
  return { from: to - length, to };
}
