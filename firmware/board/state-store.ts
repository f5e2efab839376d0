/**
 * Where the device's small state is kept: the board's key-value storage (NVS on an ESP32).
 */
import storage from "embedded:storage/key-value";
import type { Log } from "../device/log";
import type { ByteStore } from "../continuity/two-slot-state";

/** Name of the store, at most 15 characters in NVS. */
const store = "state";

/** The store, or undefined and the reason in the log when it cannot be opened. */
export function openStateStore(log?: Log): ByteStore | undefined {
  try {
    const opened = storage.open({ path: store, format: "buffer" });
    return {
      read: (key) => {
        const value = opened.read(key);
        return value instanceof ArrayBuffer ? value : undefined;
      },
      write: (key, value) => opened.write(key, value),
    };
  } catch (error) {
    log?.({ kind: "memory failed", reason: error instanceof Error ? error.message : "unknown" });
    return undefined;
  }
}
