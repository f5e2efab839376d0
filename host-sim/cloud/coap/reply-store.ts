/**
 * Replies already given, so that a retransmitted request is answered again and never carried out twice
 * (RFC 7252 section 4.5). Bounded twice: per peer, so that one peer cannot push out the others' replies,
 * and in all, so that memory stays flat whatever comes.
 */
import type { Peer } from "../events";

/** What was answered to one message id: the reply's bytes, or `undefined` for a request left unanswered. */
export interface StoredReply {
  readonly reply: Uint8Array | undefined;
}

interface Entry extends StoredReply {
  readonly peer: Peer;
  readonly messageId: number;
  /** ms */
  readonly expires: number;
}

/** EXCHANGE_LIFETIME, in which a message id means the same message (RFC 7252 section 4.8.2), ms. */
export const exchangeLifetime = 247_000;

export class ReplyStore {
  readonly #perPeer: number;
  readonly #lifetime: number;
  readonly #total: number;
  readonly #ring: (Entry | undefined)[] = [];
  /** By address, port and message id: a text of the first two would have to be made for each datagram. */
  readonly #peers = new Map<string, Map<number, Map<number, Entry>>>();
  #next = 0;
  /** The oldest one in the ring that has not gone. */
  #oldest = 0;

  /** @param limits most replies kept for one peer and in all; `lifetime` in ms */
  constructor(limits: { perPeer: number; total: number; lifetime?: number }) {
    this.#perPeer = limits.perPeer;
    this.#lifetime = limits.lifetime ?? exchangeLifetime;
    this.#total = limits.total;
  }

  /** How many peers have a reply in the store. */
  get peers(): number {
    let peers = 0;
    for (const ports of this.#peers.values()) peers += ports.size;
    return peers;
  }

  /** What this peer's message id was answered with less than a lifetime ago, if it was seen at all. */
  find({ address, port }: Peer, messageId: number, now: number): StoredReply | undefined {
    const entry = this.#peers.get(address)?.get(port)?.get(messageId);
    return entry === undefined || now >= entry.expires ? undefined : entry;
  }

  /**
   * Keeps a reply; drops the peer's oldest, and the oldest of all, when there is no room. What has outlived its message id
   * goes, too: most of a full store would be that.
   */
  add(peer: Peer, messageId: number, reply: Uint8Array | undefined, now: number): void {
    const entry: Entry = { peer, messageId, reply, expires: now + this.#lifetime };
    for (;;) {
      const oldest = this.#ring[this.#oldest];
      if (oldest === undefined || (this.#oldest !== this.#next && now < oldest.expires)) break;
      this.#forget(oldest);
      this.#ring[this.#oldest] = undefined;
      this.#oldest = (this.#oldest + 1) % this.#total;
    }
    this.#ring[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#total;

    let ports = this.#peers.get(peer.address);
    if (ports === undefined) this.#peers.set(peer.address, (ports = new Map()));
    let own = ports.get(peer.port);
    if (own === undefined) ports.set(peer.port, (own = new Map()));
    // Deleted first, so that a message id used again moves to the end of the map's order.
    own.delete(messageId);
    own.set(messageId, entry);
    if (own.size > this.#perPeer) own.delete(own.keys().next().value!);
  }

  /** Takes an entry out of its peer's map, unless a younger one has taken its place there. */
  #forget(entry: Entry): void {
    const { address, port } = entry.peer;
    const ports = this.#peers.get(address);
    const own = ports?.get(port);
    if (ports === undefined || own === undefined) return;
    if (own.get(entry.messageId) === entry) own.delete(entry.messageId);
    if (own.size > 0) return;
    ports.delete(port);
    if (ports.size === 0) this.#peers.delete(address);
  }
}

/** A peer in a text that tells transfers apart. */
export function peerKey(peer: Peer): string {
  return `${peer.address}|${peer.port}`;
}
