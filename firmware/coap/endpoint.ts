/**
 * A CoAP endpoint in the client's role: exchanges of confirmable requests (RFC 7252 sections 4
 * and 5), without a clock, a socket or randomness of its own. Datagrams and the time come in
 * through `receive` and `poll`; datagrams leave through `transmit`; `deadline` tells when `poll`
 * wants to be called.
 *
 * The dialogues it knows:
 *
 *    CON request        ->   CON request        ->   CON request        ->   CON request        ->
 *    <- ACK + response       <- ACK, empty           <- CON response         <- RST
 *                            <- CON response         ACK                ->
 *                            ACK                ->   (the ACK to the request was lost or is late)
 *
 * A separate response may also be non-confirmable, which is not acknowledged. Everything may be
 * lost, doubled, late or forged: see `#match` for what is taken as an answer.
 */
import { Code, Type, isRequest, isResponse } from "./code";
import { decode, encode, encodedLength } from "./message";
import { isCritical } from "./option";
import { exchangeLifetime, maxTransmitWait } from "./transmission";
import type { Discard, Exchange, Outcome, Request } from "./exchange";
import type { Message } from "./message";
import type { Transmission } from "./transmission";

export interface EndpointOptions {
  /** Hands a datagram to the socket. The bytes are the endpoint's: copy what is kept. */
  readonly transmit: (datagram: Uint8Array, address: string, port: number) => void;
  /** Random number in [0, 1), as unpredictable as the device can. */
  readonly random: () => number;
  readonly transmission: Transmission;
  /** Longest datagram to send, bytes (default 1152, RFC 7252 section 4.6). */
  readonly maxDatagram?: number;
  /** Token length, bytes 1 to 8 (default 4, the least RFC 7252 section 5.3.1 suggests on the Internet). */
  readonly tokenLength?: number;
  /** Critical options of responses that the caller understands. */
  readonly understood?: readonly number[];
  /** Told of every datagram that is thrown away. */
  readonly onDiscard?: (reason: Discard, detail: string) => void;
}

/** One request from the first transmission to its outcome. */
class ClientExchange implements Exchange {
  readonly request: Request;
  readonly #endpoint: Endpoint;
  messageId = 0;
  token: Uint8Array | undefined;
  datagram: Uint8Array | undefined;
  /** The server has acknowledged, the response is still to come. */
  acknowledged = false;
  retransmissions = 0;
  /** Current retransmission time-out, ms; doubled at every retransmission. */
  timeout = 0;
  /** When to act next, ms. */
  due = 0;
  /** When to give up whatever happens, ms: MAX_TRANSMIT_WAIT after the first transmission. */
  expires = 0;
  discarded: Discard | undefined;

  constructor(endpoint: Endpoint, request: Request) {
    this.#endpoint = endpoint;
    this.request = request;
  }

  cancel(now: number): void {
    this.#endpoint.cancel(this, now);
  }
}

/**
 * A separate response that was delivered: its duplicate is acknowledged again and goes no further.
 * What was rejected needs no memory, since its duplicate is rejected by the same rule.
 */
interface Delivered {
  readonly address: string;
  readonly port: number;
  readonly messageId: number;
  /** Until when a duplicate may come, ms. */
  readonly until: number;
}

/** How many delivered responses are remembered; with NSTART 1 more than two are rare. */
const rememberedLimit = 8;

/** One CoAP endpoint towards any number of servers; see the head of this file. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #maxDatagram: number;
  readonly #tokenLength: number;
  readonly #understood: readonly number[];
  readonly #lifetime: number;
  readonly #wait: number;
  #messageId: number;
  #active: ClientExchange[] = [];
  #queue: ClientExchange[] = [];
  #delivered: Delivered[] = [];
  #closed = false;
  /** The four bytes of ACK and RST, written anew each time. */
  readonly #empty = new Uint8Array(4);

  /** Datagrams that went out a second time or more. */
  retransmissions = 0;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#maxDatagram = options.maxDatagram ?? 1152;
    this.#tokenLength = options.tokenLength ?? 4;
    if (!(options.transmission.nstart >= 1)) {
      throw new RangeError(`nstart is at least 1, got ${options.transmission.nstart}`);
    }
    if (!(Number.isInteger(this.#tokenLength) && this.#tokenLength >= 1 && this.#tokenLength <= 8)) {
      throw new RangeError(`tokenLength is 1 to 8 bytes, got ${options.tokenLength}`);
    }
    this.#understood = options.understood ?? [];
    this.#lifetime = exchangeLifetime(options.transmission);
    this.#wait = maxTransmitWait(options.transmission);
    // RFC 7252 section 4.4: a random start makes an off-path attacker's guess harder and keeps the
    // ids of the time before a reboot out of the way.
    this.#messageId = Math.floor(options.random() * 0x10000) & 0xffff;
  }

  /** Exchanges that are under way or wait for their turn. */
  get pending(): number {
    return this.#active.length + this.#queue.length;
  }

  /** When `poll` wants to be called, ms; Infinity when nothing is under way. */
  get deadline(): number {
    let deadline = Infinity;
    const active = this.#active;
    for (let i = 0; i < active.length; i++) {
      if (active[i].due < deadline) deadline = active[i].due;
    }
    return deadline;
  }

  /**
   * Sends a confirmable request, or queues it behind the ones under way (NSTART). Its outcome comes
   * through `onComplete`, at once when it cannot even be queued.
   */
  request(request: Request, now: number): Exchange {
    const exchange = new ClientExchange(this, request);
    const transmission = this.#options.transmission;
    if (this.#closed) {
      request.onComplete({ kind: "cancelled" }, now);
    } else if (this.#active.length < transmission.nstart || this.#queue.length < transmission.queueLimit) {
      // Through the queue even when there is room: a completion that asks for more must not push
      // ahead of those who wait already.
      this.#queue.push(exchange);
      this.#next(now);
    } else {
      request.onComplete({ kind: "queue-full" }, now);
    }
    return exchange;
  }

  /** Retransmits and gives up what is due. */
  poll(now: number): void {
    // An outcome may start the next request, so the list changes under the loop: look again from
    // the front until nothing is due.
    for (let i = 0; i < this.#active.length; ) {
      const exchange = this.#active[i];
      if (exchange.due > now) {
        i += 1;
      } else if (exchange.acknowledged) {
        this.#finish(exchange, { kind: "no-response", discarded: exchange.discarded }, now);
        i = 0;
      } else if (
        exchange.expires <= now ||
        exchange.retransmissions >= this.#options.transmission.maxRetransmit
      ) {
        this.#finish(exchange, { kind: "timeout", discarded: exchange.discarded }, now);
        i = 0;
      } else {
        exchange.retransmissions += 1;
        this.retransmissions += 1;
        exchange.timeout *= 2;
        // A late call of `poll` moves what is left to do, but not the end.
        exchange.due = Math.min(now + exchange.timeout, exchange.expires);
        this.#options.transmit(exchange.datagram!, exchange.request.address, exchange.request.port);
        i += 1;
      }
    }
  }

  /** Takes in one datagram. Whatever it holds, nothing is thrown. */
  receive(datagram: Uint8Array, address: string, port: number, now: number): void {
    if (this.#closed) return;
    const message = decode(datagram);
    if (typeof message === "string") {
      // RFC 7252 section 4.2: a confirmable message with a format error is rejected with RST, one
      // of another version ignored; section 4.3 leaves the rest to silence.
      const rejectable = datagram.length >= 4 && datagram[0] >> 4 === 0x4;
      const messageId = datagram.length >= 4 ? (datagram[2] << 8) | datagram[3] : -1;
      if (rejectable) this.#send(Type.reset, messageId, address, port);
      return this.#discard("malformed", message, this.#byMessageId(messageId, address, port));
    }
    switch (message.type) {
      case Type.acknowledgement:
        this.#receiveAcknowledgement(message, address, port, now);
        break;
      case Type.reset:
        this.#receiveReset(message, address, port, now);
        break;
      default:
        this.#receiveSeparate(message, address, port, now);
    }
  }

  /** Ends everything; each exchange gets `cancelled`. */
  close(now: number): void {
    this.#closed = true;
    const ended = this.#active.concat(this.#queue);
    this.#active = [];
    this.#queue = [];
    for (let i = 0; i < ended.length; i++) ended[i].request.onComplete({ kind: "cancelled" }, now);
  }

  /** Ends one exchange; see `Exchange.cancel`. */
  cancel(exchange: ClientExchange, now: number): void {
    const waiting = this.#queue.indexOf(exchange);
    if (waiting >= 0) {
      this.#queue.splice(waiting, 1);
      exchange.request.onComplete({ kind: "cancelled" }, now);
    } else if (this.#active.indexOf(exchange) >= 0) {
      this.#finish(exchange, { kind: "cancelled" }, now);
    }
  }

  #start(exchange: ClientExchange, now: number): void {
    const request = exchange.request;
    this.#messageId = (this.#messageId + 1) & 0xffff;
    const token = new Uint8Array(this.#tokenLength);
    for (let i = 0; i < token.length; i++) token[i] = this.#options.random() * 256;
    const message = {
      type: Type.confirmable,
      code: request.code,
      messageId: this.#messageId,
      token,
      fixed: request.fixed,
      options: request.options,
      payload: request.payload,
    };
    const length = encodedLength(message);
    if (length > this.#maxDatagram) {
      request.onComplete({ kind: "too-large" }, now);
      return;
    }
    const datagram = new Uint8Array(length);
    encode(message, datagram);
    exchange.messageId = message.messageId;
    exchange.token = token;
    exchange.datagram = datagram;
    const transmission = this.#options.transmission;
    const spread = 1 + this.#options.random() * (transmission.ackRandomFactor - 1);
    exchange.timeout = transmission.ackTimeout * spread;
    exchange.due = now + exchange.timeout;
    exchange.expires = now + this.#wait;
    this.#active.push(exchange);
    this.#options.transmit(datagram, request.address, request.port);
  }

  #next(now: number): void {
    while (this.#active.length < this.#options.transmission.nstart && this.#queue.length > 0) {
      this.#start(this.#queue.shift()!, now);
    }
  }

  #finish(exchange: ClientExchange, outcome: Outcome, now: number): void {
    this.#active.splice(this.#active.indexOf(exchange), 1);
    exchange.datagram = undefined;
    exchange.request.onComplete(outcome, now);
    this.#next(now);
  }

  #receiveAcknowledgement(message: Message, address: string, port: number, now: number): void {
    const exchange = this.#byMessageId(message.messageId, address, port);
    if (exchange === undefined) return this.#discard("unexpected", "ACK");
    if (message.code === Code.empty) {
      exchange.acknowledged = true;
      exchange.due = exchange.expires;
      return;
    }
    if (!isResponse(message.code)) return this.#discard("request", "ACK with a method", exchange);
    if (!sameBytes(message.token, exchange.token!)) return this.#discard("token-mismatch", "ACK", exchange);
    if (this.#misunderstood(message)) return this.#discard("critical-option", "ACK", exchange);
    this.#finish(exchange, { kind: "response", message }, now);
  }

  #receiveReset(message: Message, address: string, port: number, now: number): void {
    const exchange = this.#byMessageId(message.messageId, address, port);
    if (exchange === undefined || message.code !== Code.empty) return this.#discard("unexpected", "RST");
    this.#finish(exchange, { kind: "reset" }, now);
  }

  /** CON and NON: separate responses, pings, and what has no business here. */
  #receiveSeparate(message: Message, address: string, port: number, now: number): void {
    const confirmable = message.type === Type.confirmable;
    if (this.#deliveredBefore(message.messageId, address, port, now)) {
      if (confirmable) this.#send(Type.acknowledgement, message.messageId, address, port);
      return this.#discard("duplicate", confirmable ? "CON" : "NON");
    }
    const exchange = isResponse(message.code) ? this.#byToken(message.token, address, port) : undefined;
    if (exchange === undefined || this.#misunderstood(message)) {
      // The empty CON is a ping, and RST is its answer: RFC 7252 section 4.3. A NON that nobody
      // waits for is dropped in silence.
      if (confirmable) this.#send(Type.reset, message.messageId, address, port);
      if (message.code === Code.empty && confirmable) return;
      if (exchange !== undefined) return this.#discard("critical-option", "response", exchange);
      return this.#discard(isRequest(message.code) ? "request" : "unexpected", confirmable ? "CON" : "NON");
    }
    if (this.#delivered.length >= rememberedLimit) this.#delivered.shift();
    this.#delivered.push({ address, port, messageId: message.messageId, until: now + this.#lifetime });
    if (confirmable) this.#send(Type.acknowledgement, message.messageId, address, port);
    this.#finish(exchange, { kind: "response", message }, now);
  }

  /**
   * RFC 7252 section 5.3.2: an acknowledgement belongs to the exchange with the same endpoint and
   * message id; the response in it must also carry the exchange's token.
   */
  #byMessageId(messageId: number, address: string, port: number): ClientExchange | undefined {
    for (let i = 0; i < this.#active.length; i++) {
      const exchange = this.#active[i];
      const request = exchange.request;
      if (exchange.messageId === messageId && request.address === address && request.port === port) {
        return exchange;
      }
    }
    return undefined;
  }

  /** A separate response has a message id of the server's own: endpoint and token decide. */
  #byToken(token: Uint8Array, address: string, port: number): ClientExchange | undefined {
    for (let i = 0; i < this.#active.length; i++) {
      const exchange = this.#active[i];
      const request = exchange.request;
      if (request.address === address && request.port === port && sameBytes(token, exchange.token!)) {
        return exchange;
      }
    }
    return undefined;
  }

  /** RFC 7252 section 5.4.1: whether a critical option is in it that nobody here understands. */
  #misunderstood(message: Message): boolean {
    const options = message.options;
    for (let i = 0; i < options.length; i++) {
      const number = options[i].number;
      if (isCritical(number) && this.#understood.indexOf(number) < 0) return true;
    }
    return false;
  }

  /** RFC 7252 section 4.5: the same message id from the same endpoint within its lifetime is a duplicate. */
  #deliveredBefore(messageId: number, address: string, port: number, now: number): boolean {
    for (let i = 0; i < this.#delivered.length; i++) {
      const entry = this.#delivered[i];
      if (
        entry.messageId === messageId &&
        entry.port === port &&
        entry.address === address &&
        entry.until > now
      ) {
        return true;
      }
    }
    return false;
  }

  #send(type: Type, messageId: number, address: string, port: number): void {
    encode({ type, code: Code.empty, messageId }, this.#empty);
    this.#options.transmit(this.#empty, address, port);
  }

  #discard(reason: Discard, detail: string, exchange?: ClientExchange): void {
    if (exchange !== undefined) exchange.discarded = reason;
    this.#options.onDiscard?.(reason, detail);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
