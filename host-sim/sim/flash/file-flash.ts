/**
 * The board's storage on a PC: a file with the rules of NOR flash, and one file for each key. Both keep
 * what is written when a call returns, over a crash of the program and of the machine.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ownDirectory } from "../../cloud/store/own-directory";
import { reasonOf } from "../../../firmware/text/reason";
import type { Flash, FlashStatus } from "../../../firmware/journal/flash";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";

/** As the board's partition: 128 KiB of 4 KiB blocks. */
const size = 131_072;
const blockLength = 4_096;

/** A directory that cannot be used; the message is one line. */
export class FileFlashError extends Error {
  override readonly name = "FileFlashError";
}

/** A file that behaves as a partition of flash: erases set bits, writes clear them. */
export class FileFlash implements Flash {
  readonly #file: number;

  /** @throws FileFlashError when the file is of another size; the file system's errors */
  constructor(path: string) {
    let file: number;
    try {
      file = openSync(path, "r+");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      writeFileSync(path, new Uint8Array(size).fill(0xff), { mode: 0o600 });
      file = openSync(path, "r+");
    }
    const found = fstatSync(file).size;
    if (found !== size) {
      closeSync(file);
      throw new FileFlashError(`${path} has ${found} bytes, a journal has ${size}: name another directory`);
    }
    this.#file = file;
  }

  status(): FlashStatus {
    return { size, blockLength, blocks: size / blockLength, writeAlign: 4 };
  }

  read(buffer: Uint8Array, offset: number): number {
    return readSync(this.#file, buffer, 0, buffer.length, offset);
  }

  /** @throws FileFlashError for bits that only an erase can set */
  write(buffer: Uint8Array, offset: number): void {
    const bytes = new Uint8Array(buffer.length);
    this.read(bytes, offset);
    for (let i = 0; i < bytes.length; i++) {
      if ((buffer[i] & ~bytes[i]) !== 0 && buffer[i] !== 0xff) {
        throw new FileFlashError(`write at ${offset + i} would set bits: erase the block first`);
      }
      bytes[i] &= buffer[i];
    }
    this.#put(bytes, offset);
  }

  eraseBlock(block: number): void {
    this.#put(new Uint8Array(blockLength).fill(0xff), block * blockLength);
  }

  close(): void {
    closeSync(this.#file);
  }

  #put(bytes: Uint8Array, offset: number): void {
    writeSync(this.#file, bytes, 0, bytes.length, offset);
    fsyncSync(this.#file);
  }
}

/** Values in files of their own, each replaced whole. */
export class FileStore implements ByteStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(key: string): ArrayBuffer | undefined {
    try {
      const bytes = readFileSync(join(this.#directory, `state-${key}`));
      return new Uint8Array(bytes).buffer;
    } catch {
      return undefined;
    }
  }

  write(key: string, value: Uint8Array): void {
    const path = join(this.#directory, `state-${key}`);
    const draft = `${path}.new`;
    writeFileSync(draft, value, { mode: 0o600, flush: true } as object);
    renameSync(draft, path);
  }
}

/**
 * Journal and state of one device in a directory of its own, made when there is none (mode 0700: the
 * state holds the session's token).
 * @throws FileFlashError
 */
export function openDeviceDirectory(directory: string): { flash: FileFlash; store: FileStore } {
  try {
    const names = ownDirectory(directory);
    const strangers = names.filter((name) => !/^(?:journal|state-[a-z0-9]{1,3}(?:\.new)?)$/.test(name));
    if (strangers.length > 0) {
      throw new FileFlashError(`${directory}: holds files of another program; name a new or empty directory`);
    }
    return { flash: new FileFlash(join(directory, "journal")), store: new FileStore(directory) };
  } catch (error) {
    if (error instanceof FileFlashError) throw error;
    const cause = reasonOf(error).split("\n")[0].slice(0, 200);
    throw new FileFlashError(`${directory}: cannot be used as data directory (${cause}); choose another`);
  }
}
