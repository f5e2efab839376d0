/**
 * What health has to tell, for the device's log: its words are here, so that a product without it has none of them.
 */
import { bare, quoted, seconds } from "../text/wording";
import type { HealthEvent, WithLine } from "../device/part-event";

/** The event with its line. */
export function worded(event: HealthEvent): WithLine<HealthEvent> {
  return { ...event, line: lineOf(event) };
}

function lineOf(event: HealthEvent): string {
  switch (event.kind) {
    case "health report":
      return `health: report period=${seconds(event.period)}`;
    case "health alarm":
      return `health: alarm what=${bare(event.what)} value=${event.value} limit=${event.limit}`;
    case "health log failed":
      return `health: log failed reason=${quoted(event.reason)}`;
    case "health memory failed":
      return `health: memory failed reason=${quoted(event.reason)}`;
  }
}
