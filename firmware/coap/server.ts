/**
 * The server's half of requests and responses (RFC 7252 sections 4.2, 4.3, 4.5, 5.2 and 5.4). One
 * request, one response; bodies in blocks are built on top of it (block-server.ts).
 *
 *    the handler answers         it takes longer                it takes longer, duplicates come
 *    -> CON request              -> CON request                 -> CON request
 *    <- ACK + response           <- ACK, empty (separateAfter)  -> CON request again
 *                                <- CON response                <- ACK, empty; the handler runs once
 *    -> NON request              -> ACK                         <- CON response
 *    <- NON response                                            -> ACK
 */
import { Code, Type } from "./code";
import { encode, encodedLength } from "./message";
import { OptionNumber, encodeUint } from "./option";
import { Outgoing } from "./message-layer";
import { exchangeLifetime, nonLifetime } from "./transmission";
import type { Deduplication, Received } from "./deduplication";
import type { Discard, Responded, Response } from "./exchange";
import type { Message, OutgoingMessage } from "./message";
import type { Option } from "./option";
import type { MessageLayer } from "./message-layer";
import type { Transmission } from "./transmission";

export interface ServerOptions {
  readonly messageLayer: MessageLayer;
  readonly deduplication: Deduplication;
  readonly transmit: (datagram: Uint8Array, address: string, port: number) => void;
  readonly transmission: Transmission;
  /** Longest datagram to send, bytes. */
  readonly maxDatagram: number;
  /** How long a handler may take until its request is acknowledged without the response, ms. */
  readonly separateAfter: number;
  /** A request to work on. */
  readonly deliver: (exchange: ServerExchange, now: number) => void;
  readonly discard: (reason: Discard, detail: string) => void;
}

/** One request from its arrival to its answer. */
export class ServerExchange {
  readonly message: Message;
  readonly address: string;
  readonly port: number;
  /** Its duplicates' place in the store. */
  readonly received: Received;
  readonly #server: Server;
  answered = false;
  acknowledged = false;
  /** When the empty ACK is due, ms. */
  acknowledgeAt = 0;

  constructor(server: Server, message: Message, received: Received) {
    this.#server = server;
    this.message = message;
    this.received = received;
    this.address = received.address;
    this.port = received.port;
  }

  get confirmable(): boolean {
    return this.message.type === Type.confirmable;
  }

  /** Whether an answer would still go out. */
  get open(): boolean {
    return !this.answered && !this.#server.closed;
  }

  /** The answer; the first one counts. */
  respond(response: Response, now: number): Responded {
    return this.#server.respond(this, response, now);
  }
}

/** A response that goes out by itself, after the empty ACK. */
class SeparateResponse extends Outgoing {
  readonly #exchange: ServerExchange;
  readonly #written: Uint8Array;

  constructor(exchange: ServerExchange, written: Uint8Array) {
    super(exchange.address, exchange.port, true, false);
    this.#exchange = exchange;
    this.#written = written;
  }

  compose(messageId: number): Uint8Array {
    return withMessageId(this.#written, messageId);
  }

  /** Until now its request has kept its place, so that there are never more responses than places. */
  override taken(): void {
    this.#exchange.received.working = false;
  }

  unsendable(): void {}

  /** Nobody acknowledged it: whoever asked will ask again, or has gone. */
  expired(): void {}
}

/** The requests that come to one endpoint. */
export class Server {
  readonly #options: ServerOptions;
  /** Confirmable requests whose handler is at work and which have not been acknowledged. */
  #waiting: ServerExchange[] = [];
  closed = false;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Requests that wait for their empty ACK. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    let deadline = Infinity;
    for (let i = 0; i < this.#waiting.length; i++) {
      const at = this.#waiting[i]?.acknowledgeAt ?? Infinity;
      if (at < deadline) deadline = at;
    }
    return deadline;
  }

  /** A duplicate of a confirmable request that nothing has been sent in reply to. */
  receiveDuplicate(received: Received): void {
    // The peer has begun to repeat itself: time it heard that its request is here.
    const exchange = this.#waiting.find((each) => each.received === received);
    if (exchange !== undefined) this.acknowledge(exchange);
  }

  /**
   * A new request.
   *
   * @param options those that count, or the number of the critical one that is not understood
   */
  receive(
    message: Message,
    options: readonly Option[] | number,
    address: string,
    port: number,
    now: number,
  ): void {
    const { deliver, discard, deduplication, transmission } = this.#options;
    const confirmable = message.type === Type.confirmable;
    if (typeof options === "number") {
      const proxy = options === OptionNumber.proxyUri || options === OptionNumber.proxyScheme;
      const code = proxy ? Code.proxyingNotSupported : Code.badOption;
      // RFC 7252 section 5.4.1: the payload tells which. Of a NON it wants silence.
      if (confirmable) this.refuse(message, { code, payload: ascii(`option ${options}`) }, address, port);
      return discard("critical-option", `option ${options}`);
    }
    if (message.code > Code.iPatch) {
      if (confirmable) this.refuse(message, { code: Code.methodNotAllowed }, address, port);
      return discard("request", "unknown method");
    }
    const lifetime = confirmable ? exchangeLifetime(transmission) : nonLifetime(transmission);
    const received = deduplication.add(message.messageId, address, port, now + lifetime, now);
    if (received === undefined) {
      const retry = [
        { number: OptionNumber.maxAge, value: encodeUint(Math.ceil(transmission.ackTimeout / 1000)) },
      ];
      if (confirmable) this.refuse(message, { code: Code.serviceUnavailable, options: retry }, address, port);
      return discard("overload", confirmable ? "CON" : "NON");
    }
    const exchange = new ServerExchange(
      this,
      options === message.options ? message : { ...message, options },
      received,
    );
    try {
      deliver(exchange, now);
    } catch (error) {
      // Whatever the application does, the endpoint goes on and the peer hears of it.
      exchange.respond({ code: Code.internalServerError }, now);
      discard("handler-failed", String(error));
    }
    if (exchange.answered || !confirmable || this.closed) return;
    exchange.acknowledgeAt = now + this.#options.separateAfter;
    this.#waiting.push(exchange);
    this.poll(now);
  }

  respond(exchange: ServerExchange, response: Response, now: number): Responded {
    if (this.closed) return "closed";
    if (exchange.answered) return "answered";
    const { messageLayer, maxDatagram } = this.#options;
    const { message, received, address, port, confirmable } = exchange;
    let sent: Responded = "sent";
    let fitting = response;
    if (encodedLength(outgoing(Type.confirmable, 0, message.token, response)) > maxDatagram) {
      fitting = { code: Code.internalServerError };
      sent = "too-large";
    }
    const type = !confirmable
      ? Type.nonConfirmable
      : exchange.acknowledged
        ? Type.confirmable
        : Type.acknowledgement;
    // Before anything is changed: if this throws, the request can still be answered.
    const datagram = datagramOf(type, message.messageId, message.token, fitting);
    exchange.answered = true;
    if (type === Type.acknowledgement) {
      received.working = false;
      this.stopWaiting(exchange);
      received.reply = datagram;
      this.#options.transmit(received.reply, address, port);
    } else if (confirmable) {
      if (!messageLayer.submit(new SeparateResponse(exchange, datagram), now)) {
        received.working = false;
        return "queue-full";
      }
    } else {
      received.working = false;
      const messageId = messageLayer.takeMessageId(now);
      if (messageId === undefined) return "no-message-id";
      this.#options.transmit(withMessageId(datagram, messageId), address, port);
    }
    return sent;
  }

  /** Acknowledges what has waited long enough for its handler. */
  poll(now: number): void {
    for (let i = 0; i < this.#waiting.length;) {
      const exchange = this.#waiting[i];
      if (exchange !== undefined && exchange.acknowledgeAt <= now) {
        this.acknowledge(exchange);
        i = 0;
      } else {
        i += 1;
      }
    }
  }

  /** Answers no more. */
  close(): void {
    this.closed = true;
    this.#waiting = [];
  }

  private acknowledge(exchange: ServerExchange): void {
    this.stopWaiting(exchange);
    exchange.acknowledged = true;
    const reply = new Uint8Array(4);
    encode({ type: Type.acknowledgement, code: Code.empty, messageId: exchange.message.messageId }, reply);
    exchange.received.reply = reply;
    this.#options.transmit(reply, exchange.address, exchange.port);
  }

  private stopWaiting(exchange: ServerExchange): void {
    const index = this.#waiting.indexOf(exchange);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /**
   * An answer that needs no memory: a duplicate is judged anew, and gets the same as long as the reason
   * lasts. When there is no room for details, the code alone goes.
   */
  private refuse(message: Message, response: Response, address: string, port: number): void {
    const full = outgoing(Type.acknowledgement, message.messageId, message.token, response);
    const fits = encodedLength(full) <= this.#options.maxDatagram;
    this.send(fits ? full : { ...full, options: undefined, payload: undefined }, address, port);
  }

  private send(message: OutgoingMessage, address: string, port: number): void {
    const datagram = new Uint8Array(encodedLength(message));
    encode(message, datagram);
    this.#options.transmit(datagram, address, port);
  }
}

function outgoing(type: Type, messageId: number, token: Uint8Array, response: Response): OutgoingMessage {
  return {
    type,
    code: response.code,
    messageId,
    token,
    options: response.options,
    payload: response.payload,
  };
}

function datagramOf(type: Type, messageId: number, token: Uint8Array, response: Response): Uint8Array {
  const message = outgoing(type, messageId, token, response);
  const datagram = new Uint8Array(encodedLength(message));
  encode(message, datagram);
  return datagram;
}

function withMessageId(datagram: Uint8Array, messageId: number): Uint8Array {
  datagram[2] = messageId >> 8;
  datagram[3] = messageId;
  return datagram;
}

function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
