/**
 * The host's end of the guest's key-value storage. It lives in a Map of the caller's, so that it
 * outlives the board: what a restart finds is what was written before.
 */
import { nothing } from "../engine/engine";
import { flip } from "./storage-faults";
import { commandHeader, valueType } from "./protocol";
import type { PowerDomain } from "../flash/power-domain";
import type { StorageFault, StorageStrike } from "./storage-faults";

/** A value: bytes (format "buffer"), text ("string"), or an integer. */
type StoredValue = Uint8Array | string | number;

/** Stores by name, in each its values by key. */
export type KeyValueStores = Map<string, Map<string, StoredValue>>;

const absent = new Uint8Array([valueType.absent, 0]);

/** The key-value storage of one board. */
export class BoardStorage {
  readonly #stores: KeyValueStores;
  readonly #power: PowerDomain | undefined;
  readonly #strike: StorageStrike;

  /** @param strike what an operation meets, where it fails */
  constructor(
    stores: KeyValueStores,
    power: PowerDomain | undefined,
    strike: StorageStrike = () => undefined,
  ) {
    this.#stores = stores;
    this.#power = power;
    this.#strike = strike;
  }

  /** Answers a `keyOpen` command. */
  open(command: Uint8Array): Uint8Array {
    return refusal(this.#strike("open", textAt(command, commandHeader, command.length), ""));
  }

  /** Answers a `keyRead` command. */
  read(command: Uint8Array): Uint8Array {
    const { path, key } = names(command);
    const fault = this.#strike("read", path, key);
    if (fault?.kind === "refused") return typed(valueType.failed, utf16(fault.text));
    const value = this.#stores.get(path)?.get(key);
    if (value === undefined) return absent;
    const answer = stated(value);
    if (fault?.kind === "flipped") flip(answer.subarray(2), fault.bit);
    return answer;
  }

  /**
   * Carries out a `keyWrite` command. When the power fails in it, the key has its old value, its new one,
   * half of that, or none at all: Moddable's `preference` erases a key before it writes it.
   */
  write(command: Uint8Array): Uint8Array {
    const keyLength = command[commandHeader] | (command[commandHeader + 1] << 8);
    const pathEnd = commandHeader + 2 + 2 * pathLength(command);
    const keyEnd = pathEnd + 2 * keyLength;
    const path = textAt(command, commandHeader + 2, pathEnd);
    const key = textAt(command, pathEnd, keyEnd);
    const fault = this.#strike("write", path, key);
    if (fault?.kind === "refused") return refusal(fault);
    const bytes = command.slice(keyEnd);
    if (fault?.kind === "flipped") flip(bytes, fault.bit);
    let value: StoredValue = bytes;
    if (command[1] === valueType.string) value = textAt(bytes, 0, bytes.length);
    if (command[1] === valueType.number) value = new DataView(bytes.buffer).getFloat64(0, true);
    let store = this.#stores.get(path);
    if (store === undefined) this.#stores.set(path, (store = new Map()));
    const power = this.#power;
    const how = power?.begin() ?? "done";
    if (how === "done" && fault?.kind !== "lost") store.set(key, value);
    if (how === "torn") {
      tearValue(store, key, value, power!.operations);
      power!.cut();
    }
    return nothing;
  }

  /** Carries out a `keyDelete` command. */
  delete(command: Uint8Array): Uint8Array {
    const { path, key } = names(command);
    const fault = this.#strike("delete", path, key);
    if (fault === undefined) this.#stores.get(path)?.delete(key);
    return refusal(fault);
  }

  /** Answers a `keyList` command. */
  list(command: Uint8Array): Uint8Array {
    const keys = this.#stores.get(textAt(command, commandHeader, command.length))?.keys() ?? [];
    return utf16([...keys].map((key) => `${key}\0`).join(""));
  }
}

/** The text of the exception that the guest throws; none when nothing is refused. */
function refusal(fault: StorageFault | undefined): Uint8Array {
  return fault?.kind === "refused" ? utf16(fault.text) : nothing;
}

/** Leaves a key as a power failure does, in one of the four ways; `turn` chooses, so that each has its turn. */
function tearValue(store: Map<string, StoredValue>, key: string, value: StoredValue, turn: number): void {
  if (turn % 4 === 1) store.set(key, value);
  if (turn % 4 === 2) store.delete(key);
  if (turn % 4 === 3 && value instanceof Uint8Array) store.set(key, value.slice(0, value.length >> 1));
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

/** A text as it goes over the bridge. */
export function utf16(text: string): Uint8Array {
  return Buffer.from(text, "utf16le");
}

/** A value as it goes over the bridge; the bytes are a copy. */
function stated(value: StoredValue): Uint8Array {
  if (typeof value === "string") return typed(valueType.string, utf16(value));
  if (typeof value === "number") {
    return typed(valueType.number, new Uint8Array(new Float64Array([value]).buffer));
  }
  return typed(valueType.buffer, value);
}

function typed(type: number, bytes: Uint8Array): Uint8Array {
  const answer = new Uint8Array(2 + bytes.length);
  answer[0] = type;
  answer.set(bytes, 2);
  return answer;
}
