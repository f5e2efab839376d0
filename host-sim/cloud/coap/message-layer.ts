/**
 * The cloud's CoAP, datagram by datagram: messages, retransmissions, block-wise transfer, the rate limit,
 * and the faults made on purpose. Requests are carried out by `handle`.
 *
 * The message layer (RFC 7252 section 4), dialogue by dialogue:
 *
 *     CON request             -> ACK with the response piggybacked
 *     the same again          -> the identical ACK, nothing is carried out twice
 *     NON request             -> NON response; the same again is ignored
 *     CON empty (a ping)      -> RST
 *     CON with a response     -> RST, nothing was asked
 *     CON that is malformed   -> RST with its message id, and nothing else
 *     ACK, RST, anything else -> nothing
 */
import { Downloads, Uploads, transferKey, withOptions } from "./block-transfers";
import { ack, con, non, rst, decodeCoap, encodeCoap } from "./coap-wire";
import type { CoapMessage } from "./coap-wire";
import type { CloudEventBody, Peer } from "../events";
import { duplicateAfter, Departures, noFaults, checkFaults, drawFate } from "./faults";
import type { Fate, Faults } from "./faults";
import { RateLimiter } from "./rate-limit";
import type { RateLimit } from "./rate-limit";
import { ReplyStore } from "./reply-store";
import { Code } from "./codes";
import { OptionNumber } from "./options";
import { readRequest, writeBlock } from "./request";
import { printable } from "./coap-text";
import { reasonOf } from "../reason";
import type { Answer, Block, CoapRequest, RefusedRequest } from "./request";

export { noFaults } from "./faults";
export type { Faults } from "./faults";
export type { RateLimit } from "./rate-limit";

export interface MessageLimits {
  /** Replies kept for retransmissions, per peer and in all. */
  repliesPerPeer: number;
  repliesTotal: number;
  /** Block-wise transfers at once, up and down each; the one longest idle makes room. */
  transfers: number;
  /** Longest body of a request, bytes. */
  bodyBytes: number;
  /** Bytes of all answers kept while they go down, and so the longest one. */
  answerBytes: number;
  /** Largest block given and asked for, bytes: 16, 32 ... 1024. */
  blockSize: number;
  /** Datagrams that wait because of `delayDown` or as copies. */
  departures: number;
  /** Addresses whose rate is remembered. */
  ratedAddresses: number;
}

export const defaultMessageLimits: Readonly<MessageLimits> = {
  repliesPerPeer: 64,
  repliesTotal: 16_384,
  transfers: 64,
  bodyBytes: 8192,
  answerBytes: 4 * 1024 * 1024,
  blockSize: 1024,
  departures: 1024,
  ratedAddresses: 4096,
};

export interface MessageLayerOptions {
  /** Sends a datagram: at once from within `receive`, or later from `receive` and `poll`. */
  transmit(datagram: Uint8Array, peer: Peer): void;
  /** For where message ids start. */
  randomBytes(n: number): Uint8Array;
  /** Where message ids start instead. */
  firstMessageId?: number;
  /** In [0, 1), for faults. Not called while all faults are off. */
  random(): number;
  /** Left out when nobody listens: then events are not even made. */
  emit?(event: CloudEventBody): void;
  /** Carries out a request; one that came in blocks is given whole, with its last block's options. */
  handle(request: CoapRequest, peer: Peer, now: number): Answer | RefusedRequest;
  /**
   * Whether the sender may send this at all: asked about each block that `handle` does not get to see,
   * before any byte of it is kept and any byte of an answer is given away. The payload is the block's.
   */
  admits?(request: CoapRequest, peer: Peer, now: number): RefusedRequest | undefined;
  limits?: Partial<MessageLimits>;
}

export interface MessageCounters {
  datagrams: number;
  malformed: number;
  duplicateRequests: number;
  /** Messages that take no answer: ACK, RST, responses nobody asked for. */
  ignored: number;
  /** Datagrams dropped because of the rate limit. */
  rateLimited: number;
  /** Blocks of requests that were taken and that others follow. */
  blocksUp: number;
  /** Blocks of answers after their first. */
  blocksDown: number;
  /** Faults made on purpose, and datagrams for which there was no room to wait. */
  droppedUp: number;
  droppedDown: number;
  duplicatedDown: number;
  delayedDown: number;
  overflowDown: number;
  serverErrors: number;
}

const nothing = new Uint8Array(0);

export class MessageLayer {
  readonly counters: MessageCounters = {
    datagrams: 0,
    malformed: 0,
    duplicateRequests: 0,
    ignored: 0,
    rateLimited: 0,
    blocksUp: 0,
    blocksDown: 0,
    droppedUp: 0,
    droppedDown: 0,
    duplicatedDown: 0,
    delayedDown: 0,
    overflowDown: 0,
    serverErrors: 0,
  };
  readonly #options: MessageLayerOptions;
  readonly #limits: MessageLimits;
  #replies: ReplyStore;
  #uploads: Uploads;
  #downloads: Downloads;
  readonly #departures: Departures;
  readonly #rates: RateLimiter;
  #faults: Faults = noFaults;
  #down = false;
  #now = 0;
  #nextMessageId: number;

  /** @throws RangeError on a block size that is none */
  constructor(options: MessageLayerOptions) {
    this.#options = options;
    const limits = { ...defaultMessageLimits, ...options.limits };
    this.#limits = limits;
    this.#replies = replyStore(limits);
    this.#uploads = new Uploads(limits);
    this.#downloads = new Downloads(limits);
    this.#departures = new Departures(limits.departures);
    this.#rates = new RateLimiter(limits.ratedAddresses);
    this.#nextMessageId = options.firstMessageId ?? uint16(options.randomBytes(2));
  }

  /** When `poll` is to be called at the latest, ms; Infinity when nothing is under way. */
  get deadline(): number {
    return this.#departures.deadline;
  }

  /** A copy: faults are changed by setting them all. */
  get faults(): Faults {
    return { ...this.#faults };
  }

  /**
   * From the next datagram on; what waits already still leaves at its time.
   * @throws RangeError on a probability or delay that is none
   */
  set faults(faults: Readonly<Faults>) {
    this.#faults = checkFaults(faults);
  }

  /** While true every datagram is swallowed and none sent; what waits to be sent is lost as it begins. */
  get down(): boolean {
    return this.#down;
  }

  set down(down: boolean) {
    this.#down = down;
    if (down) this.counters.droppedDown += this.#departures.dropAll();
  }

  /** Forgets replies given, transfers under way and what waits to be sent; faults and limits stay. */
  restart(): void {
    this.#replies = replyStore(this.#limits);
    this.#uploads = new Uploads(this.#limits);
    this.#downloads = new Downloads(this.#limits);
    this.counters.droppedDown += this.#departures.dropAll();
  }

  /** A copy: the limit is changed by setting it. */
  get rateLimit(): RateLimit {
    return this.#rates.limit;
  }

  /**
   * From the next datagram on; every address starts anew with a full bucket.
   * @throws RangeError on a limit that is none
   */
  set rateLimit(limit: Readonly<RateLimit>) {
    this.#rates.limit = limit;
  }

  /** What is kept for peers, for bounds to be tested. */
  get held(): { uploads: number; downloads: number; departures: number; addresses: number } {
    return {
      uploads: this.#uploads.size,
      downloads: this.#downloads.size,
      departures: this.#departures.size,
      addresses: this.#rates.size,
    };
  }

  /** Takes in one datagram. No bytes of a datagram make it throw. `now` in ms. */
  receive(datagram: Uint8Array, peer: Peer, now: number): void {
    this.poll(now);
    this.counters.datagrams += 1;
    if (this.#down) {
      this.counters.droppedUp += 1;
      return;
    }
    const fate = drawFate(this.#faults, this.#options.random);
    if (fate.dropUp) {
      this.counters.droppedUp += 1;
      return;
    }
    const verdict = this.#rates.judge(peer.address, this.#now);
    if (verdict !== "taken") {
      this.counters.rateLimited += 1;
      if (verdict === "refused") this.#options.emit?.({ type: "rate-limited", peer });
      return;
    }
    const reply = this.#answer(datagram, peer, fate);
    if (reply !== undefined) this.#send(reply, peer, fate);
  }

  /** Sends what has come due. `now` in ms. */
  poll(now: number): void {
    this.#now = Math.max(this.#now, now);
    for (let next = this.#departures.take(this.#now); next; next = this.#departures.take(this.#now)) {
      this.#options.transmit(next.datagram, next.peer);
    }
  }

  #send(datagram: Uint8Array, peer: Peer, fate: Fate): void {
    if (fate.dropDown) {
      this.counters.droppedDown += 1;
      return;
    }
    const due = this.#now + this.#faults.delayDown;
    const late = due > this.#now || !this.#departures.clear;
    if (late) {
      if (!this.#departures.add(datagram, peer, due, false)) {
        this.counters.overflowDown += 1;
        return;
      }
      this.counters.delayedDown += 1;
    }
    if (fate.duplicateDown) {
      if (this.#departures.add(datagram, peer, due + duplicateAfter, true)) this.counters.duplicatedDown += 1;
      else this.counters.overflowDown += 1;
    }
    // Last, for whoever sends may come back with the next datagram.
    if (!late) this.#options.transmit(datagram, peer);
  }

  /** The bytes that answer a datagram, if any do. */
  #answer(datagram: Uint8Array, peer: Peer, fate: Fate): Uint8Array | undefined {
    // Nobody can be reached at port 0, and a socket refuses to send there.
    if (peer.port === 0) return this.#ignore();
    const message = decodeCoap(datagram);
    if ("malformed" in message) {
      const { malformed: reason, type, messageId } = message;
      const rejects = type === con && messageId !== undefined;
      this.counters.malformed += 1;
      this.#options.emit?.({ type: "malformed", peer, reason, answer: rejects ? "RST" : "none" });
      return rejects ? reset(messageId) : undefined;
    }
    if (message.type === ack || message.type === rst) return this.#ignore();
    if (message.code === 0 || message.code >> 5 !== 0) {
      this.#ignore();
      return message.type === con ? reset(message.messageId) : undefined;
    }

    const { messageId } = message;
    const known = this.#replies.find(peer, messageId, this.#now);
    if (known !== undefined) {
      const answered = message.type === con && known.reply !== undefined;
      this.counters.duplicateRequests += 1;
      this.#options.emit?.({ type: "duplicate-request", peer, messageId, answered });
      return answered ? known.reply : undefined;
    }
    const reply = this.#respond(message, peer, fate);
    // The reply to a NON is not kept: nobody asks for it again, only the network repeats the question.
    this.#replies.add(peer, messageId, message.type === con ? reply : undefined, this.#now);
    return reply;
  }

  #respond(message: CoapMessage, peer: Peer, fate: Fate): Uint8Array | undefined {
    let answer: Answer | RefusedRequest;
    try {
      const request = fate.serverError ? this.#fail() : readRequest(message, this.#limits);
      answer = "refused" in request ? request : this.#carryOut(request, peer);
    } catch (error) {
      answer = { refused: Code.internalError, reason: "internal error", told: true };
      const reason = printable(reasonOf(error), 256);
      this.#options.emit?.({ type: "internal-error", peer, reason });
    }
    if (!("refused" in answer)) return this.#encode(message, answer);
    const { refused: code, reason, options } = answer;
    if (answer.told === undefined) this.#options.emit?.({ type: "request-refused", peer, code, reason });
    if (message.type === non && answer.criticalOption) return undefined;
    return this.#encode(message, { code, options });
  }

  #fail(): RefusedRequest {
    this.counters.serverErrors += 1;
    return { refused: Code.internalError, reason: "a fault made on purpose" };
  }

  /** Answers a request or one block of it. */
  #carryOut(request: CoapRequest, peer: Peer): Answer | RefusedRequest {
    const { block1, block2 } = request;
    if (block1 !== undefined) return this.#upload(request, block1, peer);
    if (block2 === undefined || block2.num === 0) return this.#handle(request, peer);

    const key = transferKey(request, peer);
    // A GET may ask for any block at any time: it has no effect that could come twice.
    const kept = this.#downloads.has(key, this.#now);
    if (!kept && request.method === Code.get) return this.#handle(request, peer);
    const refusal = this.#options.admits?.(request, peer, this.#now);
    if (refusal !== undefined) return refusal;
    const answer = this.#downloads.next(key, request, block2, this.#now);
    if (!("refused" in answer)) this.counters.blocksDown += 1;
    return answer;
  }

  #upload(request: CoapRequest, block: Block, peer: Peer): Answer | RefusedRequest {
    const key = transferKey(request, peer);
    const whole = block.more ? undefined : this.#uploads.complete(key, request, block, this.#now);
    if (whole instanceof Uint8Array) {
      const answer = this.#handle({ ...request, payload: whole }, peer);
      // Not the device's own block: its body still waits for the true one.
      if ("refused" in answer && answer.refused === Code.unauthorized) return answer;
      this.#uploads.delete(key);
      if ("refused" in answer) return answer;
      return withOptions(answer, [{ number: OptionNumber.block1, value: writeBlock(block) }]);
    }
    // Asked before anything is said: whether there is such a transfer is nobody else's business.
    const refusal = this.#options.admits?.(request, peer, this.#now);
    if (refusal !== undefined) return refusal;
    if (whole !== undefined) return whole;
    const answer = this.#uploads.take(key, request, block, this.#now);
    if (!("refused" in answer)) this.counters.blocksUp += 1;
    return answer;
  }

  /** Has a whole request carried out, and cuts the answer up when need be. */
  #handle(request: CoapRequest, peer: Peer): Answer | RefusedRequest {
    const answer = this.#options.handle(request, peer, this.#now);
    if ("refused" in answer) return answer;
    if (answer.isBlock) {
      if (request.block2 !== undefined && request.block2.num > 0) this.counters.blocksDown += 1;
      return answer;
    }
    return this.#downloads.start(answer, request, () => transferKey(request, peer), this.#now);
  }

  #encode(request: CoapMessage, answer: Answer): Uint8Array {
    const confirmable = request.type === con;
    let { messageId } = request;
    if (!confirmable) {
      messageId = this.#nextMessageId;
      this.#nextMessageId = (messageId + 1) & 0xffff;
    }
    return encodeCoap({
      type: confirmable ? ack : non,
      code: answer.code,
      messageId,
      token: request.token,
      options: answer.options ?? [],
      payload: answer.payload ?? nothing,
    });
  }

  #ignore(): undefined {
    this.counters.ignored += 1;
  }
}

function replyStore({ repliesPerPeer, repliesTotal }: MessageLimits): ReplyStore {
  return new ReplyStore({ perPeer: repliesPerPeer, total: repliesTotal });
}

function uint16([high, low]: Uint8Array): number {
  return (high << 8) | low;
}

function reset(messageId: number): Uint8Array {
  return encodeCoap({ type: rst, code: 0, messageId, token: nothing, options: [], payload: nothing });
}
