/**
 * What happens between devices and cloud, for pages that look on: the last messages and events are kept,
 * and each that comes goes to all who listen.
 *
 * Nothing secret is in it. Of a message's bytes those of a signature (option 2101), and of an answer that
 * gives a session its token, are blanked; its line is `describeCoap`'s, which shows neither.
 */
import { describeCoap } from "../cloud/coap-text";
import { decodeCoap } from "../cloud/coap-wire";
import type { CoapMessage, MalformedCoap } from "../cloud/coap-wire";
import type { CloudEvent, Peer } from "../cloud/events";
import type { FeedEntry } from "./entries";

const kept = 500;
/** Bytes of a datagram that are shown. */
const longest = 1_280;
/** Requests whose answers are recognised. */
const rememberedRequests = 256;
const uriPath = 11;
const signature = 2101;

interface Request {
  readonly device: string | undefined;
  readonly authentication: boolean;
}

/** See the head of this file. */
export class Feed {
  readonly #now: () => number;
  readonly #entries: FeedEntry[] = [];
  readonly #listeners = new Set<(entry: FeedEntry) => void>();
  readonly #requests = new Map<string, Request>();
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

  datagram(direction: "in" | "out", datagram: Uint8Array, { address, port }: Peer): void {
    const message = decodeCoap(datagram);
    const peer = `${address}:${port}`;
    const { device, authentication } = this.#requestOf(direction, message, peer);
    const text = "malformed" in message ? `malformed: ${message.malformed}` : describeCoap(message);
    const bytes = shownBytes(datagram, message, authentication);
    const entry = {
      kind: "message",
      number: ++this.#count,
      at: this.#now(),
      direction,
      peer,
      text,
      bytes,
    } as const;
    this.#add(device === undefined ? entry : { ...entry, device });
  }

  /** What a request is for, and whose; for an answer what it answers, by its message id. */
  #requestOf(direction: "in" | "out", message: CoapMessage | MalformedCoap, peer: string): Request {
    if ("malformed" in message) return { device: undefined, authentication: true };
    const key = `${peer} ${message.messageId}`;
    if (direction === "out") return this.#requests.get(key) ?? { device: undefined, authentication: true };
    const path = message.options
      .filter(({ number }) => number === uriPath)
      .map(({ value }) => Buffer.from(value).toString("utf8"));
    const at = path[0] === "auth" ? 1 : path[0] === "topic" ? 2 : path.length;
    const named =
      path.length >= at + 2 && path.slice(at, at + 2).every((each) => /^[\w.:@-]{1,64}$/.test(each));
    const request = {
      device: named ? `${path[at]}/${path[at + 1]}` : undefined,
      authentication: path[0] === "auth",
    };
    if (this.#requests.size >= rememberedRequests) {
      this.#requests.delete(this.#requests.keys().next().value!);
    }
    this.#requests.set(key, request);
    return request;
  }

  #add(entry: FeedEntry): void {
    if (this.#entries.length >= kept) this.#entries.shift();
    this.#entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }
}

function shownBytes(
  datagram: Uint8Array,
  message: CoapMessage | MalformedCoap,
  authentication: boolean,
): string {
  const hidden: Uint8Array[] = [];
  // Of what cannot be read nobody knows what is secret in it.
  if ("malformed" in message) hidden.push(datagram.subarray(4));
  else {
    hidden.push(...message.options.filter(({ number }) => number === signature).map(({ value }) => value));
    if (authentication) hidden.push(message.payload);
  }
  const length = Math.min(longest, datagram.length);
  const hex: string[] = [];
  for (let i = 0; i < length; i++) hex.push(datagram[i].toString(16).padStart(2, "0"));
  for (const view of hidden) {
    const from = view.byteOffset - datagram.byteOffset;
    for (let i = from; i < Math.min(length, from + view.length); i++) hex[i] = "··";
  }
  return hex.join(" ");
}
