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

  /** What waits, oldest first. Not to be changed. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /**
   * @param underWay entries that are being sent: they stay, as they may have arrived already, and the
   *   next oldest makes room, or the new one goes when there is no other
   */
  append(entry: Entry, underWay: readonly Entry[] = []): void {
    if (this.#entries.length >= this.#capacity) {
      let index = 0;
      while (index < this.#entries.length && underWay.indexOf(this.#entries[index]) >= 0) index += 1;
      if (index === this.#entries.length) return this.#onDropped(entry);
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
