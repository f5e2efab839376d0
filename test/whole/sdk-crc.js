/**
 * The SDK's module `crc`, as far as its SHT3x class uses it: there it is C. A checksum goes on from the one before
 * until `reset`.
 */
export default class CRC8 {
  #polynomial;
  #initial;
  #value;

  constructor(polynomial, initial = 0) {
    this.#polynomial = polynomial;
    this.#initial = initial;
    this.#value = initial;
  }

  reset() {
    this.#value = this.#initial;
    return this;
  }

  checksum(bytes) {
    for (const byte of bytes) {
      this.#value ^= byte;
      for (let bit = 0; bit < 8; bit++) {
        this.#value = (this.#value & 0x80 ? (this.#value << 1) ^ this.#polynomial : this.#value << 1) & 0xff;
      }
    }
    return this.#value;
  }
}
