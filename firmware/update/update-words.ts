/** The log's lines of the update. Their one reader is the simulation's, host-sim/sim/world/device-log.ts. */
import { bare, oneLine, quoted, seconds } from "../text/wording";
import type { UpdateEvent } from "./update-event";

/** The line of an event, without a line end. */
export function updateLine(e: UpdateEvent): string {
  switch (e.kind) {
    case "update begun":
      return `update: begun version=${bare(e.version)} size=${e.size} place=${quoted(e.place)}`;
    case "update goes on":
      return `update: goes on version=${bare(e.version)} fetched=${e.fetched} size=${e.size}`;
    case "update refused":
      return `update: refused version=${bare(e.version)} reason=${quoted(e.reason)}`;
    case "update package":
      return `update: package version=${bare(e.version)} what=${e.what} size=${e.size} image=${e.image}`;
    case "update pauses": {
      const retry = e.retry === undefined ? "" : ` retry=${seconds(e.retry)}`;
      return `update: pauses reason=${e.reason} fetched=${e.fetched} size=${e.size}${retry}`;
    }
    case "update begins anew":
      return `update: begins anew version=${bare(e.version)} reason=${quoted(e.reason)}`;
    case "update verified":
      return `update: verified version=${bare(e.version)} image=${e.image}`;
    case "update starts":
      return `update: starts version=${bare(e.version)}`;
    case "update trial":
      return `update: trial version=${bare(e.version)} starts=${e.starts} tries=${e.tries}`;
    case "update kept":
      return `update: kept version=${bare(e.version)}`;
    case "update back":
      return `update: back version=${bare(e.version)} reason=${quoted(e.reason)}`;
    case "update ended":
      return `update: ended version=${bare(e.version)} reason=${quoted(e.reason)}`;
    case "update told":
      return `update: told step=${e.step}`;
    case "update untold":
      return `update: untold step=${e.step} reason=${quoted(e.reason)} retry=${seconds(e.retry)}`;
    case "update none":
      return `update: none: ${oneLine(e.reason)}`;
  }
}
