/**
 * Where the device's small state is kept: the board's key-value storage (NVS on an ESP32).
 */
import storage from "embedded:storage/key-value";
import type { ByteStore } from "../continuity/two-slot-state";

/** Name of the store, at most 15 characters in NVS. */
const store = "state";

/** The store. It is opened when it is used first, so that what cannot be opened is told as what cannot be read. */
export function stateStore(): ByteStore {
  let opened: ReturnType<typeof storage.open> | undefined;
  const open = () => (opened ??= storage.open({ path: store, format: "buffer" }));
  return {
    read(key) {
      const value = open().read(key);
      return value instanceof ArrayBuffer ? value : undefined;
    },
    write: (key, value) => open().write(key, value),
  };
}
