/**
 * Conduct: no exception, no secret, no line that cannot be read, no haste, and in the end all is well.
 */
import { stamp } from "../../../inspect/report/duration";
import type { Ledger } from "../ledger";
import type { Ending, Violate } from "./rule";

/** Events of the world in an hour beyond which the firmware spins: the busiest have some 7,000. */
export const mostEvents = 100_000;
/** Longest time without faults that a device is given, hours. */
export const recoveryHours = 30;

/** Judges how the device behaved. */
export function judgeConduct(ledger: Ledger, ending: Ending, violate: Violate): void {
  for (const line of ledger.faultLines) violate("fault", `the log has "${line}"`);
  for (const place of new Set(ledger.secrets.found)) violate("secret", place);
  for (const room of new Set(ledger.unreadable)) {
    violate("log", `the room "${room}" of the log has a line that its reader does not know`);
  }
  for (const text of ledger.restarts.unexplained) {
    violate("restart", `the board started anew, and its supervisor gave no reason: ${text}`);
  }
  if (ledger.pending > 0) {
    violate("waiting", `${ledger.pending} readings still wait ${recoveryHours} h after the last fault`);
  }
  if (!ending.online) violate("offline", "the device has no session with the cloud at the end");
  if (ending.busiestHour > mostEvents) {
    violate("busy", `${ending.busiestHour} events in an hour, ${mostEvents} are the most that makes sense`);
  }
  // The least of them comes last: a script is cut down for the first.
  for (const { at, gap } of ledger.hastes) {
    const after = `${Math.round(gap)} ms`;
    violate("haste", `a datagram at ${stamp(at)} follows another after ${after}, without an answer`);
  }
}
