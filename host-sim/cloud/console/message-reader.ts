/** Reads datagrams as they pass: masked, tied to the device that they are about, and marked where they came before. */
import { Masker } from "../capture/masker";
import type { Peer } from "../events";
import type { MessageRecord } from "./message-record";
import { fieldsOf, lineOf } from "./message-view";

/** Most bytes of a datagram that are kept; EnOS has none that are longer. */
const longestBytes = 1500;
/** What stands for a masked byte: "*". */
const filler = 0x2a;

/** Datagrams remembered, to know one that comes again. */
const mostRemembered = 8192;
/** EXCHANGE_LIFETIME of RFC 7252 section 4.8.2, in which a message id means the same message, ms. */
const exchangeLifetime = 247_000;

/** Hears all datagrams in their order. */
export class MessageReader {
  readonly #masker = new Masker(filler);
  /** By peer, way and message id. */
  readonly #sent = new Map<
    string,
    { readonly digest: number; readonly at: number; readonly again: number }
  >();

  /** Reads one datagram. Never throws for its sake, whatever its bytes. `at`: epoch ms. */
  read(direction: "in" | "out", datagram: Uint8Array, peer: Peer, at: number): MessageRecord {
    const way = direction === "in" ? "up" : "down";
    const { message, bytes, ranges, device, path, purpose } = this.#masker.mask(way, datagram, peer);
    const malformed = "malformed" in message ? message.malformed : undefined;
    const again = "malformed" in message ? 0 : this.#again(way, peer, message.messageId, datagram, at);
    const size = datagram.length;
    const record = { at, way, peer, size, bytes, ranges, device, path, purpose, again, malformed } as const;
    if (bytes.length <= longestBytes) return record;
    const told = { line: lineOf(record), fields: fieldsOf(record) };
    return { ...record, bytes: bytes.slice(0, longestBytes), told };
  }

  #again(way: string, { address, port }: Peer, messageId: number, datagram: Uint8Array, at: number): number {
    const key = `${way} ${address} ${port} ${messageId}`;
    const digest = digestOf(datagram);
    const before = this.#sent.get(key);
    const same = before !== undefined && before.digest === digest && at - before.at < exchangeLifetime;
    const again = same ? before.again + 1 : 0;
    this.#sent.delete(key);
    this.#sent.set(key, { digest, again, at: same ? before.at : at });
    if (this.#sent.size > mostRemembered) this.#sent.delete(this.#sent.keys().next().value!);
    return again;
  }
}

/** FNV-1a of 32 bits: which of a peer's messages with one id is which. */
function digestOf(bytes: Uint8Array): number {
  let digest = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) digest = Math.imul(digest ^ bytes[i], 0x01000193);
  return digest;
}
