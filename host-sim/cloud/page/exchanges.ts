/**
 * Which message answers which. Pure: it hears messages as they are seen at the cloud, in any order and any number, and
 * keeps the last exchanges of them. What it can tell is the cloud's side alone: that an answer left, never that it
 * arrived. A request that comes again after its answer left is the one sign that the answer was not heard.
 *
 *     request ──▶  answer in the acknowledgement     by message id (RFC 7252 section 5.2.1)
 *     request ──▶  acknowledgement, answer later     by message id, then by token (section 5.2.2)
 *     ping ──▶     reset                             by message id
 */

/** As much of a message as pairing takes. */
export interface PairedMessage {
  /** Counts up over all messages. */
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  readonly way: "up" | "down";
  readonly peer: string;
  /** Undefined, like the members below, of what is no CoAP. */
  readonly type?: "CON" | "NON" | "ACK" | "RST";
  /** As RFC 7252 writes it. */
  readonly code?: string;
  readonly messageId?: number;
  /** The token in hexadecimal; undefined for an empty one. */
  readonly exchange?: string;
}

/** One request with what belongs to it, or what belongs to none. */
export interface Exchange<M extends PairedMessage> {
  /** Number of its first message. */
  readonly number: number;
  /** Its messages as they came; of very many the first ones. */
  readonly messages: readonly M[];
  /** Messages that are not in the list. */
  readonly more: number;
  /** Its first sending; undefined of an answer that nobody asked for here. */
  readonly request: M | undefined;
  /** How often the request came. */
  readonly sendings: number;
  /** Its first answer: a response, or the reset that ends it. */
  readonly answer: M | undefined;
  /** How often the answer left. */
  readonly answers: number;
  /** The empty acknowledgement of a request that is answered later. */
  readonly acknowledged: M | undefined;
  /** Sendings that came after the answer had left: the device had not heard it. */
  readonly unheard: number;
}

/** How an exchange stands. */
export type ExchangeState =
  /** `latency`: ms from the request's first sending to its answer; 0 or more. */
  | { readonly kind: "answered"; readonly latency: number }
  /** `since`: ms. */
  | { readonly kind: "waiting"; readonly since: number }
  /** Longer than a sender waits. */
  | { readonly kind: "unanswered" }
  /** Not a request, or no CoAP: there is nothing to wait for. */
  | { readonly kind: "alone" };

/** MAX_TRANSMIT_WAIT: so long after its first sending a sender of RFC 7252 gives up, ms (section 4.8.2). */
export const givesUpAfter = 93_000;
/** EXCHANGE_LIFETIME: so long a message id means the same message, ms (section 4.8.2). */
const lifetime = 247_000;
/** Messages of one exchange that are kept. */
const mostOfOne = 32;

interface Mutable<M extends PairedMessage> extends Exchange<M> {
  readonly messages: M[];
  more: number;
  request: M | undefined;
  sendings: number;
  answer: M | undefined;
  answers: number;
  acknowledged: M | undefined;
  unheard: number;
  /** Under which it is found. */
  readonly keys: string[];
}

export class Exchanges<M extends PairedMessage> {
  readonly #most: number;
  readonly #list: Mutable<M>[] = [];
  readonly #byKey = new Map<string, Mutable<M>>();
  /** Messages that were heard of those exchanges that are kept. */
  #messages = 0;

  /** @param most messages kept, in all exchanges together: the oldest exchange goes first */
  constructor(most: number) {
    this.#most = most;
  }

  /** In the order in which they began. */
  get list(): readonly Exchange<M>[] {
    return this.#list;
  }

  /** How much is held, for its bound to be tested. */
  get held(): { readonly messages: number; readonly keys: number } {
    return { messages: this.#messages, keys: this.#byKey.size };
  }

  /** Takes in a message. Returns its exchange, which is a new one where it belongs to none. */
  add(message: M): Exchange<M> {
    const { code, type } = message;
    const isRequest = code !== undefined && code.startsWith("0.") && code !== "0.00";
    const isEmpty = code === "0.00";
    if (isRequest || (isEmpty && (type === "CON" || type === "NON"))) return this.#asked(message);
    if (code === undefined) return this.#begin(message, []);
    return isEmpty ? this.#acknowledged(message) : this.#answered(message);
  }

  #asked(message: M): Exchange<M> {
    const { at, exchange, code } = message;
    const byId = idKey(message, message.way);
    const known = this.#byKey.get(byId);
    const first = known?.request;
    const isSame =
      first !== undefined &&
      first.exchange === exchange &&
      first.code === code &&
      Math.abs(at - first.at) < lifetime;
    if (isSame) {
      known!.sendings += 1;
      if (known!.answer !== undefined) known!.unheard += 1;
      return this.#append(known!, message);
    }
    const begun = this.#begin(message, [byId, tokenKey(message, message.way)]);
    begun.request = message;
    begun.sendings = 1;
    return begun;
  }

  #answered(message: M): Exchange<M> {
    const from = other(message.way);
    const byId = this.#byKey.get(idKey(message, from));
    const byToken = this.#byKey.get(tokenKey(message, from));
    // An acknowledgement has its request's id; any other message has an id of its own.
    const asked = message.type === "ACK" && byId?.request?.exchange === message.exchange ? byId : byToken;
    if (asked === undefined) return this.#begin(message, [idKey(message, message.way)]);
    asked.answers += 1;
    asked.answer ??= message;
    // One in a message of its own may be acknowledged, which has its id.
    if (message.type === "CON") this.#find(asked, idKey(message, message.way));
    return this.#append(asked, message);
  }

  #acknowledged(message: M): Exchange<M> {
    const about = this.#byKey.get(idKey(message, other(message.way)));
    if (about === undefined) return this.#begin(message, []);
    const isOfRequest =
      about.request?.way === other(message.way) && about.request.messageId === message.messageId;
    if (isOfRequest && message.type === "RST") {
      about.answers += 1;
      about.answer ??= message;
    } else if (isOfRequest) about.acknowledged ??= message;
    return this.#append(about, message);
  }

  #begin(message: M, keys: readonly string[]): Mutable<M> {
    const begun: Mutable<M> = {
      ...{ number: message.number, messages: [], more: 0, request: undefined, sendings: 0 },
      ...{ answer: undefined, answers: 0, acknowledged: undefined, unheard: 0, keys: [] },
    };
    for (const key of keys) this.#find(begun, key);
    this.#list.push(begun);
    return this.#append(begun, message);
  }

  /** Has an exchange found under a key. */
  #find(exchange: Mutable<M>, key: string): void {
    if (this.#byKey.get(key) === exchange) return;
    this.#byKey.set(key, exchange);
    // Answers of their own that come again and again have an id each: the last ones do.
    if (exchange.keys.length >= mostOfOne) {
      const [old] = exchange.keys.splice(2, 1);
      if (this.#byKey.get(old) === exchange) this.#byKey.delete(old);
    }
    exchange.keys.push(key);
  }

  #append(exchange: Mutable<M>, message: M): Mutable<M> {
    if (exchange.messages.length < mostOfOne) {
      exchange.messages.push(message);
      this.#messages += 1;
    } else exchange.more += 1;
    let gone = 0;
    while (this.#messages > this.#most && gone < this.#list.length - 1) {
      const oldest = this.#list[gone++];
      this.#messages -= oldest.messages.length;
      for (const key of oldest.keys) if (this.#byKey.get(key) === oldest) this.#byKey.delete(key);
    }
    if (gone > 0) this.#list.splice(0, gone);
    return exchange;
  }
}

/** How an exchange stands at a time, epoch ms. */
export function stateOf<M extends PairedMessage>(
  { request, answer }: Exchange<M>,
  now: number,
): ExchangeState {
  if (request === undefined) return { kind: "alone" };
  if (answer !== undefined) return { kind: "answered", latency: Math.max(0, answer.at - request.at) };
  // A ping that is no confirmable one asks for nothing.
  if (request.code === "0.00" && request.type !== "CON") return { kind: "alone" };
  const since = Math.max(0, now - request.at);
  return since < givesUpAfter ? { kind: "waiting", since } : { kind: "unanswered" };
}

function other(way: "up" | "down"): "up" | "down" {
  return way === "up" ? "down" : "up";
}

/** @param from which way the request went */
function idKey({ peer, messageId }: PairedMessage, from: "up" | "down"): string {
  return `${from} ${peer} #${messageId}`;
}

function tokenKey({ peer, exchange = "" }: PairedMessage, from: "up" | "down"): string {
  return `${from} ${peer} ${exchange}`;
}
