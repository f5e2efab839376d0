/**
 * The board's I2C bus: two wires with parts on them, each at an address of 7 bits. A transfer is the whole of a
 * master's write or read: address, bytes, stop.
 */

/** A part on the bus. `now` is virtual ms. */
export interface I2cPart {
  /** The master writes. @returns false where the part acknowledges its address, or one of the bytes, not */
  write(bytes: Uint8Array, now: number): boolean;
  /**
   * The master reads. @returns the bytes, and the ms for which the part held the clock before them; undefined where it
   * does not acknowledge its address
   */
  read(length: number, now: number): { readonly bytes: Uint8Array; readonly stretched?: number } | undefined;
}

/** What has come of a transfer, and how long it took, ms. */
export interface I2cOutcome {
  /** What was read; undefined where the transfer failed. Empty for a write. */
  readonly bytes: Uint8Array | undefined;
  readonly took: number;
}

/** After so many ms the ESP32's driver gives a transfer up; that of the SDK says so where nothing else is set. */
const timeout = 400;

/** A bus and what is wired to it. */
export class I2cBus {
  /** GPIOs of its two wires: a board that opens others finds nobody. */
  readonly data: number;
  readonly clock: number;
  readonly #parts = new Map<number, I2cPart>();
  /** Somebody holds a wire down, and no transfer comes to an end. */
  stuckLow = false;

  constructor(data: number, clock: number) {
    this.data = data;
    this.clock = clock;
  }

  /** Wires a part to the bus, in the place of the one at this address. */
  attach(address: number, part: I2cPart): void {
    this.#parts.set(address, part);
  }

  /** @param bytes what is written; or how many are read */
  transfer(address: number, bytes: Uint8Array | number, now: number): I2cOutcome {
    if (this.stuckLow) return { bytes: undefined, took: timeout };
    const part = this.#parts.get(address);
    if (part === undefined) return { bytes: undefined, took: 0 };
    if (typeof bytes !== "number") {
      return { bytes: part.write(bytes, now) ? new Uint8Array(0) : undefined, took: 0 };
    }
    const answer = part.read(bytes, now);
    if (answer === undefined) return { bytes: undefined, took: 0 };
    const { stretched = 0 } = answer;
    if (stretched > timeout) return { bytes: undefined, took: timeout };
    return { bytes: answer.bytes, took: stretched };
  }
}
