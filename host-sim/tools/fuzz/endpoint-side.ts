/**
 * One of the two endpoints that the fuzzer sets upon each other, and the rules that it has to keep:
 * whatever goes in and out passes through here and is compared with what may be.
 */
import { Code, Type, isRequest, isResponse } from "../../../firmware/coap/code";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { serverHalf } from "../../../firmware/coap/server-half";
import { decode, decodeCut } from "../../../firmware/coap/message";
import { WireReader } from "../../../firmware/coap/wire-reader";
import { OptionNumber } from "../../../firmware/coap/option";
import { exchangeLifetime, maxTransmitWait } from "../../../firmware/coap/transmission";
import { ascii, asciiText } from "../../../firmware/text/ascii";
import { Violation, check, hex } from "./target";
import type { EndpointOptions } from "../../../firmware/coap/endpoint";
import type { Exchange, IncomingRequest, Outcome, Response } from "../../../firmware/coap/exchange";
import type { Message } from "../../../firmware/coap/message";
import type { Watch, Witness } from "./target";

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** What a call of the endpoint set off, for as long as it lasts. */
interface Frame {
  readonly call: "receive" | "poll" | "request" | "cancel" | "respond" | "close";
  readonly from: Address | undefined;
  readonly message: Message | undefined;
  readonly sent: Uint8Array[];
  /** Calls of the application's within this one. */
  requests: number;
  responses: number;
}

/** A request of this side's application. */
export interface Asked {
  readonly id: number;
  readonly to: Address;
  readonly confirmable: boolean;
  exchange: Exchange | undefined;
  outcomes: number;
  /** Its last datagram: message id, token, time of its first transmission (none once it is answered). */
  messageId: number;
  token: string | undefined;
  sentAt: number;
}

/** A request of the other side's that this one has not answered. */
export interface Taken {
  readonly request: IncomingRequest;
  readonly confirmable: boolean;
}

export interface SideOptions extends Omit<EndpointOptions, "transmit" | "server" | "onDiscard"> {
  readonly maxDatagram: number;
  readonly remembered: number;
  readonly maxRequests: number;
  readonly maxTransfers: number;
  readonly separateAfter: number;
}

export interface SideEvents {
  /** A datagram has left. */
  transmit(datagram: Uint8Array, to: Address): void;
  /** The application is asked; it may call this side again. */
  serve(taken: Taken): void;
  /** A request of its own has ended; it may call this side again. */
  settled(asked: Asked): void;
}

export class Side {
  readonly name: string;
  readonly own: Address;
  readonly asked: Asked[] = [];
  readonly taken: Taken[] = [];
  /** What it sent lately, whole. */
  readonly recorded: Uint8Array[] = [];
  readonly endpoint: Endpoint;
  closed = false;
  now = 0;
  readonly #witness: Witness;
  readonly #options: SideOptions;
  readonly #events: SideEvents;
  readonly #watch: Watch;
  readonly #frames: Frame[] = [];
  /** Peer and message id of each message that came. */
  readonly #seen = new Set<string>();
  /** The same of those that were served, with how many had come by then, and until when it counts. */
  readonly #served = new Map<string, { at: number; until: number }>();
  #received = 0;
  #mostTaken = 0;
  /** When responses of this side's were handed over that do not ride on an ACK: they may wait for their turn. */
  readonly #separate: number[] = [];

  constructor(
    name: string,
    own: Address,
    options: SideOptions,
    events: SideEvents,
    watch: Watch,
    witness: Witness,
  ) {
    this.name = name;
    this.own = own;
    this.#options = options;
    this.#events = events;
    this.#watch = watch;
    this.#witness = witness;
    const { maxTransfers, separateAfter, ...rest } = options;
    this.endpoint = new Endpoint({
      ...rest,
      transmit: (datagram, address, port) => this.#transmit(datagram, { address, port }),
      server: serverHalf({
        maxTransfers,
        separateAfter,
        onRequest: witness.watching((request: IncomingRequest) => this.#serve(request)),
      }),
      onDiscard: (reason) => watch.feature(`discard ${reason}`),
    });
  }

  receive(datagram: Uint8Array, from: Address): void {
    this.#watch.input();
    const message = this.#decoded(datagram.slice(), from);
    const held = this.endpoint.held;
    // Empty ACKs that are due go out with the next request, should the clock be late.
    const due = this.endpoint.deadline <= this.now ? held.waiting : 0;
    const repeats = this.endpoint.retransmissions;
    const nested = this.#frames.length > 0;
    const wasClosed = this.closed;
    this.#watch.step?.(`${this.name} gets ${hex(datagram)} from ${from.address}:${from.port}`);
    const parsed = typeof message === "string" ? undefined : message;
    const isNew = parsed !== undefined && this.#see(parsed, from);
    const frame = this.#within("receive", { from, message: parsed }, () => {
      this.endpoint.receive(datagram.slice(), from.address, from.port, this.now);
    });
    this.#checkAnswers(frame, datagram, held.outgoing, due);
    if (parsed !== undefined) this.#continued(parsed, from);
    if (!nested) check(this.endpoint.retransmissions === repeats, "repeats itself by the clock only");
    if (isNew && !wasClosed) this.#checkTaken(frame, parsed, held.waiting);
  }

  /** As an endpoint reads it: of an answer that ends within an option what there is of it counts. */
  #decoded(datagram: Uint8Array, from: Address): Message | string {
    const message = decode(datagram);
    if (message !== "option-truncated" || ((datagram[0] >> 4) & 3) !== Type.acknowledgement) return message;
    const messageId = (datagram[2] << 8) | datagram[3];
    const awaited = this.asked.some(({ outcomes, to, messageId: id }) => {
      return outcomes === 0 && id === messageId && to.address === from.address && to.port === from.port;
    });
    const reader = new WireReader();
    if (!awaited || reader.read(datagram) === undefined) return message;
    return decodeCut(reader, Infinity) ?? message;
  }

  poll(now: number): void {
    this.now = Math.max(this.now, now);
    this.#within("poll", {}, () => this.endpoint.poll(this.now));
    check(this.endpoint.deadline > this.now, "after poll the deadline lies ahead", () => {
      return `${this.endpoint.deadline} at ${this.now}`;
    });
    const wait = maxTransmitWait(this.#options.transmission);
    for (const { id, confirmable, outcomes, token, sentAt } of this.asked) {
      const late = outcomes === 0 && confirmable && token !== undefined && sentAt + wait <= this.now;
      check(!late, "a confirmable request has its outcome by MAX_TRANSMIT_WAIT", () => `request ${id}`);
    }
  }

  request(to: Address, confirmable: boolean, code: number, path: string, payload: Uint8Array): void {
    const id = this.asked.length;
    const asked: Asked = {
      id,
      to,
      confirmable,
      exchange: undefined,
      outcomes: 0,
      messageId: -1,
      token: undefined,
      sentAt: 0,
    };
    this.asked.push(asked);
    for (const frame of this.#frames) frame.requests += 1;
    this.#watch.step?.(`${this.name} asks: request ${id}, code ${code}, ${payload.length} bytes`);
    const options = [
      { number: OptionNumber.uriPath, value: ascii(path) },
      { number: OptionNumber.uriQuery, value: ascii(`n=${id}`) },
    ];
    const onComplete = (outcome: Outcome): void => this.#settle(asked, outcome);
    this.#within("request", {}, () => {
      asked.exchange = this.endpoint.request(
        { ...to, code, confirmable, options, payload, onComplete },
        this.now,
      );
    });
  }

  cancel(asked: Asked): void {
    if (asked.exchange === undefined) return;
    this.#watch.step?.(`${this.name} cancels request ${asked.id}`);
    this.#within("cancel", {}, () => asked.exchange!.cancel(this.now));
    // One that is being closed gives the outcomes one after the other.
    const settled = asked.outcomes === 1 || this.closed;
    check(settled, "a cancelled request has its outcome", () => `request ${asked.id}`);
  }

  respond(taken: Taken, response: Response): void {
    const index = this.taken.indexOf(taken);
    if (index >= 0) this.taken.splice(index, 1);
    for (const frame of this.#frames) frame.responses += 1;
    this.#watch.step?.(`${this.name} answers ${response.code} with ${response.payload?.length ?? 0} bytes`);
    this.#within("respond", {}, () => {
      const wasClosed = this.closed;
      const before = this.#frames[this.#frames.length - 1].sent.length;
      const responded = taken.request.respond(response, this.now);
      const { sent } = this.#frames[this.#frames.length - 1];
      const rides = sent.slice(before).some((each) => ((each[0] >> 4) & 3) === Type.acknowledgement);
      if (taken.confirmable && !rides) this.#separate.push(this.now);
      this.#watch.feature(`responded ${responded}`);
      check(!wasClosed || responded === "closed", "says so when it is closed", () => responded);
    });
  }

  close(): void {
    this.#watch.step?.(`${this.name} closes`);
    this.closed = true;
    this.#within("close", {}, () => this.endpoint.close(this.now));
    check(this.endpoint.deadline === Infinity, "wants no call once it is closed");
    for (const { id, outcomes } of this.asked) {
      check(
        outcomes === 1,
        "each request has its outcome once its endpoint is closed",
        () => `request ${id}`,
      );
    }
    this.checkNothingHeld();
  }

  /** What must be true when nothing has happened for EXCHANGE_LIFETIME. */
  checkNothingHeld(): void {
    const { outgoing, received, waiting, transfers } = this.endpoint.held;
    check(outgoing + received + waiting + transfers === 0, "in the end nothing is held", () => {
      return JSON.stringify(this.endpoint.held);
    });
  }

  #within(call: Frame["call"], of: Partial<Pick<Frame, "from" | "message">>, run: () => void): Frame {
    const frame: Frame = { call, from: of.from, message: of.message, sent: [], requests: 0, responses: 0 };
    this.#frames.push(frame);
    try {
      this.#witness.watching(run)();
    } finally {
      this.#frames.pop();
    }
    this.#checkBounds();
    return frame;
  }

  #checkBounds(): void {
    const { maxRequests, remembered, maxTransfers } = this.#options;
    const held = this.endpoint.held;
    const bounded =
      held.outgoing <= maxRequests + remembered &&
      held.received <= remembered &&
      held.waiting <= remembered &&
      held.transfers <= 2 * maxTransfers;
    check(bounded, "the tables are bounded", () => JSON.stringify(held));
    this.#watch.feature(`held ${held.outgoing} ${held.received} ${held.waiting} ${held.transfers}`);
  }

  #transmit(datagram: Uint8Array, to: Address): void {
    this.#watch.step?.(`${this.name} sends ${hex(datagram)}`);
    check(!this.closed, "a closed endpoint is silent");
    check(datagram.length <= this.#options.maxDatagram, "no datagram is longer than it may be", () => {
      return `${datagram.length} bytes, not ${this.#options.maxDatagram}`;
    });
    const copy = datagram.slice();
    const message = decode(copy);
    if (typeof message === "string")
      throw new Violation("sends nothing that is malformed", `${message}: ${hex(copy)}`);
    const frame = this.#frames[this.#frames.length - 1];
    frame.sent.push(copy);
    if (isRequest(message.code)) this.#note(message);
    this.recorded.push(copy);
    if (this.recorded.length > 32) this.recorded.shift();
    this.#events.transmit(copy, to);
  }

  /** Learns from a request on its way what must come back. */
  #note(message: Message): void {
    const query = message.options.find(({ number }) => number === OptionNumber.uriQuery);
    const asked = this.asked[Number(asciiText(query!.value, 2))];
    check(asked.outcomes === 0, "nothing is sent for a request that has ended", () => `request ${asked.id}`);
    if (asked.messageId === message.messageId) return;
    asked.messageId = message.messageId;
    asked.token = hex(message.token);
    asked.sentAt = this.now;
  }

  /** A block of a response has come, and the request for the next one may wait for its turn. */
  #continued(message: Message, from: Address): void {
    if (!isResponse(message.code)) return;
    for (const asked of this.asked) {
      if (asked.outcomes > 0 || asked.token !== hex(message.token)) continue;
      if (asked.to.address === from.address && asked.to.port === from.port) asked.sentAt = Infinity;
    }
  }

  #settle(asked: Asked, outcome: Outcome): void {
    asked.outcomes += 1;
    this.#watch.step?.(`${this.name} request ${asked.id}: ${outcome.kind}`);
    const frame = this.#frames[this.#frames.length - 1];
    check(
      asked.outcomes === 1,
      "each request has one outcome",
      () => `request ${asked.id} has ${asked.outcomes}`,
    );
    check(frame !== undefined, "outcomes come within calls");
    const { call, from, message } = frame;
    const fits = ((): boolean => {
      const fromServer = from?.address === asked.to.address && from.port === asked.to.port;
      const sameId = message?.messageId === asked.messageId;
      switch (outcome.kind) {
        case "response":
          if (message === undefined || !fromServer || !isResponse(message.code)) return false;
          if (hex(message.token) !== asked.token || outcome.message.code === Code.empty) return false;
          if (message.type === Type.acknowledgement) return sameId && asked.confirmable;
          return message.type === Type.confirmable || message.type === Type.nonConfirmable;
        case "reset":
          return message?.type === Type.reset && message.code === Code.empty && fromServer && sameId;
        case "block-fault":
        case "body-too-large":
          return message !== undefined && fromServer && hex(message.token) === asked.token;
        case "timeout":
          return call === "poll" && asked.confirmable;
        case "no-response":
          return call === "poll";
        case "cancelled":
          return call === "cancel" || call === "close" || this.closed;
        default:
          return true;
      }
    })();
    check(fits, "an outcome has its cause", () => `request ${asked.id} ended as ${outcome.kind} in ${call}`);
    this.#watch.feature(`outcome ${outcome.kind} in ${call} of type ${message?.type} ${asked.confirmable}`);
    this.#events.settled(asked);
  }

  #serve(request: IncomingRequest): void {
    const { messageId, type } = request.message;
    const confirmable = type === Type.confirmable;
    const key = `${request.address} ${request.port} ${messageId}`;
    const former = this.#served.get(key);
    if (former !== undefined && former.until > this.now) {
      // The store holds the last few, less those whose handlers are at work or whose answers are on their way.
      const { transmission } = this.#options;
      const underWay = this.#separate.filter((at) => at + exchangeLifetime(transmission) > this.now).length;
      const since = this.#received - former.at + this.#mostTaken + underWay;
      check(since >= this.#options.remembered, "a duplicate is not served again", () => key);
    }
    const { transmission } = this.#options;
    // The shorter of EXCHANGE_LIFETIME and NON_LIFETIME, whatever it came as.
    const until = this.now + maxTransmitWait(transmission) / 2;
    this.#served.set(key, { at: this.#received, until });
    const taken = { request, confirmable };
    this.taken.push(taken);
    this.#mostTaken = Math.max(this.#mostTaken, this.taken.length);
    this.#watch.step?.(`${this.name} is asked: ${request.message.payload.length} bytes`);
    this.#watch.feature(`served code ${request.message.code} type ${type}`);
    this.#events.serve(taken);
  }

  /** What a datagram may set off, RFC 7252 sections 4.2 and 4.3. */
  #checkAnswers(frame: Frame, datagram: Uint8Array, outgoing: number, due: number): void {
    const typeOf = (bytes: Uint8Array): number => (bytes[0] >> 4) & 3;
    const answers = frame.sent.filter((sent) => typeOf(sent) >= Type.acknowledgement);
    const others = frame.sent.length - answers.length;
    const { responses, requests } = frame;
    check(
      answers.length <= 1 + responses + due,
      "one answer to one datagram",
      () => `${answers.length} answers`,
    );
    check(others <= 1 + responses + requests + outgoing, "sends no more than was asked for", () => {
      return `${others} messages`;
    });
    const type = datagram.length === 0 ? -1 : typeOf(datagram);
    const version = datagram.length === 0 ? -1 : datagram[0] >> 6;
    if (datagram.length < 4 || version !== 1 || type >= Type.acknowledgement) {
      check(answers.length <= responses, "no answer to ACK, RST or another version", () => hex(datagram));
    } else if (responses + due === 0) {
      for (const answer of answers) {
        const same = answer[2] === datagram[2] && answer[3] === datagram[3];
        check(
          same,
          "an answer has the message id of what it answers",
          () => `${hex(answer)} to ${hex(datagram)}`,
        );
      }
    }
    if (frame.message === undefined) {
      check(others === 0, "a malformed datagram has no effect");
      const allowed = answers.every((answer) => typeOf(answer) === Type.reset && type === Type.confirmable);
      check(allowed, "a malformed datagram gets RST when it is confirmable, else nothing");
    }
    this.#watch.feature(`type ${type} sets off ${frame.sent.map(typeOf).join("")}`);
  }

  /** Notes a message that comes; whether it is one that came before in no form. */
  #see(message: Message, from: Address): boolean {
    if (message.type >= Type.acknowledgement) return false;
    this.#received += 1;
    const key = `${from.address} ${from.port} ${message.messageId}`;
    const isNew = !this.#seen.has(key);
    this.#seen.add(key);
    return isNew;
  }

  /** Each confirmable message that is new is answered, or will be. */
  #checkTaken(frame: Frame, message: Message, waiting: number): void {
    if (this.closed || message.type !== Type.confirmable) return;
    const answered = frame.sent.some((sent) => ((sent[0] >> 4) & 3) >= Type.acknowledgement);
    const works = this.endpoint.held.waiting > waiting || frame.responses + frame.requests > 0;
    check(answered || works, "each new confirmable message is answered");
  }
}
