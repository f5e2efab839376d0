/**
 * Raw flash in the shape of Moddable's `embedded:storage/flash`: blocks that are erased whole, to ones,
 * and bits that a write can only clear. Power may fail within a write, which then has cleared some of
 * its bits, and within an erase, which then has set some.
 */

/** How a partition is divided. */
export interface FlashStatus {
  /** Size of the partition, bytes. */
  readonly size: number;
  /** What one erase covers, bytes. */
  readonly blockLength: number;
  readonly blocks: number;
  /** Writes start and end at multiples of it, bytes; the ESP32's does not say and takes any. */
  readonly writeAlign?: number;
}

/** One partition of flash. All of it throws when the hardware fails. */
export interface Flash {
  status(): FlashStatus;
  /** Fills `buffer` from `offset` on. */
  read(buffer: Uint8Array, offset: number): unknown;
  /** Clears the bits at `offset` that are clear in `buffer`. */
  write(buffer: Uint8Array, offset: number): void;
  /** @param block its number, not its offset */
  eraseBlock(block: number): void;
}

/** What an erased byte reads as. */
export const blank = 0xff;
