/**
 * The client's half of requests and responses (RFC 7252 sections 4.2, 4.3, 5.2 and 5.3). One request,
 * one response; bodies in blocks are built on top of it (block-client.ts).
 *
 *    CON request        ->   CON request        ->   CON request        ->   CON request        ->
 *    <- ACK + response       <- ACK, empty           <- CON response         <- RST
 *                            <- CON response         ACK                ->
 *                            ACK                ->   (the ACK to the request was lost or is late)
 *
 *    NON request        ->   A separate response may also be non-confirmable, which is not
 *    <- NON or CON response  acknowledged. Everything may be lost, doubled, late or forged.
 */
import { Code, Type, isRequest, isResponse } from "./code";
import { encode, encodedLength } from "./message";
import { checkOrder } from "./option";
import { Outgoing } from "./message-layer";
import type { Discard, Exchange, Outcome } from "./exchange";
import type { Message } from "./message";
import type { Option, OptionBlock } from "./option";
import type { MessageLayer } from "./message-layer";

/** A request whose body fits one datagram. */
export interface PlainRequest {
  readonly address: string;
  readonly port: number;
  readonly code: number;
  readonly confirmable: boolean;
  readonly fixed: OptionBlock | undefined;
  readonly options: readonly Option[] | undefined;
  readonly payload: Uint8Array | undefined;
  /** Undefined: a fresh one. */
  readonly token: Uint8Array | undefined;
  onComplete(outcome: Outcome, now: number): void;
}

export interface ClientOptions {
  readonly messageLayer: MessageLayer;
  readonly random: () => number;
  /** Longest datagram to send, bytes. */
  readonly maxDatagram: number;
  /** Token length, bytes 1 to 8. */
  readonly tokenLength: number;
}

/** One request from the queue to its outcome. */
export class ClientExchange extends Outgoing implements Exchange {
  readonly request: PlainRequest;
  readonly #client: Client;
  /** Set when the request is sent. */
  token: Uint8Array | undefined;
  discarded: Discard | undefined;

  constructor(client: Client, request: PlainRequest) {
    super(request.address, request.port, request.confirmable, true);
    this.#client = client;
    this.request = request;
  }

  cancel(now: number): void {
    this.#client.cancel(this, now);
  }

  compose(messageId: number): Uint8Array | undefined {
    return this.#client.compose(this, messageId);
  }

  unsendable(now: number): void {
    this.request.onComplete({ kind: "too-large" }, now);
  }

  expired(now: number): void {
    const kind = this.confirmable && !this.acknowledged ? "timeout" : "no-response";
    this.request.onComplete({ kind, discarded: this.discarded }, now);
  }
}

/** The requests of one endpoint. */
export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** A token that nobody guesses and no open exchange with this peer has (RFC 7252 section 5.3.1). */
  newToken(address: string, port: number): Uint8Array {
    const token = new Uint8Array(this.#options.tokenLength);
    // The attempts are bounded, because all 256 tokens of one byte may be in use.
    for (let attempt = 0; attempt < 16; attempt++) {
      for (let i = 0; i < token.length; i++) token[i] = this.#options.random() * 256;
      if (this.byToken(token, address, port) === undefined) break;
    }
    return token;
  }

  /**
   * Sends a request or queues it; its outcome comes at once when neither can be. The exchange is made
   * beforehand, because on a wire without delay its caller may need it before this returns.
   */
  submit(exchange: ClientExchange, now: number): void {
    const { fixed, options } = exchange.request;
    // Checked here, where the caller is, and not when the request leaves the queue, at some other call.
    if (options !== undefined) checkOrder(options, fixed === undefined ? 0 : fixed.last);
    if (this.#options.messageLayer.closed) {
      exchange.state = "done";
      return exchange.request.onComplete({ kind: "cancelled" }, now);
    }
    if (this.#options.messageLayer.submit(exchange, now)) return;
    exchange.state = "done";
    exchange.request.onComplete({ kind: "queue-full" }, now);
  }

  /** Ends an exchange, with `cancelled` as its outcome; nothing when it has ended already. */
  cancel(exchange: ClientExchange, now: number): void {
    if (exchange.state !== "done") this.finish(exchange, { kind: "cancelled" }, now);
  }

  compose(exchange: ClientExchange, messageId: number): Uint8Array | undefined {
    const request = exchange.request;
    exchange.token = request.token ?? this.newToken(request.address, request.port);
    const message = {
      type: request.confirmable ? Type.confirmable : Type.nonConfirmable,
      code: request.code,
      messageId,
      token: exchange.token,
      fixed: request.fixed,
      options: request.options,
      payload: request.payload,
    };
    const length = encodedLength(message);
    if (length > this.#options.maxDatagram) return undefined;
    const datagram = new Uint8Array(length);
    encode(message, datagram);
    return datagram;
  }

  /**
   * An ACK for this exchange (same peer, same message id). The response in it must also carry the
   * token, RFC 7252 section 5.3.2. Returns why it was thrown away.
   */
  receiveAcknowledgement(
    exchange: ClientExchange,
    message: Message,
    options: readonly Option[] | undefined,
    now: number,
  ): Discard | undefined {
    const messageLayer = this.#options.messageLayer;
    if (message.code === Code.empty) {
      messageLayer.acknowledge(exchange, now);
      // An acknowledged exchange no longer counts against NSTART.
      messageLayer.advance(now);
      return undefined;
    }
    let fault: Discard | undefined;
    if (!isResponse(message.code)) fault = isRequest(message.code) ? "request" : "unexpected";
    else if (!sameBytes(message.token, exchange.token!)) fault = "token-mismatch";
    else if (options === undefined) fault = "critical-option";
    if (fault !== undefined) {
      exchange.discarded = fault;
      return fault;
    }
    messageLayer.acknowledge(exchange, now);
    this.finish(exchange, { kind: "response", message: withOptions(message, options!) }, now);
    return undefined;
  }

  /** A RST for this exchange. */
  receiveReset(exchange: ClientExchange, now: number): void {
    this.#options.messageLayer.acknowledge(exchange, now);
    this.finish(exchange, { kind: "reset" }, now);
  }

  /** The exchange that a separate response belongs to: peer and token decide. */
  byToken(token: Uint8Array, address: string, port: number): ClientExchange | undefined {
    const active = this.#options.messageLayer.inFlight;
    for (let i = 0; i < active.length; i++) {
      const exchange = active[i];
      if (
        exchange instanceof ClientExchange &&
        exchange.port === port &&
        exchange.address === address &&
        sameBytes(token, exchange.token!)
      ) {
        return exchange;
      }
    }
    return undefined;
  }

  /** A separate response that has been acknowledged. */
  receiveSeparate(exchange: ClientExchange, message: Message, options: readonly Option[], now: number): void {
    // On a wire without delay our ACK may have ended it.
    if (exchange.state === "done") return;
    // RFC 7252 section 5.2.2: it stands for the acknowledgement that was lost.
    this.#options.messageLayer.acknowledge(exchange, now);
    this.finish(exchange, { kind: "response", message: withOptions(message, options) }, now);
  }

  private finish(exchange: ClientExchange, outcome: Outcome, now: number): void {
    this.#options.messageLayer.take(exchange);
    exchange.request.onComplete(outcome, now);
    this.#options.messageLayer.advance(now);
  }
}

/** The message with those of its options that count. */
function withOptions(message: Message, options: readonly Option[]): Message {
  return options === message.options ? message : { ...message, options };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
