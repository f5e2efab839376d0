/**
 * A command that is prepared, as the address has it, so that it can be sent to somebody:
 *
 *     ?do=service:reboot&in={"delay":5}&wait=3600&reply=30
 */

/** Seconds. */
export interface Times {
  /** While the device is away: pendingTtl. */
  readonly wait: number;
  /** Once sent, for the reply: responseTimeout. */
  readonly reply: number;
}

export interface Prepared extends Times {
  /** Of the choice; undefined: the first there is. */
  readonly key: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What the console takes where the address says nothing. The API's own wait is 0: for a device that is online only. */
const usualTimes: Times = Object.freeze({ wait: 3_600, reply: 30 });
/** EnOS's longest, seconds. */
export const longestTimes: Times = Object.freeze({ wait: 172_800, reply: 60 });

/** What the address says; what cannot be read is as if it were not there. */
export function preparedOf(query: URLSearchParams): Prepared {
  return {
    key: query.get("do") ?? undefined,
    values: valuesIn(query.get("in")),
    wait: secondsIn(query.get("wait"), usualTimes.wait, 0, longestTimes.wait),
    reply: secondsIn(query.get("reply"), usualTimes.reply, 1, longestTimes.reply),
  };
}

/** What the address is to say: nothing of what is usual. */
export function queryOf({ key, values, wait, reply }: Prepared): Record<string, string | undefined> {
  return {
    do: key,
    in: Object.keys(values).length === 0 ? undefined : JSON.stringify(values),
    wait: wait === usualTimes.wait ? undefined : String(wait),
    reply: reply === usualTimes.reply ? undefined : String(reply),
  };
}

function valuesIn(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null) return {};
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function secondsIn(text: string | null, usual: number, least: number, most: number): number {
  if (text === null || !/^\d{1,6}$/.test(text)) return usual;
  return Math.min(most, Math.max(least, Number(text)));
}
