/** SHA-256 over a stretch of flash that is too long to be read at once. */
import type { Sha256 } from "../enos/sign";

/** A digest that is made a slice at a time. */
export class SliceDigest {
  readonly #sha: Sha256;
  readonly #read: (buffer: Uint8Array, offset: number) => boolean;
  #at: number;
  readonly #end: number;

  /** @param read fills a buffer from an offset on; false when it cannot be read */
  constructor(
    newSha256: () => Sha256,
    read: (buffer: Uint8Array, offset: number) => boolean,
    offset: number,
    length: number,
  ) {
    this.#sha = newSha256();
    this.#read = read;
    this.#at = offset;
    this.#end = offset + length;
  }

  /**
   * Goes on for so many bytes.
   *
   * @param buffer what is read goes through it
   * @returns the digest at the end, undefined before, "unreadable" where a read has failed
   */
  step(most: number, buffer: Uint8Array): Uint8Array | "unreadable" | undefined {
    const until = Math.min(this.#at + most, this.#end);
    while (this.#at < until) {
      const part = buffer.subarray(0, Math.min(buffer.length, until - this.#at));
      if (!this.#read(part, this.#at)) return "unreadable";
      this.#sha.write(part);
      this.#at += part.length;
    }
    return this.#at < this.#end ? undefined : this.#sha.close();
  }
}

/** Whether a digest begins with these bytes. */
export function startsWith(digest: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (digest[i] !== start[i]) return false;
  return true;
}
