/**
 * Cuts the modem's bytes into lines, prompts and raw data.
 *
 *     line     CR LF text CR LF        anything from one CR or LF to the next; empty ones are nothing
 *     prompt   > or @, no line end     at a line's start, and only when a command waits for it
 *     raw      N bytes, any of them    behind a header that says N:
 *                  +QIRD: 20 CR LF <20 bytes>       announced by a whole line
 *                  +CARECV: 20,<20 bytes>           announced by a line begun
 *
 * One buffer is used over and over; it holds the longest line a modem sends, a datagram of 512 bytes
 * in hex behind a URC's name. Of a longer line the beginning is given, as `onOverlong`, and counted.
 */
/** Whom the framer gives what it has cut. */
export interface FramerEvents {
  /** Gets a line; the view is valid until it returns. */
  readonly onLine: (line: Uint8Array) => void;
  /** Gets what the buffer holds of a line that is longer; the view is valid until it returns. */
  readonly onOverlong?: (beginning: Uint8Array) => void;
  /** The prompt that `prompt` asked for. */
  readonly onPrompt?: () => void;
  /** The raw bytes that `takeRaw` asked for, a view that is valid until it returns. */
  readonly onRaw?: (bytes: Uint8Array) => void;
  /**
   * Looks at a line begun, whenever a comma has come: how many raw bytes follow it, undefined when it
   * is no such header.
   */
  readonly onPartial?: (line: Uint8Array) => number | undefined;
}

/** Cuts the modem's bytes into lines, prompts and raw data. */
export class LineFramer {
  readonly #buffer: Uint8Array;
  readonly #events: FramerEvents;
  #length = 0;
  #overflowing = false;
  /** Raw bytes still to come. */
  #raw = 0;
  /** A single byte that is passed over if it comes next: LF behind CR, the blank of a prompt. */
  #passOver = -1;

  /** The byte that counts as a prompt at a line's start; 0 for none. Used up by the prompt. */
  prompt = 0;
  /** Whether lines begun are shown to `onPartial`. */
  watching = false;
  /** Lines that were longer than the buffer. */
  overflows = 0;

  /** @param capacity longest line, and most raw bytes at once */
  constructor(events: FramerEvents, capacity = 1_200) {
    this.#events = events;
    this.#buffer = new Uint8Array(capacity);
  }

  /** Raw bytes that are still to come. */
  get missing(): number {
    return this.#raw;
  }

  /** What has come of the raw bytes; the view is valid until more come. */
  get begun(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** No more raw bytes are to come. */
  endRaw(): void {
    this.#length = 0;
    this.#raw = 0;
  }

  /** Takes bytes in whatever pieces they come. */
  receive(bytes: Uint8Array): void {
    const buffer = this.#buffer;
    const { length } = bytes;
    for (let i = 0; i < length; i++) {
      const byte = bytes[i] ?? 0;
      if (this.#passOver >= 0) {
        const pass = byte === this.#passOver;
        this.#passOver = -1;
        if (pass) continue;
      }
      if (this.#raw > 0) {
        buffer[this.#length++] = byte;
        if (--this.#raw === 0) this.give();
      } else if (byte === 0x0d || byte === 0x0a) {
        this.endLine(byte);
      } else if (this.#overflowing) {
        continue;
      } else if (this.#length === 0 && byte === this.prompt && byte !== 0) {
        this.prompt = 0;
        this.#passOver = 0x20;
        this.#events.onPrompt?.();
      } else if (this.#length === buffer.length) {
        this.#overflowing = true;
        this.overflows += 1;
      } else {
        buffer[this.#length++] = byte;
        if (byte === 0x2c && this.watching) this.look();
      }
    }
  }

  /**
   * The next `count` bytes are data; to be called from `onLine`. A count beyond the capacity is one
   * that noise has changed: false, and nothing happens.
   */
  takeRaw(count: number): boolean {
    if (count <= 0 || count > this.#buffer.length) return false;
    this.#raw = count;
    this.#length = 0;
    return true;
  }

  /** Forgets a line or data begun, as after the modem lost power. */
  clear(): void {
    this.#length = 0;
    this.#raw = 0;
    this.#passOver = -1;
    this.#overflowing = false;
    this.prompt = 0;
    this.watching = false;
  }

  private endLine(byte: number): void {
    if (this.#overflowing) {
      this.#overflowing = false;
      this.#length = 0;
      this.#events.onOverlong?.(this.#buffer);
    } else if (this.#length > 0) {
      const line = this.#buffer.subarray(0, this.#length);
      this.#length = 0;
      this.#events.onLine(line);
      // Of the line's CR LF, the LF is still to come and no data.
      if (this.#raw > 0 && byte === 0x0d) this.#passOver = 0x0a;
    }
  }

  private look(): void {
    const count = this.#events.onPartial?.(this.#buffer.subarray(0, this.#length));
    if (count !== undefined) this.takeRaw(count);
  }

  private give(): void {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    this.#events.onRaw?.(bytes);
  }
}
