/**
 * Cuts the modem's bytes into lines: `CR LF text CR LF`. Anything from one control character CR or
 * LF to the next is a line, empty ones are nothing.
 *
 * One buffer is used over and over; it holds the longest line a modem sends, a datagram of 512 bytes
 * in hex behind a URC's name. A longer line is dropped up to its end and counted.
 */
export class LineFramer {
  readonly #buffer: Uint8Array;
  readonly #onLine: (line: Uint8Array) => void;
  #length = 0;
  #overflowing = false;

  /** Lines dropped because they were longer than the buffer. */
  overflows = 0;

  /**
   * @param onLine gets each line as a view that is valid until it returns
   * @param capacity longest line, bytes
   */
  constructor(onLine: (line: Uint8Array) => void, capacity = 1_200) {
    this.#onLine = onLine;
    this.#buffer = new Uint8Array(capacity);
  }

  /** Takes bytes in whatever pieces they come. */
  receive(bytes: Uint8Array): void {
    const buffer = this.#buffer;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === 0x0d || byte === 0x0a) {
        if (this.#overflowing) {
          this.#overflowing = false;
          this.#length = 0;
        } else if (this.#length > 0) {
          const line = buffer.subarray(0, this.#length);
          this.#length = 0;
          this.#onLine(line);
        }
      } else if (this.#overflowing) {
        continue;
      } else if (this.#length === buffer.length) {
        this.#overflowing = true;
        this.overflows += 1;
      } else {
        buffer[this.#length++] = byte;
      }
    }
  }

  /** Forgets a line begun, as after the modem lost power. */
  clear(): void {
    this.#length = 0;
    this.#overflowing = false;
  }
}
