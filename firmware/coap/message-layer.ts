/**
 * The message layer's sending half (RFC 7252 sections 4.2, 4.3 and 4.7): confirmable messages are
 * repeated until they are acknowledged or time is up, at most NSTART interactions are open with one
 * peer, and the rest wait in a bounded queue.
 *
 *                  room, and an id free            empty ACK                  response
 *    submit -> queued -----------------> under way ---------> acknowledged -----------> done
 *                 |                          | RST, response,       | time is up          ^
 *                 |                          | time is up           |                     |
 *                 +-- take ------------------+----------------------+---------------------+
 *
 * What is in a message and what an answer to it means is its owner's business: a client's request
 * (client.ts) or a server's separate response (server.ts).
 */
import { MessageIds } from "./message-id";
import { exchangeLifetime, maxTransmitWait } from "./transmission";
import type { RetransmissionTimer, TimeoutSeries } from "./rto";
import type { Transmission } from "./transmission";

/** One message from the queue to its end. */
export abstract class Outgoing {
  readonly address: string;
  readonly port: number;
  readonly confirmable: boolean;
  /** A response is awaited, so an empty ACK ends retransmission but not the interaction. */
  readonly expectsResponse: boolean;
  state: "new" | "queued" | "under way" | "done" = "new";
  acknowledged = false;
  messageId = 0;
  datagram: Uint8Array | undefined;
  retransmissions = 0;
  /** First transmission, ms. */
  sentAt = 0;
  /** When to act next, ms. */
  due = 0;
  /** When to give up whatever happens, ms. */
  expires = 0;
  series: TimeoutSeries | undefined;

  constructor(address: string, port: number, confirmable: boolean, expectsResponse: boolean) {
    this.address = address;
    this.port = port;
    this.confirmable = confirmable;
    this.expectsResponse = expectsResponse;
  }

  /** The datagram with this id, once it is about to leave; undefined when there can be none. */
  abstract compose(messageId: number): Uint8Array | undefined;
  /** It has left the message layer, for whatever reason. */
  taken(): void {}
  /** It has left the message layer because `compose` gave nothing. */
  abstract unsendable(now: number): void;
  /** It has left the message layer because the acknowledgement, or the response after it, never came. */
  abstract expired(now: number): void;
}

export interface OutboxOptions {
  readonly transmit: (datagram: Uint8Array, address: string, port: number) => void;
  readonly random: () => number;
  readonly transmission: Transmission;
  readonly timer: RetransmissionTimer;
  /** 0 to 65535. */
  readonly firstMessageId: number;
  /** Requests under way or queued at once, over all peers. */
  readonly maxRequests: number;
  /** Separate responses under way or queued at once. */
  readonly maxResponses: number;
}

/** All messages on their way out of one endpoint. */
export class MessageLayer {
  readonly #options: OutboxOptions;
  readonly #wait: number;
  readonly #ids: MessageIds;
  #active: Outgoing[] = [];
  #queue: Outgoing[] = [];

  /** Datagrams that went out a second time or more. */
  retransmissions = 0;
  /** Requests that were given up without an answer. */
  unanswered = 0;
  /** Cleared for good. */
  closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#wait = maxTransmitWait(options.transmission);
    this.#ids = new MessageIds(options.firstMessageId, exchangeLifetime(options.transmission));
  }

  /** Messages under way or waiting. */
  get length(): number {
    return this.#active.length + this.#queue.length;
  }

  /** The message id that comes next. */
  get nextMessageId(): number {
    return this.#ids.next;
  }

  /** When `poll` wants to be called, ms; Infinity when nothing is under way. */
  get deadline(): number {
    let deadline = Infinity;
    const active = this.#active;
    for (let i = 0; i < active.length; i++) {
      const message = active[i];
      if (message !== undefined && message.due < deadline) deadline = message.due;
    }
    // Whoever waits for room waits for one of those above. Ids come back by themselves.
    if (this.#queue.length > 0 && this.#ids.freeAt < deadline && this.nextInQueue() >= 0) {
      deadline = this.#ids.freeAt;
    }
    return deadline;
  }

  /**
   * Sends a message, or queues it behind those before it. False, and nothing done, when there are too
   * many requests or responses already.
   */
  submit(message: Outgoing, now: number): boolean {
    // All requests count, not only those in the queue: those that are acknowledged and wait for their
    // response make room for others, and there would be no end to them.
    if (message.expectsResponse) {
      // A peer that nothing waits for has room of its own; over all peers there is a bound as well.
      if (this.count(true) >= this.#options.maxRequests) return false;
      const { nstart, queueLimit } = this.#options.transmission;
      const room = nstart - this.open(message.address, message.port);
      if (this.waiting() >= queueLimit + room) return false;
    } else if (this.count(false) >= this.#options.maxResponses) return false;
    // Through the queue even when there is room: a completion that asks for more must not push ahead
    // of those who wait already.
    message.state = "queued";
    this.#queue.push(message);
    this.advance(now);
    return true;
  }

  /** An id for a message that is sent once and forgotten; undefined when none is free. */
  takeMessageId(now: number): number | undefined {
    return this.#ids.take(now);
  }

  /** The message under way to this peer with this id (RFC 7252 section 4.4). */
  find(messageId: number, address: string, port: number): Outgoing | undefined {
    const active = this.#active;
    for (let i = 0; i < active.length; i++) {
      const message = active[i];
      if (message?.messageId === messageId && message.port === port && message.address === address) {
        return message;
      }
    }
    return undefined;
  }

  /** Messages under way, for the owners' own searches. Not to be changed. */
  get inFlight(): readonly Outgoing[] {
    return this.#active;
  }

  /** An ACK came, empty or with the response: the round trip is known, and nothing is sent again. */
  acknowledge(message: Outgoing, now: number): void {
    if (message.state !== "under way" || message.acknowledged) return;
    message.acknowledged = true;
    message.due = message.expires;
    if (message.confirmable && message.expectsResponse)
      this.#options.timer.acknowledged(now - message.sentAt, message.retransmissions);
  }

  /**
   * Takes a message out, wherever it is. Its place goes to the next in the queue with `advance`, to be
   * called when its owner has been told, so that outcomes come in the order of their causes.
   */
  take(message: Outgoing): void {
    const list = message.state === "queued" ? this.#queue : this.#active;
    const index = list.indexOf(message);
    if (index >= 0) list.splice(index, 1);
    message.state = "done";
    message.datagram = undefined;
    message.taken();
  }

  /** Sends what waits, as far as there is room for it. */
  advance(now: number): void {
    while (this.#queue.length > 0) {
      const index = this.nextInQueue();
      if (index < 0) return;
      const messageId = this.#ids.take(now);
      if (messageId === undefined) return;
      const message = this.#queue.splice(index, 1)[0];
      if (message !== undefined) this.start(message, messageId, now);
    }
  }

  /** Retransmits and gives up what is due. */
  poll(now: number): void {
    if (this.#active.length === 0 && this.#queue.length === 0) return;
    // An owner may start or end others, so the list changes under the loop: look again from the front
    // until nothing is due.
    for (let i = 0; ;) {
      const message = this.#active[i];
      if (message === undefined) break;
      if (message.due > now) {
        i += 1;
        continue;
      }
      i = 0;
      if (this.isOver(message, now)) {
        if (message.confirmable && message.expectsResponse && !message.acknowledged) {
          this.unanswered += 1;
          this.#options.timer.gaveUp(now - message.sentAt);
        }
        this.take(message);
        message.expired(now);
        this.advance(now);
      } else {
        this.retransmit(message, now);
      }
    }
    this.advance(now);
  }

  /** Takes everything out and returns it. */
  clear(): Outgoing[] {
    this.closed = true;
    const all = this.#active.concat(this.#queue);
    this.#active = [];
    this.#queue = [];
    all.forEach((message) => (message.state = "done"));
    return all;
  }

  /** Requests, or responses, under way or queued. */
  private count(requests: boolean): number {
    let count = 0;
    const active = this.#active;
    const queue = this.#queue;
    for (let i = 0; i < active.length; i++) if (active[i]?.expectsResponse === requests) count += 1;
    for (let i = 0; i < queue.length; i++) if (queue[i]?.expectsResponse === requests) count += 1;
    return count;
  }

  /** Requests that wait for their turn, or acknowledged for their response. */
  private waiting(): number {
    let count = 0;
    for (let i = 0; i < this.#active.length; i++) {
      const message = this.#active[i];
      if (message?.expectsResponse === true && message.acknowledged) count += 1;
    }
    for (let i = 0; i < this.#queue.length; i++) if (this.#queue[i]?.expectsResponse === true) count += 1;
    return count;
  }

  /** Index of the first message in the queue whose peer has less than NSTART open, or -1. */
  private nextInQueue(): number {
    const queue = this.#queue;
    for (let i = 0; i < queue.length; i++) {
      const message = queue[i];
      if (message === undefined) break;
      if (this.open(message.address, message.port) < this.#options.transmission.nstart) return i;
    }
    return -1;
  }

  /** Interactions open with a peer. An acknowledged one is none, RFC 7252 section 4.7. */
  private open(address: string, port: number): number {
    const active = this.#active;
    let open = 0;
    for (let i = 0; i < active.length; i++) {
      const message = active[i];
      if (message?.acknowledged === false && message.port === port && message.address === address) open += 1;
    }
    return open;
  }

  private start(message: Outgoing, messageId: number, now: number): void {
    const datagram = message.compose(messageId);
    if (datagram === undefined) {
      message.state = "done";
      message.unsendable(now);
      return;
    }
    const { timer, random, transmission, transmit } = this.#options;
    message.state = "under way";
    message.messageId = messageId;
    message.datagram = datagram;
    message.sentAt = now;
    message.expires = now + this.#wait;
    if (message.confirmable) {
      message.series = timer.begin(random);
      this.arm(message, now);
    } else {
      // RFC 7252 section 4.7: how long a response is expected keeps the rate towards a silent peer
      // below PROBING_RATE.
      message.expires = Math.max(message.expires, now + (datagram.length * 1000) / transmission.probingRate);
      message.due = message.expires;
    }
    // Last of all: on a wire without delay the answer comes before this returns.
    this.#active.push(message);
    transmit(datagram, message.address, message.port);
  }

  private retransmit(message: Outgoing, now: number): void {
    message.retransmissions += 1;
    this.retransmissions += 1;
    this.arm(message, now);
    this.#options.transmit(message.datagram!, message.address, message.port);
  }

  /** A late call moves what is left to do, but not the end. */
  private arm(message: Outgoing, now: number): void {
    const { ackTimeout, algorithm, maxRetransmit } = this.#options.transmission;
    let timeout = message.series!.next();
    // A learnt time-out may be short, and after the last transmission waiting costs nothing more.
    if (algorithm === "fasor" && message.retransmissions >= maxRetransmit && timeout < ackTimeout) {
      timeout = ackTimeout;
    }
    message.due = Math.min(now + timeout, message.expires);
  }

  private isOver(message: Outgoing, now: number): boolean {
    return (
      message.acknowledged ||
      !message.confirmable ||
      message.expires <= now ||
      message.retransmissions >= this.#options.transmission.maxRetransmit
    );
  }
}
