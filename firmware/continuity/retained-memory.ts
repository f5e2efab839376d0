/**
 * Memory of the board that outlives deep sleep, a panic, the watchdog's bite and a restart, but no loss of power:
 * after that its bytes are random. This is the one table of who uses it.
 *
 * Each part has a place of its own, and is written and read by itself, so that damage costs that part alone:
 *
 *     0         2            4                 4 + length    8 + length
 *     +---------+------------+-----------------+-------------+
 *     | form u16| length u16 | body            | CRC-32      |       little-endian
 *     +---------+------------+-----------------+-------------+
 *
 * The device can do without each of them: a part that is missing or damaged reads as absent.
 */

/** The bytes of that memory, as the board gives them. Offsets and lengths stay within `retainedLength`. */
export interface RetainedStore {
  /** A copy of `length` bytes from `offset` on. */
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  /** CRC-32 of `length` bytes from `offset` on: native, because it goes over kilobytes at each wake. */
  crc32(offset: number, length: number): number;
}

/** A place in that memory. */
export interface RetainedPart {
  /** Where it starts, and how long it is with its head and CRC, bytes. */
  readonly offset: number;
  readonly length: number;
  /** Version of the body's layout: another one is not read. A new layout takes a number that no part has had. */
  readonly form: number;
  /**
   * It is true of the moment at which the board fell asleep, so it counts at a start from deep sleep alone:
   * at any other, such as one after a panic hours later, it is stale, and cleared.
   */
  readonly ofSleep: boolean;
}

/** Bytes of that memory, 6 KiB: the ESP32 has 8 KiB, of which the SDK takes some. */
export const retainedLength = 6144;

/** Bytes of a part that its body cannot have. */
export const partOverhead = 8;

/** All parts. `test/firmware/continuity/retained-memory.test.ts` checks that they fit. */
export const retainedParts = Object.freeze({
  /** What the device knows over deep sleep: see deep-sleep-record.ts. */
  deepSleep: Object.freeze({ offset: 0, length: 512, form: 0xd05f, ofSleep: true }),
  /** Where the journal stands, so that it is not read whole at each wake: 256 blocks of 11 bytes, and a head. */
  journal: Object.freeze({ offset: 512, length: 2944, form: 0x3017, ofSleep: true }),
  /** Marks of commands that were executed, 52 of 12 bytes and where the next goes: see command-memory.ts. */
  commands: Object.freeze({ offset: 3456, length: 640, form: 0xc0a1, ofSleep: false }),
  /** What strangers have made the radio do today. */
  radio: Object.freeze({ offset: 4096, length: 40, form: 0x2ad1, ofSleep: false }),
  /** Starts that failed and panics in a row, and the reason of the last. */
  starts: Object.freeze({ offset: 4136, length: 80, form: 0x57a1, ofSleep: false }),
  /** Which measure points fail, and how often in a row: see device/failure-count.ts. */
  failures: Object.freeze({ offset: 4216, length: 72, form: 0xfa17, ofSleep: true }),
  /** Salt of sealed payloads and their counters: see seal/nonces.ts. */
  seal: Object.freeze({ offset: 4288, length: 24, form: 0x5ea1, ofSleep: true }),
  /** When the last sealed command was sealed: see seal/command-time.ts. */
  commandTime: Object.freeze({ offset: 4312, length: 16, form: 0xc71e, ofSleep: false }),
  /** The last lines of the log: see log-ring.ts. */
  log: Object.freeze({ offset: 4328, length: 1400, form: 0x1063, ofSleep: false }),
  /** What a product that reports its health has counted: see health/counters.ts. */
  health: Object.freeze({ offset: 5728, length: 320, form: 0x4ea1, ofSleep: false }),
  /** How far an update of the firmware is, for a product that has them. */
  update: Object.freeze({ offset: 6048, length: 96, form: 0x0bda, ofSleep: false }),
} satisfies Record<string, RetainedPart>);

/** The parts by their table: `retained.read(retainedParts.radio)`. */
export class RetainedMemory {
  /** The bytes themselves, for a part that is written in pieces; undefined where the board has none. */
  readonly store: RetainedStore | undefined;

  /**
   * @param store undefined for a board without such memory, on which all parts are absent
   * @param startReason why the board started, as it knows it
   */
  constructor(store: RetainedStore | undefined, startReason: string) {
    this.store = store;
    const parts: readonly RetainedPart[] = Object.values(retainedParts);
    for (let i = 0; i < parts.length; i++) {
      // Random bytes pass for a part once in 2^48 times, and a reset line may leave some as they were.
      if (startReason === "power-on" || (parts[i].ofSleep && startReason !== "deep-sleep"))
        this.forget(parts[i]);
    }
  }

  /** The body that was written last; undefined when there is none, or its bytes have changed since. */
  read({ offset, length, form }: RetainedPart): Uint8Array | undefined {
    const { store } = this;
    if (store === undefined) return undefined;
    const head = store.read(offset, 4);
    const body = head[2] | (head[3] << 8);
    if ((head[0] | (head[1] << 8)) !== form || body > length - partOverhead) return undefined;
    const crc = new DataView(store.read(offset + 4 + body, 4).buffer).getUint32(0, true);
    return store.crc32(offset, 4 + body) === crc ? store.read(offset + 4, body) : undefined;
  }

  /** As `read`, and no later start finds it. */
  take(part: RetainedPart): Uint8Array | undefined {
    const body = this.read(part);
    this.forget(part);
    return body;
  }

  /** Keeps a body; false when it is too long or there is no such memory, and then nothing is kept. */
  write(part: RetainedPart, body: Uint8Array): boolean {
    const { store } = this;
    const { offset, length, form } = part;
    if (store === undefined) return false;
    if (body.length > length - partOverhead) {
      this.forget(part);
      return false;
    }
    const end = 4 + body.length;
    // The body is not copied together with its head: XS counts each byte.
    const word = new Uint8Array(4);
    const view = new DataView(word.buffer);
    view.setUint16(0, form, true);
    view.setUint16(2, body.length, true);
    store.write(offset, word);
    store.write(offset + 4, body);
    view.setUint32(0, store.crc32(offset, end), true);
    store.write(offset + end, word);
    return true;
  }

  /** From now on the part is absent. */
  forget({ offset }: RetainedPart): void {
    this.store?.write(offset, new Uint8Array(4));
  }
}
