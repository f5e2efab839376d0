/**
 * Recognises duplicates (RFC 7252 section 4.5): a message with the same id from the same peer within its
 * lifetime gets the reply that the first copy got, or none while a handler is still at work on that.
 *
 * The store is bounded. When it is full the oldest entry that has been answered makes room; one that
 * is still worked on does not, because its duplicate would be executed a second time.
 */

/** One message that was taken in. */
export interface Received {
  readonly address: string;
  readonly port: number;
  readonly messageId: number;
  /** Until when a duplicate may arrive, ms. */
  readonly until: number;
  /** What a duplicate is answered with; undefined: silence. */
  reply: Uint8Array | undefined;
  /** A handler is at work on it. */
  working: boolean;
}

/** The messages of the last EXCHANGE_LIFETIME, as far as there is room. */
export class Deduplication {
  readonly #limit: number;
  /** Oldest first. */
  #entries: Received[] = [];

  /** @param limit entries to hold, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** The entry of this message, if it came before. */
  find(messageId: number, address: string, port: number, now: number): Received | undefined {
    const entries = this.#entries;
    // Newest first: a duplicate mostly follows its original at once.
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i];
      if (entry?.messageId === messageId && entry.port === port && entry.address === address) {
        return entry.until > now ? entry : undefined;
      }
    }
    return undefined;
  }

  /** Remembers a message; undefined when all that is held is still being worked on. */
  add(messageId: number, address: string, port: number, until: number, now: number): Received | undefined {
    const entries = this.#entries;
    if (entries.length >= this.#limit) {
      let index = 0;
      let oldest = entries[index];
      while (oldest?.working === true && oldest.until > now) oldest = entries[++index];
      if (oldest === undefined) return undefined;
      entries.splice(index, 1);
    }
    const entry = { address, port, messageId, until, reply: undefined, working: true };
    entries.push(entry);
    return entry;
  }

  /** Forgets messages whose duplicates can no longer arrive. */
  purge(now: number): void {
    const entries = this.#entries;
    let kept = 0;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry !== undefined && entry.until > now) entries[kept++] = entry;
    }
    if (kept < entries.length) entries.length = kept;
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries = [];
  }
}
