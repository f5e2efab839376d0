/** Key-value storage in the test's own RAM. */
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";

export function memoryStore(): ByteStore & { readonly writes: number } {
  const values = new Map<string, ArrayBuffer>();
  let writes = 0;
  return {
    get writes() {
      return writes;
    },
    read: (key) => values.get(key)?.slice(0),
    write: (key, value) => {
      writes += 1;
      values.set(key, value.slice().buffer);
    },
  };
}
