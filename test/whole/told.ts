/** What the device tells in a world. */
import { readLogLine } from "../../host-sim/sim/world/device-log";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent } from "../../host-sim/sim/world/world";

/** What a line of the device's log says; undefined for every other event, and for a line that cannot be read. */
export function toldBy(event: WorldEvent): LogEvent | undefined {
  return event.source === "device" ? readLogLine(event.text) : undefined;
}
