/**
 * The two places for a firmware's image, as the boot loader sees them, and what checks a signature. The binding to
 * ESP-IDF is board/slots.ts.
 */
import type { Flash } from "../journal/flash";

/** The application slots. Reading and writing throws when the hardware fails, the rest never does. */
export interface Slots {
  /** The slot with the running image, which nobody writes. */
  readonly running: Pick<Flash, "status" | "read">;
  /** The other one. */
  readonly other: Flash;
  /**
   * Has the other slot's image started from the next start on, once: unless it is confirmed, the start after that is
   * the running image's again.
   *
   * @returns why not, such as the boot loader's own check of the image
   */
  activate(): string | undefined;
  /** Whether this is the first start of an image that nobody has confirmed (ESP-IDF: `PENDING_VERIFY`). */
  readonly unconfirmed: boolean;
  /** Tells the boot loader to go on with the running image. */
  confirm(): void;
  /** Has the slot that ran before started from the next start on. @returns why not */
  back(): string | undefined;
}

/**
 * ECDSA over P-256.
 *
 * @param publicKey x and y, 64 bytes
 * @param digest SHA-256 of what was signed, 32 bytes
 * @param signature r and s, 64 bytes
 */
export type Verify = (publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array) => boolean;
