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
  /** Bytes of line ends that have come since the last line, or since raw bytes. */
  blank = 0;

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
    const { length } = bytes;
    // Where the next of each stands, looked for natively: a step of the interpreter's a byte would be a wake's most.
    let cr = -1;
    let lf = -1;
    let at = 0;
    while (at < length) {
      const byte = bytes[at] ?? 0;
      if (this.#passOver >= 0) {
        const pass = byte === this.#passOver;
        this.#passOver = -1;
        if (pass) {
          at += 1;
          continue;
        }
      }
      if (this.#raw > 0) {
        at = this.fillRaw(bytes, at);
      } else if (byte === 0x0d || byte === 0x0a) {
        if (this.#length > 0) this.endLine(byte);
        else this.blank += 1;
        at += 1;
      } else if (this.#length === 0 && byte === this.prompt && byte !== 0) {
        this.prompt = 0;
        this.#passOver = 0x20;
        this.#events.onPrompt?.();
        at += 1;
      } else {
        if (cr < at) cr = placeOf(0x0d, bytes, at);
        if (lf < at) lf = placeOf(0x0a, bytes, at);
        at = this.takeText(bytes, at, cr < lf ? cr : lf);
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

  /** Takes what is there of the raw bytes, from `start` on; gives the offset behind. */
  private fillRaw(bytes: Uint8Array, start: number): number {
    const end = Math.min(start + this.#raw, bytes.length);
    this.#buffer.set(bytes.subarray(start, end), this.#length);
    this.#length += end - start;
    this.#raw -= end - start;
    if (this.#raw === 0) this.give();
    return end;
  }

  /**
   * Takes a line's bytes from `start` up to `end`, where a line end or the piece's end stands, or up to a comma where
   * lines begun are looked at; gives the offset behind what was taken.
   */
  private takeText(bytes: Uint8Array, start: number, end: number): number {
    if (this.#overflowing) return end;
    const buffer = this.#buffer;
    if (this.watching) end = Math.min(end, placeOf(0x2c, bytes, start) + 1);
    else if (this.#length === 0 && end < bytes.length && end - start <= buffer.length) {
      // A line that came whole is given where it lies.
      this.giveLine(bytes.subarray(start, end), bytes[end] ?? 0);
      return end + 1;
    }
    const room = buffer.length - this.#length;
    if (end - start > room) {
      buffer.set(bytes.subarray(start, start + room), this.#length);
      this.#length = buffer.length;
      this.#overflowing = true;
      this.overflows += 1;
      return end;
    }
    buffer.set(bytes.subarray(start, end), this.#length);
    this.#length += end - start;
    if (this.watching && bytes[end - 1] === 0x2c) this.look();
    return end;
  }

  private endLine(byte: number): void {
    const line = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#overflowing) {
      this.#overflowing = false;
      this.#events.onOverlong?.(line);
    } else this.giveLine(line, byte);
  }

  /** @param end the byte behind the line */
  private giveLine(line: Uint8Array, end: number): void {
    this.#events.onLine(line);
    this.blank = 0;
    // Of the line's CR LF, the LF is still to come and no data.
    if (this.#raw > 0 && end === 0x0d) this.#passOver = 0x0a;
  }

  private look(): void {
    const count = this.#events.onPartial?.(this.#buffer.subarray(0, this.#length));
    if (count !== undefined) this.takeRaw(count);
  }

  private give(): void {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    this.blank = 0;
    this.#events.onRaw?.(bytes);
  }
}

/** Where the byte stands next, from `start` on; the end of the bytes when it does not. */
function placeOf(byte: number, bytes: Uint8Array, start: number): number {
  const place = bytes.indexOf(byte, start);
  return place < 0 ? bytes.length : place;
}
