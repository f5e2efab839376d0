/**
 * `embedded:storage/key-value`: the ESP32's NVS, kept by the host so that it outlives a restart.
 * Limits are NVS's: names of stores and keys up to 15 characters, strings up to 4,000 bytes with
 * their final zero.
 */
import { GuestCommand, commandHeader, valueType } from "../protocol";
import { bytesOf, command, getText, issue, putText } from "./bridge";
import { utf8 } from "./utf8";

const longestName = 15;
const longestString = 3999;

/** Integer formats: how NVS would keep a number. */
const integers: Readonly<Record<string, (value: number) => number>> = Object.freeze({
  uint8: (value: number) => value & 0xff,
  int8: (value: number) => (value << 24) >> 24,
  uint16: (value: number) => value & 0xffff,
  int16: (value: number) => (value << 16) >> 16,
  uint32: (value: number) => value >>> 0,
  int32: (value: number) => value | 0,
});

class Storage {
  readonly #path: string;
  readonly #readOnly: boolean;
  #format: string;
  #open = true;

  constructor(path: string, readOnly: boolean, format: string) {
    this.#path = path;
    this.#readOnly = readOnly;
    this.#format = checkFormat(format);
  }

  get format(): string {
    return this.#format;
  }

  set format(value: string) {
    this.#format = checkFormat(value);
  }

  read(key: string, into?: ArrayBuffer | ArrayBufferView): ArrayBuffer | string | number | undefined {
    const answer = issue(this.#keyed(GuestCommand.keyRead, key));
    const type = new Uint8Array(answer)[0];
    if (type === valueType.absent) return undefined;
    if (type === valueType.failed) throw new Error(getText(answer, 2));
    if (type !== typeOf(this.#format)) throw new TypeError("mismatch");
    if (type === valueType.string) return getText(answer, 2);
    if (type === valueType.number) return new DataView(answer).getFloat64(2, true);
    if (into === undefined) return answer.slice(2);
    const target = bytesOf(into);
    if (target.length < answer.byteLength - 2) throw new RangeError("buffer too small");
    target.set(new Uint8Array(answer, 2));
    return answer.byteLength - 2;
  }

  write(key: string, value: unknown): void {
    this.#writable();
    checkKey(key);
    const type = typeOf(this.#format);
    const bytes = encode(this.#format, value);
    const names = 2 * (this.#path.length + key.length);
    const message = command(GuestCommand.keyWrite, type, this.#path.length, 2 + names + bytes.length);
    message[commandHeader] = key.length;
    message.set(bytes, putText(message, putText(message, commandHeader + 2, this.#path), key));
    refused(issue(message));
  }

  delete(key: string): void {
    this.#writable();
    refused(issue(this.#keyed(GuestCommand.keyDelete, key)));
  }

  close(): void {
    this.#open = false;
  }

  *[Symbol.iterator](): IterableIterator<string> {
    this.#opened();
    const message = command(GuestCommand.keyList, 0, this.#path.length, 2 * this.#path.length);
    putText(message, commandHeader, this.#path);
    const names = getText(issue(message), 0).split("\0");
    for (let i = 0; i < names.length - 1; i++) yield names[i];
  }

  #keyed(kind: number, key: string): Uint8Array {
    this.#opened();
    checkKey(key);
    const message = command(kind, 0, this.#path.length, 2 * (this.#path.length + key.length));
    putText(message, putText(message, commandHeader, this.#path), key);
    return message;
  }

  #opened(): void {
    if (!this.#open) throw new Error("closed");
  }

  #writable(): void {
    this.#opened();
    if (this.#readOnly) throw new Error("read-only");
  }
}

/** @throws Error with the answer's text, where it has one */
function refused(answer: ArrayBuffer): void {
  if (answer.byteLength > 0) throw new Error(getText(answer, 0));
}

function checkFormat(format: string): string {
  if (format === "buffer" || format === "string" || Object.hasOwn(integers, format)) return format;
  throw new RangeError("unsupported");
}

function checkKey(key: unknown): void {
  if (typeof key !== "string" || key.length === 0) throw new Error("ESP_ERR_NVS_INVALID_NAME");
  if (key.length > longestName) throw new Error("ESP_ERR_NVS_KEY_TOO_LONG");
}

function typeOf(format: string): number {
  if (format === "buffer") return valueType.buffer;
  return format === "string" ? valueType.string : valueType.number;
}

/** A value as it goes over the bridge. */
function encode(format: string, value: unknown): Uint8Array {
  if (format === "buffer") return bytesOf(value);
  if (format === "string") {
    const text = String(value);
    if (utf8(text).length > longestString) throw new Error("ESP_ERR_NVS_VALUE_TOO_LONG");
    const units = new Uint8Array(2 * text.length);
    putText(units, 0, text);
    return units;
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, integers[format](Math.trunc(Number(value))), true);
  return bytes;
}

export default Object.freeze({
  open(options: { path: string; mode?: string; format?: string }): Storage {
    if (!("path" in options)) throw new Error("no path");
    const path = String(options.path).replace(/\/$/, "");
    if (path === "") throw new Error("invalid");
    if (path.length > longestName) throw new Error("ESP_ERR_NVS_INVALID_NAME");
    const mode = options.mode ?? "r+";
    if (mode !== "r" && mode !== "r+") throw new Error("invalid mode");
    const message = command(GuestCommand.keyOpen, 0, 0, 2 * path.length);
    putText(message, commandHeader, path);
    refused(issue(message));
    return new Storage(path, mode === "r", options.format ?? "buffer");
  },
});
