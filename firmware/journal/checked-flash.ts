/**
 * Flash that is not believed: what is written or erased is read back, what throws is tried again, and the
 * outcome is a value. Behind it an exception of the hardware does not exist.
 */
import { blank } from "./flash";
import type { Flash } from "./flash";

/** Tries of an operation, because a supply that is low for a moment is no bad block. */
const tries = 3;
/** Bits of a mark that need not be as written: each mark is so wide that they change nothing. */
const spareBits = 2;
const stretch = 256;
/** Bytes that are compared at once. */
const piece = 64;

interface HexBytes {
  readonly toHex?: () => string;
}

/** Whether bytes can be compared as texts, see `areSame`. */
const comparesTexts = (Uint8Array.prototype as HexBytes).toHex !== undefined;

/** A stretch that is blank; on a board it is in flash itself. */
const blankStretch: Uint8Array = new Uint8Array(stretch).fill(blank);

/** A partition, each of whose operations says whether it was done. */
export class CheckedFlash {
  readonly #flash: Flash;
  readonly #back: Uint8Array;
  /** Operations that have failed for good, and what the last one said. */
  failures = 0;
  reason = "";
  /** Whether another one had succeeded just before the last that failed: else it is the chip that fails. */
  isolated = true;
  #worked = true;

  /** @param back 256 bytes for what is read back, which partitions of which one is used at a time may share */
  constructor(flash: Flash, back: Uint8Array = new Uint8Array(stretch)) {
    this.#flash = flash;
    this.#back = back;
  }

  /** Fills `buffer` from `offset` on. */
  read(buffer: Uint8Array, offset: number): boolean {
    for (let i = 0; i < tries; i++) if (this.try(() => this.#flash.read(buffer, offset))) return true;
    return this.failed();
  }

  /** Whether so many bytes, a multiple of 256, can be read again. It does not count as a failure when not. */
  isReadable(offset: number, length: number): boolean {
    for (let at = offset; at < offset + length; at += stretch)
      if (!this.try(() => this.#flash.read(this.#back, at))) return false;
    return true;
  }

  /** Writes onto what was blank; true when it reads back as written, bit by bit. */
  write(bytes: Uint8Array, offset: number): boolean {
    return this.put(bytes, offset, true);
  }

  /** Clears the bits that are clear in `bytes`, whatever the others are; true when all but a few are. */
  mark(bytes: Uint8Array, offset: number): boolean {
    return this.put(bytes, offset, false);
  }

  /** Erases a block; true when all of it reads as blank. */
  erase(block: number, blockLength: number): boolean {
    for (let i = 0; i < tries; i++) {
      this.try(() => this.#flash.eraseBlock(block));
      if (this.isBlank(block * blockLength, blockLength)) return (this.#worked = true);
    }
    return this.failed();
  }

  /** Whether so many bytes, a multiple of 256, are blank; false when they cannot be read. */
  isBlank(offset: number, length: number): boolean {
    const buffer = this.#back;
    for (let at = offset; at < offset + length; at += stretch)
      if (!this.read(buffer, at) || !isBlank(buffer)) return false;
    return true;
  }

  private put(bytes: Uint8Array, offset: number, exact: boolean): boolean {
    for (let i = 0; i < tries; i++) {
      this.try(() => this.#flash.write(bytes, offset));
      const missing = this.missingBits(bytes, offset, exact);
      if (missing <= (exact ? 0 : spareBits)) return (this.#worked = true);
      // What cannot be read is not written again. Bits that are clear and should not be, writing cannot set.
      if (missing === Infinity) break;
    }
    return this.failed();
  }

  private try(operation: () => void): boolean {
    try {
      operation();
      return true;
    } catch (error) {
      this.reason = error instanceof Error ? error.message : "unknown";
      return false;
    }
  }

  /**
   * Bits that are still set and should be clear; Infinity when they cannot be read or, with `exact`, bits are clear
   * that should be set.
   */
  private missingBits(bytes: Uint8Array, offset: number, exact: boolean): number {
    let missing = 0;
    for (let from = 0; from < bytes.length; from += stretch) {
      const back = this.#back.subarray(0, Math.min(stretch, bytes.length - from));
      if (!this.read(back, offset + from)) return Infinity;
      if (comparesTexts && areSame(back, bytes.subarray(from, from + stretch))) continue;
      for (let i = 0; i < back.length; i++) {
        const wanted = bytes[from + i] ?? blank;
        const found = back[i] ?? blank;
        if (wanted === found) continue;
        if (exact && (wanted & ~found) !== 0) return Infinity;
        missing += bitCount(found & ~wanted);
      }
    }
    return missing;
  }

  private failed(): false {
    this.failures += 1;
    this.isolated = this.#worked;
    this.#worked = false;
    if (this.reason === "") this.reason = "reads back wrong";
    return false;
  }
}

/** Whether all bytes are blank, as after an erase. */
export function isBlank(bytes: Uint8Array): boolean {
  const { length, byteOffset } = bytes;
  // A few are gone through sooner than compared.
  if (comparesTexts && length >= 64 && length <= stretch) return areSame(bytes, blankStretch);
  if (length >= 64 && ((length | byteOffset) & 3) === 0) {
    const words = new Int32Array(bytes.buffer, byteOffset, length >> 2);
    for (let i = 0; i < words.length; i++) if (words[i] !== -1) return false;
    return true;
  }
  for (let i = 0; i < length; i++) if (bytes[i] !== blank) return false;
  return true;
}

/**
 * Whether the first bytes of `b` are those of `a`, by `Uint8Array.prototype.toHex` (ECMAScript 2026), which XS has
 * natively, for a loop costs XS some thirty steps a byte. Piece by piece, as the texts of all take four times the room
 * of the bytes. Only where `comparesTexts`.
 */
function areSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < a.length; at += piece) {
    const end = Math.min(at + piece, a.length);
    if ((a.subarray(at, end) as HexBytes).toHex?.() !== (b.subarray(at, end) as HexBytes).toHex?.())
      return false;
  }
  return true;
}

/** How many bits of a byte are set. */
export function bitCount(byte: number): number {
  let count = 0;
  for (let bits = byte; bits !== 0; bits &= bits - 1) count += 1;
  return count;
}
