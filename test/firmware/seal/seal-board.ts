/**
 * A board that seals, whose power fails at any access to its memories, and whose retained memory may be failing. What
 * it seals with is recorded, so that a test can see whether a nonce comes twice.
 */
import { RetainedMemory, retainedLength } from "../../../firmware/continuity/retained-memory";
import { crc32 } from "../../../firmware/journal/crc";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { Random } from "../../../host-sim/sim/time/random";
import type { RetainedStore } from "../../../firmware/continuity/retained-memory";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { NewSealing, Sealing } from "../../../firmware/delivery/sealing";
import type { Cryptography } from "../../../firmware/enos/sign";

const deviceKey = "bd".repeat(32);

/** The salt of an envelope of this device. */
export const saltOf = (envelope: Uint8Array): string => Buffer.from(envelope.subarray(4, 12)).toString("hex");

/** Thrown where the power fails. */
export class PowerCut extends Error {}

/** Which pairs of key and first counter block were used, and the texts of those that came twice. */
export class NonceRecord {
  readonly #texts = new Map<string, string>();
  readonly repeated: string[] = [];

  get size(): number {
    return this.#texts.size;
  }

  /** Cryptography whose uses are recorded while `isSealing` says so. */
  watching(isSealing: () => boolean): Cryptography {
    return {
      ...nodeCryptography,
      aes128Ctr: (key, counter, data) => {
        const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
        if (isSealing()) {
          const pair = `${hex(key)} ${hex(counter)}`;
          if (this.#texts.has(pair)) this.repeated.push(`${pair}: ${this.#texts.get(pair)} and ${hex(data)}`);
          this.#texts.set(pair, hex(data));
        }
        return nodeCryptography.aes128Ctr(key, counter, data);
      },
    };
  }
}

/** How a start of the board ends before it comes to its end, and what its memory does. */
export interface Trouble {
  /** At which access to a memory the power fails, counted from 0. */
  readonly cutAt?: number;
  /** Bytes of a write that are there all the same. */
  readonly torn?: number;
  /** From which write of retained memory on, and how many, it does as if. */
  readonly ignoresFrom?: number;
  readonly ignores?: number;
  /** Which body that is read from retained memory comes out with a wrong bit, counted from 0. */
  readonly misreads?: number;
}

export class SealBoard {
  ram: Uint8Array = new Uint8Array(retainedLength);
  readonly flash: Map<string, Uint8Array>;
  readonly record: NonceRecord;
  readonly random: () => number;
  /** A bit of retained memory that sticks: where, its mask, and what it always is. */
  stuck: { readonly at: number; readonly mask: number; readonly set: boolean } | undefined;
  /** Accesses to both memories since the start, and writes to the retained one. */
  accesses = 0;
  #writes = 0;
  #bodies = 0;
  #trouble: Trouble = {};
  #isOff = false;
  #isSealing = false;

  constructor(name: string, record: NonceRecord, flash = new Map<string, Uint8Array>()) {
    const random = new Random(name);
    this.random = () => random.next();
    this.record = record;
    this.flash = flash;
  }

  /** Its flash and its memory in another board, which has chance of its own. */
  clone(name: string): SealBoard {
    const other = new SealBoard(name, this.record, new Map(this.flash));
    other.ram = this.ram.slice();
    return other;
  }

  /** The power has failed in this start: what the firmware has done since is none of the board's. */
  get isOff(): boolean {
    return this.#isOff;
  }

  start(reason: string, newSealing: NewSealing, trouble: Trouble = {}): Sealing {
    this.accesses = 0;
    this.#writes = 0;
    this.#bodies = 0;
    this.#trouble = trouble;
    this.#isOff = false;
    this.stick();
    const sealing = newSealing({
      crypto: this.record.watching(() => this.#isSealing && !this.#isOff),
      random: this.random,
      keyText: deviceKey,
      credentials: { productKey: "pk", deviceKey: "dk" },
      retained: this.memory(reason),
      store: this.store,
      startReason: reason,
      log: () => {},
    });
    return sealing!;
  }

  /** The retained memory as a start for this reason finds it. */
  memory(reason: string): RetainedMemory {
    return new RetainedMemory(this.retained, reason);
  }

  /** What comes out of sealing, for the record. */
  seal(work: () => Uint8Array): Uint8Array {
    this.#isSealing = true;
    try {
      return work();
    } finally {
      this.#isSealing = false;
    }
  }

  readonly retained: RetainedStore = {
    read: (offset, length) => {
      this.access(() => {});
      const bytes = this.ram.slice(offset, offset + length);
      if (length > 4 && this.#bodies++ === this.#trouble.misreads) bytes[3] ^= 1;
      return bytes;
    },
    write: (offset, bytes) => {
      const { ignoresFrom = Infinity, ignores = 0 } = this.#trouble;
      const write = this.#writes++;
      this.access((torn) => {
        if (write < ignoresFrom || write >= ignoresFrom + ignores)
          this.ram.set(bytes.subarray(0, torn), offset);
      });
      this.stick();
    },
    crc32: (offset, length) => {
      this.access(() => {});
      return crc32(this.ram, offset, offset + length);
    },
  };

  readonly store: ByteStore = {
    read: (key) => {
      this.access(() => {});
      return this.flash.get(key)?.slice().buffer as ArrayBuffer | undefined;
    },
    write: (key, value) => {
      // A value is there, or the one before; or, where the flash itself was torn, neither.
      this.access((torn) => {
        if (torn > 0) this.flash.set(key, value.slice(0, torn));
      });
    },
  };

  private access(work: (torn: number) => void): void {
    if (this.#isOff) throw new PowerCut();
    if (this.accesses++ === (this.#trouble.cutAt ?? Infinity)) {
      this.#isOff = true;
      work(this.#trouble.torn ?? 0);
      throw new PowerCut();
    }
    work(Infinity);
  }

  private stick(): void {
    if (this.stuck === undefined) return;
    const { at, mask, set } = this.stuck;
    this.ram[at] = set ? this.ram[at] | mask : this.ram[at] & ~mask;
  }
}
