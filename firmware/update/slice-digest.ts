/** SHA-256 over a stretch of flash that is too long to be read at once. */
import type { Sha256 } from "../enos/sign";
import type { Flash } from "../journal/flash";

/** What is read a piece at a time. */
export interface Readable {
  /** Fills `buffer` from `offset` on; false when it cannot be read. */
  read(buffer: Uint8Array, offset: number): boolean;
}

/** Tries of a read, because a supply that is low for a moment is no bad flash. */
const tries = 3;
/** Bytes that are read at once. */
const piece = 512;

/** Flash that may fail to be read. */
export class ReadableFlash implements Readable {
  readonly #flash: Pick<Flash, "read">;

  constructor(flash: Pick<Flash, "read">) {
    this.#flash = flash;
  }

  read(buffer: Uint8Array, offset: number): boolean {
    for (let i = 0; i < tries; i++) {
      try {
        this.#flash.read(buffer, offset);
        return true;
      } catch {
        continue;
      }
    }
    return false;
  }
}

/** A digest that is made a slice at a time. */
export class SliceDigest {
  readonly #sha: Sha256;
  readonly #from: Readable;
  readonly #buffer = new Uint8Array(piece);
  #at: number;
  readonly #end: number;

  /** Begins with so many bytes from an offset on. */
  constructor(sha: Sha256, from: Readable, offset: number, length: number) {
    this.#sha = sha;
    this.#from = from;
    this.#at = offset;
    this.#end = offset + length;
  }

  /**
   * Goes on for so many bytes.
   *
   * @returns the digest at the end, undefined before, "unreadable" where a read has failed
   */
  step(most: number): Uint8Array | "unreadable" | undefined {
    const until = Math.min(this.#at + most, this.#end);
    while (this.#at < until) {
      const length = Math.min(piece, until - this.#at);
      const part = length === piece ? this.#buffer : this.#buffer.subarray(0, length);
      if (!this.#from.read(part, this.#at)) return "unreadable";
      this.#sha.write(part);
      this.#at += length;
    }
    return this.#at < this.#end ? undefined : this.#sha.close();
  }
}

/** Whether a digest begins with these bytes. */
export function startsWith(digest: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (digest[i] !== start[i]) return false;
  return true;
}
