/**
 * The records that wait, as long as they are few: mostly none or one batch. They are then found without a
 * walk over the journal.
 */

/** So many at most. */
export const mostFew = 8;

/** Addresses and ids of all records that wait; unknown once they are more than a few. */
export class FewRecords {
  /** Whether the lists are complete. */
  known = true;
  readonly #addresses: number[] = [];
  readonly #ids: number[] = [];

  /** How many are known. */
  get count(): number {
    return this.#ids.length;
  }

  /** Address of the `index`-th by age. */
  addressOf(index: number): number {
    return this.#addresses[index] ?? 0;
  }

  /** Its id. */
  idOf(index: number): number {
    return this.#ids[index] ?? 0;
  }

  add(address: number, id: number): void {
    if (!this.known) return;
    if (this.#ids.length === mostFew) return this.forget();
    // By ascending id, which counts up and wraps: the difference tells which is older.
    let place = this.#ids.length;
    while (place > 0 && ((id - this.idOf(place - 1)) | 0) < 0) place -= 1;
    this.#addresses.splice(place, 0, address);
    this.#ids.splice(place, 0, id);
  }

  remove(address: number): void {
    const index = this.#addresses.indexOf(address);
    if (index < 0) return;
    this.#addresses.splice(index, 1);
    this.#ids.splice(index, 1);
  }

  /** From now on they are not known. */
  forget(): void {
    this.known = false;
    this.#addresses.length = 0;
    this.#ids.length = 0;
  }
}
