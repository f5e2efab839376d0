/**
 * `embedded:storage/flash`: partitions of the board's flash, as the ESP32's module has them: it says
 * neither its write alignment nor its erase value.
 */
import { GuestCommand, commandHeader } from "../protocol";
import { bytesOf, command, issue, putText } from "./bridge";

class Flash {
  readonly #number: number;
  readonly #status: { readonly size: number; readonly blockLength: number; readonly blocks: number };
  readonly #readOnly: boolean;
  #open = true;

  constructor(number: number, size: number, blockLength: number, readOnly: boolean) {
    this.#number = number;
    this.#status = { size, blockLength, blocks: Math.floor(size / blockLength) };
    this.#readOnly = readOnly;
  }

  status(): { size: number; blockLength: number; blocks: number } {
    this.#opened();
    return { ...this.#status };
  }

  read(target: number | ArrayBuffer | ArrayBufferView, offset: number): ArrayBuffer | number {
    this.#opened();
    const into = typeof target === "number" ? new Uint8Array(target) : bytesOf(target);
    this.#within("read failed", offset, into.length);
    const message = command(GuestCommand.flashRead, this.#number, 0, 8);
    const view = new DataView(message.buffer);
    view.setUint32(commandHeader, into.length, true);
    view.setUint32(commandHeader + 4, offset, true);
    const answer = new Uint8Array(issue(message));
    if (answer.length < into.length) throw new Error("read failed");
    into.set(answer);
    return typeof target === "number" ? (into.buffer as ArrayBuffer) : into.length;
  }

  write(buffer: ArrayBuffer | ArrayBufferView, offset: number): void {
    this.#writable();
    const bytes = bytesOf(buffer);
    this.#within("write failed", offset, bytes.length);
    const message = command(GuestCommand.flashWrite, this.#number, 0, 4 + bytes.length);
    new DataView(message.buffer).setUint32(commandHeader, offset, true);
    message.set(bytes, commandHeader + 4);
    if (issue(message).byteLength > 0) throw new Error("write failed");
  }

  /** Blocks from `start` up to `end`, or the one. */
  eraseBlock(start: number, end = start + 1): void {
    this.#writable();
    if (!(start >= 0 && end <= this.#status.blocks)) throw new Error("erase failed");
    for (let block = start; block < end; block++) {
      const message = command(GuestCommand.flashErase, this.#number, 0, 4);
      new DataView(message.buffer).setUint32(commandHeader, block, true);
      if (issue(message).byteLength > 0) throw new Error("erase failed");
    }
  }

  close(): void {
    this.#open = false;
  }

  #within(fault: string, offset: number, length: number): void {
    if (!(offset >= 0 && offset + length <= this.#status.size)) throw new Error(fault);
  }

  #opened(): void {
    if (!this.#open) throw new Error("closed");
  }

  #writable(): void {
    this.#opened();
    if (this.#readOnly) throw new Error("read-only");
  }
}

/** Partitions that were opened, by name: the place of each is its number. */
const opened: string[] = [];

export default Object.freeze({
  /** @throws Error for a partition that the board does not have */
  open(options: { path: string; mode?: string }): Flash {
    if (!("path" in options)) throw new Error("no path");
    const mode = options.mode ?? "r+";
    if (mode !== "r" && mode !== "r+") throw new Error("invalid mode");
    const path = String(options.path);
    const before = opened.indexOf(path);
    const number = before < 0 ? opened.length : before;
    const message = command(GuestCommand.flashStatus, number, 0, 2 * path.length);
    putText(message, commandHeader, path);
    const answer = issue(message);
    if (answer.byteLength < 8) throw new Error("can't find partition");
    if (before < 0) opened.push(path);
    const view = new DataView(answer);
    return new Flash(number, view.getUint32(0, true), view.getUint32(4, true), mode === "r");
  },
});
