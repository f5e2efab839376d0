/**
 * Feeds a serial port of the ECMA-419 shape: whole commands in, pieces of the size that the transmit
 * FIFO has room for out. The ESP32's is 128 bytes and a write larger than its free part throws, so
 * the rest waits for `onWritable`.
 */

/** What is used of a serial port. */
export interface SerialPort {
  write(bytes: Uint8Array): void;
}

/** Feeds a serial port: takes whole commands, writes pieces that fit the transmit FIFO. */
export class SerialWriter {
  readonly #port: SerialPort;
  #waiting: Uint8Array[] = [];
  #free: number;

  /** @param free bytes that the FIFO has room for at start */
  constructor(port: SerialPort, free: number) {
    this.#port = port;
    this.#free = free;
  }

  /** Sends bytes as soon as there is room. They must not change until then. */
  write(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.pump();
  }

  /** The port has room for `free` bytes. */
  onWritable(free: number): void {
    this.#free = free;
    this.pump();
  }

  private pump(): void {
    while (this.#waiting.length > 0 && this.#free > 0) {
      const bytes = this.#waiting[0];
      const piece = bytes.length <= this.#free ? bytes : bytes.subarray(0, this.#free);
      this.#free -= piece.length;
      if (piece.length === bytes.length) this.#waiting.shift();
      else this.#waiting[0] = bytes.subarray(piece.length);
      this.#port.write(piece);
    }
  }
}
