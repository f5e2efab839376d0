/** Times in a query: epoch milliseconds, or ISO 8601; and the range of a list. */
import type { HistoryQuery } from "../cloud";
import { Problem } from "./problem";

/** Latest time that a date has, epoch ms. */
const lastTime = 8.64e15;

/**
 * Epoch ms of a time as a query has it. One of ISO 8601 without a zone is UTC, one without a time of day its
 * beginning.
 * @param name of the parameter
 * @throws Problem when it is no time
 */
function timeOf(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,16}$/.test(value) && Number(value) <= lastTime) return Number(value);
  // In a query a plus stands for a space: one of a zone that was written as it is has become that.
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[ +-]\d\d:?\d\d)?)?$/.exec(value);
  if (match !== null) {
    const [, date, minutes = "00:00", seconds = ":00", zone = "Z"] = match;
    const offset = zone.replace(" ", "+").replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
    const time = Date.parse(`${date}T${minutes}${seconds}${offset}`);
    // Date takes the 30th of February for the 1st of March, or the 2nd.
    if (!Number.isNaN(time) && isDay(date)) return time;
  }
  throw new Problem(
    400,
    `query.${name}: expected epoch ms or ISO 8601 such as 2026-11-29T17:00:00Z; got ${JSON.stringify(value.slice(0, 40))}`,
  );
}

/** The query of a list by time. */
export interface RangeQuery {
  from?: string;
  to?: string;
  limit: number;
  order: "asc" | "desc";
}

/** @throws Problem for what is no time, or a range that ends before it begins */
export function rangeOf({ from, to, limit, order }: RangeQuery): HistoryQuery & { limit: number } {
  const times = { from: timeOf(from, "from"), to: timeOf(to, "to") };
  if (times.from !== undefined && times.to !== undefined && times.from > times.to) {
    throw new Problem(400, "query.from: is later than to; swap them");
  }
  return { ...times, limit, newestFirst: order === "desc" };
}

function isDay(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}
