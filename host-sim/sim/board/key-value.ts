/**
 * The host's end of the guest's key-value storage. It lives in a Map of the caller's, so that it
 * outlives the board: what a restart finds is what was written before.
 */
import { commandHeader, valueType } from "./protocol";
import type { PowerDomain } from "../flash/power-domain";

/** A value: bytes (format "buffer"), text ("string"), or an integer. */
type StoredValue = Uint8Array | string | number;

/** Stores by name, in each its values by key. */
export type KeyValueStores = Map<string, Map<string, StoredValue>>;

const absent = new Uint8Array([valueType.absent, 0]);

/** Answers a `keyRead` command. */
export function readKey(stores: KeyValueStores, command: Uint8Array): Uint8Array {
  const { path, key } = names(command);
  const value = stores.get(path)?.get(key);
  if (value === undefined) return absent;
  if (typeof value === "string") return typed(valueType.string, Buffer.from(value, "utf16le"));
  if (typeof value === "number") {
    return typed(valueType.number, new Uint8Array(new Float64Array([value]).buffer));
  }
  return typed(valueType.buffer, value);
}

/**
 * Carries out a `keyWrite` command. When the power fails in it, the key has its old value, its new one,
 * half of that, or none at all: Moddable's `preference` erases a key before it writes it.
 */
export function writeKey(stores: KeyValueStores, command: Uint8Array, power?: PowerDomain): void {
  const keyLength = command[commandHeader] | (command[commandHeader + 1] << 8);
  const pathEnd = commandHeader + 2 + 2 * pathLength(command);
  const keyEnd = pathEnd + 2 * keyLength;
  const path = textAt(command, commandHeader + 2, pathEnd);
  const bytes = command.slice(keyEnd);
  let value: StoredValue = bytes;
  if (command[1] === valueType.string) value = textAt(bytes, 0, bytes.length);
  if (command[1] === valueType.number) value = new DataView(bytes.buffer).getFloat64(0, true);
  let store = stores.get(path);
  if (store === undefined) stores.set(path, (store = new Map()));
  const key = textAt(command, pathEnd, keyEnd);
  const how = power?.begin() ?? "done";
  if (how === "done") store.set(key, value);
  if (how === "torn") {
    tearValue(store, key, value, power!.operations);
    power!.cut();
  }
}

/** Leaves a key as a power failure does, in one of the four ways; `turn` chooses, so that each has its turn. */
function tearValue(store: Map<string, StoredValue>, key: string, value: StoredValue, turn: number): void {
  if (turn % 4 === 1) store.set(key, value);
  if (turn % 4 === 2) store.delete(key);
  if (turn % 4 === 3 && value instanceof Uint8Array) store.set(key, value.slice(0, value.length >> 1));
}

/** Carries out a `keyDelete` command. */
export function deleteKey(stores: KeyValueStores, command: Uint8Array): void {
  const { path, key } = names(command);
  stores.get(path)?.delete(key);
}

/** Answers a `keyList` command. */
export function listKeys(stores: KeyValueStores, command: Uint8Array): Uint8Array {
  const keys = stores.get(textAt(command, commandHeader, command.length))?.keys() ?? [];
  return Buffer.from([...keys].map((key) => `${key}\0`).join(""), "utf16le");
}

function names(command: Uint8Array): { path: string; key: string } {
  const pathEnd = commandHeader + 2 * pathLength(command);
  return { path: textAt(command, commandHeader, pathEnd), key: textAt(command, pathEnd, command.length) };
}

function pathLength(command: Uint8Array): number {
  return command[2] | (command[3] << 8);
}

/** Text of UTF-16 units between two offsets. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf16le", start, end);
}

function typed(type: number, bytes: Uint8Array): Uint8Array {
  const answer = new Uint8Array(2 + bytes.length);
  answer[0] = type;
  answer.set(bytes, 2);
  return answer;
}
