/**
 * Where the device's small state is kept: the board's key-value storage (NVS on an ESP32).
 */
import storage from "embedded:storage/key-value";
import type { ByteStore } from "../continuity/two-slot-state";

/** Name of the store, at most 15 characters in NVS. */
const store = "state";

/** The store. It is opened when it is used first, so that what cannot be opened is told as what cannot be read. */
export class StateStore implements ByteStore {
  #opened: ReturnType<typeof storage.open> | undefined;

  read(key: string): ArrayBuffer | undefined {
    const value = this.open().read(key);
    return value instanceof ArrayBuffer ? value : undefined;
  }

  write(key: string, value: Uint8Array): void {
    this.open().write(key, value);
  }

  private open(): ReturnType<typeof storage.open> {
    return (this.#opened ??= storage.open({ path: store, format: "buffer" }));
  }
}
