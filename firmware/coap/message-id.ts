/**
 * Message ids (RFC 7252 section 4.4): counted up from a random start, and none used again before
 * every copy of its last message has died.
 *
 *      0                       4096                      8192       ...       65535
 *      +------------------------+------------------------+---- . . . ------------+
 *      | last used at 12.4 s    | last used at 80.1 s    | never                 |   16 segments
 *      +------------------------+------------------------+---- . . . ------------+
 *
 * A time for each id would take half a megabyte; one for each segment of 4096 is enough, and errs on
 * the late side. A device never notices. A sender of more than some 240 messages a second does: its
 * next message waits until the segment is free.
 */

const segmentBits = 12;
const segments = 1 << (16 - segmentBits);

/** Gives out message ids. */
export class MessageIds {
  readonly #lifetime: number;
  /** When an id of each segment was last given out, ms. */
  readonly #usedAt: number[] = [];
  #next: number;

  /**
   * @param first 0 to 65535; random, or where a device left off before it slept
   * @param lifetime EXCHANGE_LIFETIME, ms
   */
  constructor(first: number, lifetime: number) {
    this.#next = first & 0xffff;
    this.#lifetime = lifetime;
    for (let i = 0; i < segments; i++) this.#usedAt.push(-Infinity);
  }

  /** The id that comes next, to be kept over deep sleep. */
  get next(): number {
    return this.#next;
  }

  /** When the next id may be used, ms; in the past when it may be now. */
  get freeAt(): number {
    // In the middle of a segment its age is that of the id just given out: only its start is a border.
    if ((this.#next & ((1 << segmentBits) - 1)) !== 0) return -Infinity;
    return (this.#usedAt[this.#next >> segmentBits] ?? -Infinity) + this.#lifetime;
  }

  /** The next id, or undefined before `freeAt`. */
  take(now: number): number | undefined {
    if (this.freeAt > now) return undefined;
    const id = this.#next;
    this.#next = (id + 1) & 0xffff;
    this.#usedAt[id >> segmentBits] = now;
    return id;
  }
}
