/**
 * What fails together when the board loses its power: its flash and its key-value storage. Every write
 * and every erase counts as one operation, and the power can be made to fail in the middle of any.
 */

/** Counts operations, and cuts one of them short. */
export class PowerDomain {
  /** Writes and erases begun so far. */
  operations = 0;
  /** The power fails in the operation with this number, counted from 1. */
  cutAt: number | undefined;
  /** Called when it has failed, once. */
  onCut: () => void = () => {};
  #off = false;

  /** The power is off: nothing is written any more. */
  get off(): boolean {
    return this.#off;
  }

  /** Begins an operation: it is done, it is cut short, or it does not happen at all. */
  begin(): "done" | "torn" | "nothing" {
    if (this.#off) return "nothing";
    this.operations += 1;
    if (this.operations !== this.cutAt) return "done";
    return "torn";
  }

  /** Takes the power away; to be called once the torn operation has changed what it does change. */
  cut(): void {
    this.#off = true;
    this.cutAt = undefined;
    this.onCut();
  }

  /** The power is back. */
  restore(): void {
    this.#off = false;
  }
}
