/**
 * The journal's partition in the board's flash. Partition tables differ from board to board: one without
 * it works, and what waits is then lost with the power.
 */
import flash from "embedded:storage/flash";
import type { Log } from "../device/log";
import type { Flash } from "../journal/flash";

/** Name of the data partition. */
const partition = "journal";

/** The partition, or undefined and the reason in the log. */
export function openJournalFlash(log: Log): Flash | undefined {
  try {
    return flash.open({ path: partition });
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    log({ kind: "journal no partition", name: partition, reason });
    return undefined;
  }
}
