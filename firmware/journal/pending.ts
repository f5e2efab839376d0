/**
 * Entries that wait for the cloud's acknowledgement, oldest first, in RAM.
 *
 * An entry stays until it is released. The store is bounded; when it is full the oldest entry makes
 * room, which is told, never silent.
 */
export class Pending<Entry extends { readonly id: number }> {
  readonly #capacity: number;
  readonly #onDropped: (entry: Entry) => void;
  #entries: Entry[] = [];

  /**
   * @param capacity most entries kept
   * @param onDropped told of each entry lost to a full store
   */
  constructor(capacity: number, onDropped: (entry: Entry) => void) {
    if (!(Number.isInteger(capacity) && capacity > 0)) {
      throw new RangeError(`capacity must be a positive integer, got ${capacity}`);
    }
    this.#capacity = capacity;
    this.#onDropped = onDropped;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** The entry to send next, left in place. */
  get oldest(): Entry | undefined {
    return this.#entries[0];
  }

  /**
   * @param underWay the entry that is being sent: it stays, as it may have arrived already, and the
   *   next oldest makes room
   */
  append(entry: Entry, underWay?: Entry): void {
    if (this.#entries.length >= this.#capacity) {
      const index = this.#entries.length > 1 && this.#entries[0] === underWay ? 1 : 0;
      this.#onDropped(this.#entries.splice(index, 1)[0]);
    }
    this.#entries.push(entry);
  }

  /** Forgets the entry with this id: it is settled. */
  release(id: number): void {
    for (let i = 0; i < this.#entries.length; i++) {
      if (this.#entries[i].id === id) {
        this.#entries.splice(i, 1);
        return;
      }
    }
  }

  /** Lets all others go before the entry with this id. */
  postpone(id: number): void {
    for (let i = 0; i < this.#entries.length; i++) {
      if (this.#entries[i].id === id) {
        this.#entries.push(this.#entries.splice(i, 1)[0]);
        return;
      }
    }
  }
}
