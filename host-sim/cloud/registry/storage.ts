/**
 * What the cloud keeps over a restart: plain JSON values under text keys. The cloud puts and deletes as it
 * works; whoever implements this writes what one request has caused in one piece.
 *
 *     meta                          { version }
 *     product/PK                    a product's record
 *     product-version/PK/NNNNNNNNNNNN   a model and a script that were in force before
 *     device/PK/DK                  a device: record with its secret, state, session, attributes, tags ...
 *     reading/PK/DK/NNNNNNNNNNNN    a reading, numbered in the order of its storing
 *     event/PK/DK/NNNNNNNNNNNN      an event
 *     command/PK/DK/NNNNNNNNNNNN    a command and how it stands
 *     firmware/PK/VERSION           what is known of a firmware file
 *     firmware/PK/VERSION/BOARD/FROM  likewise of one for a board alone, or of a difference; "-": for all, whole
 *     firmware-part/…/NNNN          its bytes, base64, a part each; … as above
 *     rollout/PK/NNNNNNNNNNNN       a rollout and how it stands
 *     ota-task/PK/DK/NNNNNNNNNNNN   an upgrade and how it stands
 *     webhook/NNNNNNNNNNNN          a webhook with its secret
 */
export interface CloudStorage {
  /** All that is kept, by ascending key; read once, at start. */
  readonly entries: Iterable<readonly [key: string, value: unknown]>;
  put(key: string, value: unknown): void;
  delete(key: string): void;
}

/** What a device's numbered entries are. */
export type EntryKind = "reading" | "event" | "command";

export function productStorageKey(productKey: string): string {
  return `product/${productKey}`;
}

/** @param number of the version, from 1 */
export function productVersionStorageKey(productKey: string, number: number): string {
  return `product-version/${productKey}/${String(number).padStart(12, "0")}`;
}

/** `name` is productKey/deviceKey, of which neither holds a slash. */
export function deviceStorageKey(name: string): string {
  return `device/${name}`;
}

export function entryStorageKey(kind: EntryKind, name: string, number: number): string {
  return `${kind}/${name}/${String(number).padStart(12, "0")}`;
}
