/**
 * NOR flash in memory, with its rules: an erase sets a whole block to ones, a write can only clear bits,
 * and one that would have to set a bit is a fault of the firmware. When the power fails in the middle,
 * a write has cleared some of its bits, and an erase has set some. `FlashFaults` says which operations fail.
 */
import { FlashRefusal } from "./flash-faults";
import type { Flash, FlashStatus } from "../../../firmware/journal/flash";
import type { Random } from "../time/random";
import type { FlashFaults, FlashOperation, FlashStrike } from "./flash-faults";
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
  /** What fails, and when; nothing does when left out. */
  readonly faults?: FlashFaults;
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
  readonly #faults: FlashFaults | undefined;
  /**
   * Blocks whose bytes are not what the firmware has to believe, since an operation was untrue or bits have turned:
   * a write that would set bits is no fault of the firmware there, and does what a chip does.
   */
  readonly #untrue: Uint8Array;
  /** How often each block was erased. */
  readonly erases: Uint32Array;
  /** Calls and bytes of reading so far. */
  readonly reads = { calls: 0, bytes: 0 };
  /** Bytes written so far. */
  written = 0;
  /** The first fault of the firmware while it had power. It may have caught the exception. */
  misuse: FlashMisuse | undefined;

  constructor(options: MemoryFlashOptions) {
    const { size = 65_536, blockLength = 4_096, writeAlign = 4 } = options;
    this.#status = { size, blockLength, blocks: Math.floor(size / blockLength), writeAlign };
    this.#bytes = new Uint8Array(size).fill(0xff);
    this.#power = options.power;
    this.#random = options.random.fork("flash");
    this.#faults = options.faults;
    this.erases = new Uint32Array(this.#status.blocks);
    this.#untrue = new Uint8Array(this.#status.blocks);
  }

  /** The bytes of the flash itself: a change to them changes the flash. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  status(): Required<FlashStatus> {
    return this.#status;
  }

  /** @throws FlashMisuse for a place that does not exist; FlashRefusal where the hardware fails */
  read(buffer: Uint8Array, offset: number): number {
    this.#check("read", offset, buffer.length, 1);
    this.reads.calls += 1;
    this.reads.bytes += buffer.length;
    const strike = this.#strike("read", offset, buffer.length);
    if (strike === "refused") throw new FlashRefusal("read failed");
    buffer.set(this.#bytes.subarray(offset, offset + buffer.length));
    if (strike === "flipped" && buffer.length > 0) {
      const bit = this.#faults!.random.u32();
      buffer[(bit >>> 3) % buffer.length] ^= 1 << (bit & 7);
    }
    return buffer.length;
  }

  /**
   * @throws FlashMisuse for bits that only an erase can set, and for what is not aligned; FlashRefusal where the
   *   hardware fails
   */
  write(buffer: Uint8Array, offset: number): void {
    this.#check("write", offset, buffer.length, this.#status.writeAlign);
    const believed = this.#untrue[this.#blockOf(offset)] === 0;
    for (let i = 0; believed && i < buffer.length; i++) {
      if ((buffer[i] & ~this.#bytes[offset + i]) !== 0 && buffer[i] !== 0xff) {
        throw this.#blame(`write at ${offset + i} would set bits: erase block first`);
      }
    }
    const how = this.#power.begin();
    if (how === "nothing") return;
    if (how === "torn") {
      this.#tear(buffer, offset);
      return this.#power.cut();
    }
    const strike = this.#strike("write", offset, buffer.length);
    const done = this.#extent(strike);
    if (strike !== undefined) this.#untrue[this.#blockOf(offset)] = 1;
    if (done === "in part") this.#tear(buffer, offset, this.#faults!.random);
    if (done === "wholly") {
      this.written += buffer.length;
      for (let i = 0; i < buffer.length; i++) this.#bytes[offset + i] &= buffer[i];
    }
    if (strike === "refused" || strike === "late") throw new FlashRefusal("write failed");
  }

  /** @throws FlashMisuse for a block that does not exist; FlashRefusal where the hardware fails */
  eraseBlock(block: number): void {
    const { blockLength, blocks } = this.#status;
    if (!(Number.isInteger(block) && block >= 0 && block < blocks)) {
      throw this.#blame(`there is no block ${block}, blocks are 0 to ${blocks - 1}`);
    }
    const how = this.#power.begin();
    if (how === "nothing") return;
    const at = block * blockLength;
    if (how === "torn") {
      this.erases[block] += 1;
      this.#tearErase(at, blockLength);
      return this.#power.cut();
    }
    const strike = this.#strike("erase", at, blockLength);
    const done = this.#extent(strike);
    this.#untrue[block] = done === "wholly" ? 0 : 1;
    // One that is not carried out wears nothing.
    if (done !== "not") this.erases[block] += 1;
    if (done === "in part") this.#tearErase(at, blockLength, this.#faults!.random);
    if (done === "wholly") this.#bytes.fill(0xff, at, at + blockLength);
    if (strike === "refused" || strike === "late") throw new FlashRefusal("erase failed");
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
      this.#untrue[this.#blockOf(at)] = 1;
      count -= 1;
    }
  }

  /** Sets `count` bits that are clear, anywhere: charge that has come from next to it. */
  setBits(count: number): void {
    for (let tries = 0; count > 0 && tries < 100_000; tries++) {
      const at = this.#random.u32() % this.#bytes.length;
      const bit = 1 << (this.#random.u32() % 8);
      if ((this.#bytes[at] & bit) !== 0) continue;
      this.#bytes[at] |= bit;
      this.#untrue[this.#blockOf(at)] = 1;
      count -= 1;
    }
  }

  #blame(text: string): FlashMisuse {
    const misuse = new FlashMisuse(text);
    if (!this.#power.off) this.misuse ??= misuse;
    return misuse;
  }

  #blockOf(offset: number): number {
    return Math.floor(offset / this.#status.blockLength);
  }

  #strike(operation: FlashOperation, offset: number, length: number): FlashStrike | undefined {
    if (this.#faults === undefined) return undefined;
    const last = this.#blockOf(offset + Math.max(1, length) - 1);
    for (let block = this.#blockOf(offset); block <= last; block++) {
      const strike = this.#faults.strike(operation, block, this.erases[block]);
      if (strike !== undefined) return strike;
    }
    return undefined;
  }

  /** How far a write or an erase that met this is carried out. */
  #extent(strike: FlashStrike | undefined): "wholly" | "in part" | "not" {
    if (strike === undefined) return "wholly";
    if (strike === "half") return "in part";
    return strike === "late" ? "wholly" : "not";
  }

  /** Leaves a write torn: a prefix of it, or any of its bits, as chips do that program a page at once. */
  #tear(buffer: Uint8Array, offset: number, random = this.#random): void {
    const inOrder = random.chance(0.5);
    const done = random.u32() % (buffer.length + 1);
    for (let i = 0; i < buffer.length; i++) {
      const mask = random.u32() & 0xff;
      const partly = inOrder ? (i < done ? 0 : i === done ? mask : 0xff) : mask;
      this.#bytes[offset + i] &= buffer[i] | partly;
    }
  }

  #tearErase(at: number, length: number, random = this.#random): void {
    const share = random.next();
    for (let i = at; i < at + length; i++) {
      if (random.next() < share) this.#bytes[i] = 0xff;
      else this.#bytes[i] |= random.u32() & random.u32() & 0xff;
    }
  }

  #check(what: string, offset: number, length: number, align: number): void {
    const { size } = this.#status;
    if (!(Number.isInteger(offset) && offset >= 0 && offset + length <= size)) {
      throw this.#blame(`${what} of ${length} bytes at ${offset}: the flash has ${size}`);
    }
    if (offset % align !== 0 || length % align !== 0) {
      throw this.#blame(`${what} of ${length} bytes at ${offset} is not aligned to ${align}`);
    }
  }
}
