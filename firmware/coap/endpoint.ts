/**
 * CoAP over UDP (RFC 7252, RFC 7959, RFC 9175 section 3) without a clock, a socket or randomness of its
 * own. Datagrams and the time come in through `receive` and `poll`; datagrams leave through `transmit`;
 * `deadline` tells when `poll` wants to be called.
 *
 *         request()            onRequest, respond()         whole bodies
 *    +---- block-client.ts ----+---- block-server.ts ----+  blocks, RFC 7959
 *    |       client.ts         |       server.ts         |  requests and responses: tokens, options
 *    +---- message-layer.ts ----------deduplication.ts --+  messages: types, message ids, time-outs
 *    |            message.ts, wire-reader.ts, option-rules.ts |  bytes
 *    +----------------- transmit, receive ---------------+
 *
 * This file decodes a datagram and hands it to the client or the server, or rejects it: with RST or in
 * silence, as RFC 7252 asks.
 *
 * The server's half comes in through the option `server` (server-half.ts), and this file imports nothing
 * of it: a device that only asks has no server in its flash. It rejects requests, RFC 7252 section 4.2.
 */
import { BlockClient } from "./block-client";
import { Client, ClientExchange } from "./client";
import { Code, Type, isRequest, isResponse } from "./code";
import { Deduplication } from "./deduplication";
import { WireReader } from "./wire-reader";
import { decodeCut, encode, messageOf } from "./message";
import { screenOptions } from "./option-rules";
import { MessageLayer } from "./message-layer";
import { FasorTimer, PlainTimer } from "./rto";
import { checkTransmission, exchangeLifetime, nonLifetime } from "./transmission";
import { checkRange } from "./range";
import type { PlainRequest } from "./client";
import type { EndpointOptions, Held, Joined, ServerHalf } from "./endpoint-options";
import type { Discard, Exchange, Request } from "./exchange";
import type { Message } from "./message";
import type { OptionRule } from "./option-rules";
import type { Outgoing } from "./message-layer";
import type { RetransmissionTimer, RtoState } from "./rto";

export type { EndpointOptions, Held, ServerHalf, ServerHalfMaker } from "./endpoint-options";

/** Ids before the next one that may have late answers. */
const lateIds = 16;
/** Options of a message, at most: EnOS sends some ten. */
const mostOptions = 64;

/** One CoAP endpoint, client and server in one, towards any number of peers. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #understood: readonly OptionRule[];
  readonly #timer: RetransmissionTimer;
  readonly #messageLayer: MessageLayer;
  readonly #deduplication: Deduplication;
  readonly #client: Client;
  readonly #blockClient: BlockClient;
  readonly #server: ServerHalf | undefined;
  readonly #reader = new WireReader();
  /** Finds the borders of what came as one datagram; undefined where each comes by itself. */
  readonly #joined: Joined | undefined;
  #closed = false;
  /** The four bytes of ACK and RST, written anew each time. */
  readonly #empty = new Uint8Array(4);

  /** @throws RangeError when a setting cannot work */
  constructor(options: EndpointOptions) {
    const { transmission, random } = options;
    const maxDatagram = options.maxDatagram ?? 1152;
    const tokenLength = options.tokenLength ?? 4;
    const blockSize = options.blockSize ?? 1024;
    const maxBody = options.maxBody ?? 8192;
    const blockToken = options.blockToken ?? "fresh";
    checkTransmission(transmission);
    checkRange("tokenLength", tokenLength, 1, 8);
    checkRange("maxDatagram", maxDatagram, 16, 65_507);
    checkRange("maxBody", maxBody, 0, 0xffff_ffff);
    const { nstart, queueLimit } = transmission;
    const maxRequests = options.maxRequests ?? Math.max(8, nstart + queueLimit);
    checkRange("maxRequests", maxRequests, 1, 65_536);
    checkRange("remembered", options.remembered ?? 8, 1, 65_536);
    if (![16, 32, 64, 128, 256, 512, 1024].includes(blockSize)) {
      throw new RangeError(`blockSize is 16, 32, 64, 128, 256, 512 or 1024 bytes, got ${blockSize}`);
    }
    this.#options = options;
    const { joined } = options;
    this.#joined = joined;
    const transmit: EndpointOptions["transmit"] =
      joined === undefined
        ? options.transmit
        : (datagram, address, port) => {
            joined.sent(datagram);
            options.transmit(datagram, address, port);
          };
    this.#understood = options.understood ?? [];
    this.#timer =
      transmission.algorithm === "fasor"
        ? new FasorTimer(transmission, options.rtoState)
        : new PlainTimer(transmission);
    // RFC 7252 section 4.4: a random start makes an off-path attacker's guess harder and keeps the
    // ids of the time before a reboot out of the way.
    const firstMessageId = options.messageId ?? Math.floor(random() * 0x10000);
    const remembered = options.remembered ?? 8;
    const timer = this.#timer;
    const maxResponses = remembered;
    const messageLayer = new MessageLayer({
      transmit,
      random,
      transmission,
      timer,
      firstMessageId,
      maxRequests,
      maxResponses,
    });
    this.#messageLayer = messageLayer;
    this.#deduplication = new Deduplication(remembered);
    this.#client = new Client({ messageLayer, random, maxDatagram, tokenLength });
    this.#blockClient = new BlockClient({
      client: this.#client,
      random,
      maxDatagram,
      tokenLength,
      maxRequests,
      blockSize,
      maxBody,
      offerBlockSize: options.offerBlockSize ?? blockSize < 1024,
      leastBlock: Math.min(options.leastBlock ?? 16, blockSize),
      guard: options.guard,
      blockToken,
    });
    this.#server = options.server?.({
      messageLayer,
      deduplication: this.#deduplication,
      transmit,
      transmission,
      maxDatagram,
      blockSize,
      maxBody,
      discard: (reason, detail) => this.discard(reason, detail),
    });
  }

  /** Messages that are under way or wait for their turn. */
  get pending(): number {
    return this.#messageLayer.length;
  }

  /** Datagrams that went out a second time or more. */
  get retransmissions(): number {
    return this.#messageLayer.retransmissions;
  }

  /**
   * Answers that may come late, since the start: that of each request that was given up, and one more for each
   * time that one was sent again.
   */
  get lateAnswers(): number {
    return this.#messageLayer.retransmissions + this.#messageLayer.unanswered;
  }

  /** The message id that comes next: keep it over deep sleep. */
  get nextMessageId(): number {
    return this.#messageLayer.nextMessageId;
  }

  /** What has been learnt about round trips, to be kept over deep sleep; undefined when nothing was. */
  get rtoState(): RtoState | undefined {
    return this.#timer.exportState();
  }

  /** What the tables hold. */
  get held(): Held {
    return {
      outgoing: this.#messageLayer.length,
      received: this.#deduplication.length,
      waiting: this.#server?.waiting ?? 0,
      transfers: this.#server?.transfers ?? 0,
    };
  }

  /**
   * When `poll` wants to be called, ms; Infinity when nothing is under way. What is only remembered
   * needs no call.
   */
  get deadline(): number {
    return Math.min(this.#messageLayer.deadline, this.#server?.deadline ?? Infinity);
  }

  /**
   * Sends a request, or queues it behind those under way (NSTART). Its outcome comes through
   * `onComplete`, at once when it cannot even be queued.
   *
   * @throws RangeError when its options are out of order, which is the caller's fault
   */
  request(request: Request, now: number): Exchange {
    if (this.#closed) {
      request.onComplete({ kind: "cancelled" }, now);
      return { cancel(): void {}, retransmissions: 0 };
    }
    return this.#blockClient.request(request, now);
  }

  /**
   * Sends a request whose outcome is that of this one exchange: where a response is a block of a body, the others are
   * the caller's business.
   *
   * @throws RangeError as `request`
   */
  exchange(request: PlainRequest, now: number): Exchange {
    const exchange = new ClientExchange(this.#client, request);
    this.#client.submit(exchange, now);
    return exchange;
  }

  /**
   * Whether a request with these options can have a body of any length: whole, or in blocks of 16 bytes at
   * least. Else it would end as `too-large`.
   */
  carries(request: Omit<Request, "onComplete">): boolean {
    return this.#blockClient.carries({ ...request, onComplete(): void {} });
  }

  /** Retransmits, acknowledges, gives up and forgets what is due. */
  poll(now: number): void {
    if (this.#closed) return;
    this.#server?.poll(now);
    this.#messageLayer.poll(now);
    this.#deduplication.purge(now);
  }

  /**
   * Takes in one datagram. Whatever it holds, nothing is thrown. Messages handed to the application
   * are views of it: it must not be overwritten while they are in use.
   *
   * @param cut the socket has given the beginning of a longer one, or may have
   */
  receive(datagram: Uint8Array, address: string, port: number, now: number, cut = false): void {
    let rest = datagram;
    let end = this.#joined?.firstEnd(rest);
    while (end !== undefined && end < rest.length) {
      this.receiveOne(rest.subarray(0, end), address, port, now, false);
      rest = rest.subarray(end);
      end = this.#joined!.firstEnd(rest);
    }
    // A part behind others says nothing of what the modem takes: by itself it would have come whole.
    if (cut && rest !== datagram) return this.discard("malformed", "cut");
    this.receiveOne(rest, address, port, now, cut);
  }

  /** Takes in one message. */
  private receiveOne(datagram: Uint8Array, address: string, port: number, now: number, cut: boolean): void {
    if (this.#closed) return;
    const reader = this.#reader;
    const fault = reader.read(datagram);
    let message: Message | undefined;
    if (fault === undefined) {
      // Each takes memory even where it is a single byte of the datagram.
      if (reader.optionCount > mostOptions) {
        return this.receiveMalformed(datagram, "too-many-options", address, port, now);
      }
      message = messageOf(reader);
      if (cut) message = { ...message, cut: message.payload.length > 0 ? "payload" : "options" };
    } else {
      // An answer too long for the device: what there is of it ends the exchange, as all of it would not come.
      message = fault === "option-truncated" ? this.answerCut(address, port) : undefined;
      if (message === undefined) return this.receiveMalformed(datagram, fault, address, port, now);
    }
    switch (message.type) {
      case Type.acknowledgement:
        return this.receiveAcknowledgement(message, address, port, now);
      case Type.reset:
        return this.receiveReset(message, address, port, now);
      default:
        return this.receiveMessage(message, address, port, now);
    }
  }

  /** Ends everything; each exchange gets `cancelled`. */
  close(now: number): void {
    this.#closed = true;
    this.#server?.close();
    this.#deduplication.clear();
    const ended = this.#messageLayer.clear();
    let failure: { error: unknown } | undefined;
    for (let i = 0; i < ended.length; i++) {
      const message = ended[i];
      try {
        if (message instanceof ClientExchange) message.request.onComplete({ kind: "cancelled" }, now);
      } catch (error) {
        failure ??= { error };
      }
    }
    // Each call cancels at least one upload that waits, and all unless a handler throws.
    for (let again = true; again;) {
      try {
        this.#blockClient.close(now);
        again = false;
      } catch (error) {
        failure ??= { error };
      }
    }
    // Thrown after all exchanges have had their outcome.
    if (failure !== undefined) throw failure.error;
  }

  /**
   * RFC 7252 section 4.2: a confirmable message with a format error, or that the device has no memory for, is
   * rejected with RST, one of another version ignored; section 4.3 leaves the rest to silence.
   */
  private receiveMalformed(
    datagram: Uint8Array,
    fault: string,
    address: string,
    port: number,
    now: number,
  ): void {
    let exchange: ClientExchange | undefined;
    if (datagram.length >= 4) {
      const messageId = ((datagram[2] ?? 0) << 8) | (datagram[3] ?? 0);
      if ((datagram[0] ?? 0) >> 4 === 0x4) this.reject(messageId, address, port, now);
      const message = this.#messageLayer.find(messageId, address, port);
      if (message instanceof ClientExchange) exchange = message;
    }
    if (exchange === undefined) this.stranger(false, now);
    this.discard("malformed", fault, exchange);
  }

  /** An ACK that ends within its options, if it is the answer to a request under way. */
  private answerCut(address: string, port: number): Message | undefined {
    const { type, messageId } = this.#reader;
    if (type !== Type.acknowledgement) return undefined;
    const exchange = this.#messageLayer.find(messageId, address, port);
    if (!(exchange instanceof ClientExchange)) return undefined;
    return decodeCut(this.#reader, mostOptions);
  }

  private receiveAcknowledgement(message: Message, address: string, port: number, now: number): void {
    const acknowledged = this.#messageLayer.find(message.messageId, address, port);
    if (acknowledged?.confirmable !== true) {
      this.noteUnexpected(message.messageId, now);
      return this.discard("unexpected", "ACK");
    }
    if (acknowledged instanceof ClientExchange) {
      if (message.code === Code.empty && !acknowledged.acknowledged) this.#options.guard?.emptyAck(now);
      const options = screenOptions(message.options, "response", this.#understood);
      const accepted = typeof options === "number" ? undefined : options;
      const fault = this.#client.receiveAcknowledgement(acknowledged, message, accepted, now);
      if (fault !== undefined) this.discard(fault, "ACK");
    } else if (message.code === Code.empty) {
      this.concludeResponse(acknowledged, now);
    } else {
      this.discard("unexpected", "ACK");
    }
  }

  private receiveReset(message: Message, address: string, port: number, now: number): void {
    const rejected =
      message.code === Code.empty ? this.#messageLayer.find(message.messageId, address, port) : undefined;
    if (rejected === undefined) {
      this.noteUnexpected(message.messageId, now);
      return this.discard("unexpected", "RST");
    }
    if (rejected instanceof ClientExchange) this.#client.receiveReset(rejected, now);
    else this.concludeResponse(rejected, now);
  }

  /** A separate response of the server's half has been acknowledged or rejected. */
  private concludeResponse(response: Outgoing, now: number): void {
    this.#messageLayer.acknowledge(response, now);
    this.#messageLayer.take(response);
    this.#messageLayer.advance(now);
  }

  /** CON and NON: requests, separate responses, pings, and messages that no client or server expects. */
  private receiveMessage(message: Message, address: string, port: number, now: number): void {
    const confirmable = message.type === Type.confirmable;
    const kind = confirmable ? "CON" : "NON";
    const former = this.#deduplication.find(message.messageId, address, port, now);
    if (former !== undefined) {
      if (this.#server === undefined) {
        this.stranger(true, now);
        if (this.#options.guard?.mayFollow("reset", now) === false) return this.discard("duplicate", kind);
      }
      if (confirmable && former.reply !== undefined) this.#options.transmit(former.reply, address, port);
      else if (confirmable) this.#server?.receiveDuplicate(former);
      return this.discard("duplicate", kind);
    }
    if (isRequest(message.code)) {
      if (this.#server === undefined) {
        this.stranger(false, now);
        if (confirmable) this.reject(message.messageId, address, port, now);
        return this.discard("request", kind);
      }
      const options = screenOptions(message.options, "request", this.#understood);
      return this.#server.receive(message, options, address, port, now);
    }
    if (message.code === Code.empty) {
      // The empty CON is a ping, and RST is its answer: RFC 7252 section 4.3.
      this.stranger(false, now);
      if (confirmable) this.reject(message.messageId, address, port, now);
      else this.discard("unexpected", "empty NON");
      return;
    }
    const exchange = isResponse(message.code)
      ? this.#client.byToken(message.token, address, port)
      : undefined;
    const options = screenOptions(message.options, "response", this.#understood);
    if (exchange === undefined || typeof options === "number") {
      // A NON is answered too, which RFC 7252 section 4.3 leaves open: the server then stops sending.
      if (exchange === undefined) this.stranger(false, now);
      this.reject(message.messageId, address, port, now);
      const reason = exchange === undefined ? "unexpected" : "critical-option";
      return this.discard(reason, kind, exchange);
    }
    const transmission = this.#options.transmission;
    const lifetime = confirmable ? exchangeLifetime(transmission) : nonLifetime(transmission);
    const received = this.#deduplication.add(message.messageId, address, port, now + lifetime, now);
    const reply = new Uint8Array(4);
    encode({ type: Type.acknowledgement, code: Code.empty, messageId: message.messageId }, reply);
    if (received !== undefined) {
      received.working = false;
      received.reply = reply;
    }
    if (confirmable) this.#options.transmit(reply, address, port);
    this.#client.receiveSeparate(exchange, message, options, now);
  }

  /** Sends an RST, unless the device has sent enough of them. */
  private reject(messageId: number, address: string, port: number, now: number): void {
    if (this.#options.guard?.mayFollow("reset", now) === false) return;
    encode({ type: Type.reset, code: Code.empty, messageId }, this.#empty);
    this.#options.transmit(this.#empty, address, port);
  }

  /** An ACK or RST came for a message that is not under way: for one of before, or for none. */
  private noteUnexpected(messageId: number, now: number): void {
    const ago = (this.nextMessageId - messageId) & 0xffff;
    this.stranger(ago > 0 && ago <= lateIds, now);
  }

  private stranger(late: boolean, now: number): void {
    this.#options.guard?.stranger(late, this.lateAnswers, now);
  }

  private discard(reason: Discard, detail: string, exchange?: ClientExchange): void {
    if (exchange !== undefined) exchange.discarded = reason;
    this.#options.onDiscard?.(reason, detail);
  }
}
