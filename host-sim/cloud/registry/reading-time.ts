/** Where readings stand in time, in the registry and on the console's page alike. */

/** What tells of a reading where it stands. */
export interface Dated {
  /** When it was measured, epoch ms, if the device told. */
  readonly time?: number | undefined;
  /** When the cloud stored it, ms. */
  readonly at: number;
  /** It came through `resume`. */
  readonly late?: true | undefined;
}

/** The least time that a clock of the world tells, ms: a simulation's begins at 0. */
const leastClock = Date.UTC(2000);
/** Further than any device's clock runs ahead, ms. */
const farAhead = 86_400_000;

/** Whether a time that a device states is of the far future; never by a clock that is not the world's. */
export function isFarAhead(time: number, now: number): boolean {
  return now >= leastClock && time > now + farAhead;
}

/** Whether a time is from before all devices, such as one in seconds; never by a clock that is not the world's. */
export function isLongAgo(time: number, now: number): boolean {
  return now >= leastClock && time < leastClock;
}

/** Where a reading stands among others, ms: one of the far future, which would pass for the newest for ever, at its arrival. */
export function when({ time, at }: Dated): number {
  return time === undefined || isFarAhead(time, at) ? at : time;
}

/**
 * Whether a reading was measured at some time before it came, and nothing says when: it came through `resume` and has no
 * time that can be. It stands at its arrival among the others, and is not the newest value.
 */
export function isUndated({ time, at, late }: Dated): boolean {
  return late === true && (time === undefined || isFarAhead(time, at));
}
