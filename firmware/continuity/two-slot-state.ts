/**
 * A small state in key-value storage that outlives the loss of power at any moment: two slots, written
 * in turn, of which the newer undamaged one counts. A write that is cut short can damage its own slot, but not
 * the other.
 *
 *     0        2          6        8
 *     +--------+----------+--------+------- - - -+--------+
 *     | form   | turn u32 | length | state       | CRC-32 |       little-endian
 *     | u16    |          | u16    |             |        |
 *     +--------+----------+--------+------- - - -+--------+
 */
import { crc32 } from "../journal/crc";

/** What is used of a key-value store whose format is "buffer". */
export interface ByteStore {
  read(key: string): ArrayBuffer | undefined;
  /** The value is in storage when this returns. */
  write(key: string, value: Uint8Array): void;
}

/** What a slot has in front of the state, and behind it. */
export const headLength = 8;
export const crcLength = 4;
/** Keys of the two slots, where they are not given. */
const usualKeys: readonly string[] = Object.freeze(["a", "b"]);

/** The two slots. All of it throws what the store throws. */
export class TwoSlotState {
  readonly #store: ByteStore;
  readonly #form: number;
  readonly #keys: readonly string[];
  /** The turn of the newer slot, and which slot comes next. */
  #turn = 0;
  #next = 0;
  #damaged = false;
  #loaded = false;

  /**
   * @param form of the state: one of another form is not loaded
   * @param keys of the two slots, where the store keeps more than one state
   */
  constructor(store: ByteStore, form: number, keys = usualKeys) {
    this.#store = store;
    this.#form = form;
    this.#keys = keys;
  }

  /** Whether `load` found a slot that is not sound: what it gave may then be older than what was saved last. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** The state that was saved last; undefined when there is none, or none that is sound. */
  load(): Uint8Array | undefined {
    let newest: Uint8Array | undefined;
    for (let i = 0; i < this.#keys.length; i++) {
      const stored = this.#store.read(this.#keys[i]);
      if (stored === undefined) continue;
      const bytes = this.sound(new Uint8Array(stored));
      if (bytes === undefined) {
        this.#damaged = true;
        continue;
      }
      const turn = new DataView(bytes.buffer).getUint32(2, true);
      if (newest !== undefined && ((turn - this.#turn) | 0) < 0) continue;
      newest = bytes;
      this.#turn = turn;
      this.#next = 1 - i;
    }
    this.#loaded = true;
    return newest?.subarray(headLength, newest.length - crcLength);
  }

  /**
   * Keeps a state of up to 65,535 bytes. Where `load` was not called before, it is here, as the older slot is written.
   *
   * @throws Error when the store took it and does not have it, too
   */
  save(state: Uint8Array): void {
    const bytes = new Uint8Array(headLength + state.length + crcLength);
    bytes.set(state, headLength);
    this.saveSlot(bytes);
  }

  /**
   * The same for a state that stands where a slot has it already.
   *
   * @param bytes room for the head, the state, room for the CRC; the store may keep them
   * @throws Error when the store took it and does not have it, too
   */
  saveSlot(bytes: Uint8Array): void {
    if (!this.#loaded) this.load();
    const end = bytes.length - crcLength;
    const view = new DataView(bytes.buffer);
    const turn = (this.#turn + 1) >>> 0;
    view.setUint16(0, this.#form, true);
    view.setUint32(2, turn, true);
    view.setUint16(6, end - headLength, true);
    view.setUint32(end, crc32(bytes, 0, end), true);
    const key = this.#keys[this.#next];
    this.#store.write(key, bytes);
    const kept = this.#store.read(key);
    if (kept?.byteLength !== bytes.length) throw new Error("not kept");
    // Turn and CRC tell it from what was there before; a bit that has turned shows when it is loaded.
    const there = new DataView(kept);
    if (there.getUint32(2, true) !== turn || there.getUint32(end, true) !== view.getUint32(end, true)) {
      throw new Error("not kept");
    }
    this.#turn = turn;
    this.#next = 1 - this.#next;
  }

  private sound(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.length < headLength + crcLength) return undefined;
    const view = new DataView(bytes.buffer);
    const end = headLength + view.getUint16(6, true);
    if (view.getUint16(0, true) !== this.#form || end + crcLength !== bytes.length) return undefined;
    return view.getUint32(end, true) === crc32(bytes, 0, end) ? bytes : undefined;
  }
}
