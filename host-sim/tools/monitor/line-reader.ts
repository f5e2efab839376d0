/**
 * What comes from a serial port or a file, as lines. Whoever sends may have sent a half before we listened, may end
 * lines with `\n`, `\r` or both, and may send anything: a line is as long as the log's reader takes at most.
 */

/** Longest line that is kept, bytes: as long as the log's reader reads; what is behind it is left out. */
export const longestLine = 16_384;

/** Cuts bytes into lines. */
export class LineReader {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder("utf-8");
  #parts: Uint8Array[] = [];
  #length = 0;

  /** @param onLine a line without its end; an empty one is left out, and bytes that are no UTF-8 are U+FFFD */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Takes the next bytes, however they are cut. */
  push(bytes: Uint8Array): void {
    let begin = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] !== 0x0a && bytes[i] !== 0x0d) continue;
      this.#keep(bytes.subarray(begin, i));
      this.#tell();
      begin = i + 1;
    }
    this.#keep(bytes.subarray(begin));
  }

  /** A line without an end is one when no more can come. */
  end(): void {
    this.#tell();
  }

  #keep(bytes: Uint8Array): void {
    const room = longestLine - this.#length;
    if (room <= 0 || bytes.length === 0) return;
    // A copy: whoever pushes may use its buffer again.
    const part = Uint8Array.from(bytes.subarray(0, room));
    this.#parts.push(part);
    this.#length += part.length;
  }

  #tell(): void {
    if (this.#length === 0) return;
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#onLine(this.#decoder.decode(line));
  }
}
