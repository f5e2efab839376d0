/**
 * What pages that look on are told. Nothing secret is in it, see message-view.ts.
 */
import { MessageReader } from "./message-view";
import type { CloudEvent, Peer } from "../events";
import type { FeedEntry } from "./entries";

const kept = 500;

/**
 * What happens between devices and cloud: keeps the last messages and events, and gives each that comes to
 * all who listen.
 */
export class Feed {
  readonly #now: () => number;
  readonly #entries: FeedEntry[] = [];
  readonly #listeners = new Set<(entry: FeedEntry) => void>();
  readonly #reader = new MessageReader();
  #count = 0;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is kept behind `after`, oldest first. */
  since(after: number): readonly FeedEntry[] {
    return this.#entries.filter(({ number }) => number > after);
  }

  /** Hears of all that comes. The answer ends that. */
  listen(listener: (entry: FeedEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  event(event: CloudEvent): void {
    this.#add({ kind: "event", number: ++this.#count, at: this.#now(), event });
  }

  datagram(direction: "in" | "out", datagram: Uint8Array, peer: Peer): void {
    const message = this.#reader.read(direction, datagram, peer, this.#now());
    this.#add({ kind: "message", number: ++this.#count, ...message });
  }

  #add(entry: FeedEntry): void {
    if (this.#entries.length >= kept) this.#entries.shift();
    this.#entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }
}
