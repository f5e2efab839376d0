/**
 * NOR flash in memory, with its rules: an erase sets a whole block to ones, a write can only clear bits,
 * and one that would have to set a bit is a fault of the firmware. When the power fails in the middle,
 * a write has cleared some of its bits, and an erase has set some.
 */
import type { Flash, FlashStatus } from "../../../firmware/journal/flash";
import type { Random } from "../time/random";
import type { PowerDomain } from "./power-domain";

export interface MemoryFlashOptions {
  /** Bytes (default 65536). */
  readonly size?: number;
  /** Default 4096. */
  readonly blockLength?: number;
  /** Default 4. */
  readonly writeAlign?: number;
  readonly power: PowerDomain;
  /** Decides how torn writes look, and which bits flip. */
  readonly random: Random;
}

/** A write that the flash cannot do: a fault in the firmware. */
class FlashMisuse extends Error {
  override readonly name = "FlashMisuse";
}

export class MemoryFlash implements Flash {
  readonly #status: Required<FlashStatus>;
  readonly #bytes: Uint8Array;
  readonly #power: PowerDomain;
  readonly #random: Random;
  /** How often each block was erased. */
  readonly erases: Uint32Array;
  /** Calls and bytes of reading so far. */
  readonly reads = { calls: 0, bytes: 0 };
  /** Bytes written so far. */
  written = 0;

  constructor(options: MemoryFlashOptions) {
    const { size = 65_536, blockLength = 4_096, writeAlign = 4 } = options;
    this.#status = { size, blockLength, blocks: Math.floor(size / blockLength), writeAlign };
    this.#bytes = new Uint8Array(size).fill(0xff);
    this.#power = options.power;
    this.#random = options.random.fork("flash");
    this.erases = new Uint32Array(this.#status.blocks);
  }

  /** The bytes of the flash itself: a change to them changes the flash. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  status(): Required<FlashStatus> {
    return this.#status;
  }

  /** @throws FlashMisuse for a place that does not exist */
  read(buffer: Uint8Array, offset: number): number {
    this.#check("read", offset, buffer.length, 1);
    this.reads.calls += 1;
    this.reads.bytes += buffer.length;
    buffer.set(this.#bytes.subarray(offset, offset + buffer.length));
    return buffer.length;
  }

  /** @throws FlashMisuse for bits that only an erase can set, and for what is not aligned */
  write(buffer: Uint8Array, offset: number): void {
    this.#check("write", offset, buffer.length, this.#status.writeAlign);
    for (let i = 0; i < buffer.length; i++) {
      if ((buffer[i] & ~this.#bytes[offset + i]) !== 0 && buffer[i] !== 0xff) {
        throw new FlashMisuse(`write at ${offset + i} would set bits: erase block first`);
      }
    }
    const how = this.#power.begin();
    if (how === "nothing") return;
    if (how === "torn") {
      this.#tear(buffer, offset);
      return this.#power.cut();
    }
    this.written += buffer.length;
    for (let i = 0; i < buffer.length; i++) this.#bytes[offset + i] &= buffer[i];
  }

  /** @throws FlashMisuse for a block that does not exist */
  eraseBlock(block: number): void {
    const { blockLength, blocks } = this.#status;
    if (!(Number.isInteger(block) && block >= 0 && block < blocks)) {
      throw new FlashMisuse(`there is no block ${block}, blocks are 0 to ${blocks - 1}`);
    }
    const how = this.#power.begin();
    if (how === "nothing") return;
    const at = block * blockLength;
    this.erases[block] += 1;
    if (how === "torn") {
      this.#tearErase(at, blockLength);
      return this.#power.cut();
    }
    this.#bytes.fill(0xff, at, at + blockLength);
  }

  /** Clears `count` bits that are set, anywhere in what was written: charge that has leaked. */
  flipBits(count: number): void {
    for (let tries = 0; count > 0 && tries < 100_000; tries++) {
      const at = this.#random.u32() % this.#bytes.length;
      const bit = 1 << (this.#random.u32() % 8);
      // Erased flash does not flip: look for a place with something in it.
      const near = this.#bytes.subarray(Math.max(0, at - 8), at + 8);
      if ((this.#bytes[at] & bit) === 0 || near.every((byte) => byte === 0xff)) continue;
      this.#bytes[at] &= ~bit;
      count -= 1;
    }
  }

  /** Leaves a write torn: a prefix of it, or any of its bits, as chips do that program a page at once. */
  #tear(buffer: Uint8Array, offset: number): void {
    const inOrder = this.#random.chance(0.5);
    const done = this.#random.u32() % (buffer.length + 1);
    for (let i = 0; i < buffer.length; i++) {
      const mask = this.#random.u32() & 0xff;
      const partly = inOrder ? (i < done ? 0 : i === done ? mask : 0xff) : mask;
      this.#bytes[offset + i] &= buffer[i] | partly;
    }
  }

  #tearErase(at: number, length: number): void {
    const share = this.#random.next();
    for (let i = at; i < at + length; i++) {
      if (this.#random.next() < share) this.#bytes[i] = 0xff;
      else this.#bytes[i] |= this.#random.u32() & this.#random.u32() & 0xff;
    }
  }

  #check(what: string, offset: number, length: number, align: number): void {
    const { size } = this.#status;
    if (!(Number.isInteger(offset) && offset >= 0 && offset + length <= size)) {
      throw new FlashMisuse(`${what} of ${length} bytes at ${offset}: the flash has ${size}`);
    }
    if (offset % align !== 0 || length % align !== 0) {
      throw new FlashMisuse(`${what} of ${length} bytes at ${offset} is not aligned to ${align}`);
    }
  }
}
