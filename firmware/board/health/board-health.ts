/**
 * What the device's health needs of the board: the log's partition, and how near it came to the end of its memory.
 */
import flash from "embedded:storage/flash";
import { boardFunctions } from "../native";
import type { Flash } from "../../journal/flash";

/** Name of the data partition. */
const partition = "log";

/** See `BoardHealth` in health/health.ts. */
export const boardHealth = Object.freeze({
  openLog(): Flash | undefined {
    try {
      return flash.open({ path: partition });
    } catch {
      // Partition tables of before have none: the log's last lines are in retained memory alone.
      return undefined;
    }
  },
  leastFreeHeap(): number | undefined {
    return boardFunctions().esp_get_minimum_free_heap_size();
  },
});
