/** A message layer under test, a handler that writes down what it is given, and a peer that asks. */
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { CoapMessage, CoapOption } from "../../../../host-sim/cloud/coap/coap-wire";
import type { Peer } from "../../../../host-sim/cloud/events";
import { MessageLayer } from "../../../../host-sim/cloud/coap/message-layer";
import type { MessageLayerOptions } from "../../../../host-sim/cloud/coap/message-layer";
import type { Answer, CoapRequest, RefusedRequest } from "../../../../host-sim/cloud/coap/request";
import { Random } from "../../../../host-sim/sim/time/random";
import { noBytes, demoPeer, dotted, message, uriPath } from "../harness";

type Event = Parameters<NonNullable<MessageLayerOptions["emit"]>>[0];

export interface LayerRig {
  layer: MessageLayer;
  sent: { bytes: Uint8Array; peer: Peer; at: number }[];
  events: Event[];
  /** What `handle` was given. */
  handled: CoapRequest[];
  /** What `admits` was asked about. */
  asked: CoapRequest[];
  /** How often `random` was called. */
  draws: number;
  /** Hands a datagram in; what was sent meanwhile stands in `sent`. */
  receive(bytes: Uint8Array, now?: number, peer?: Peer): void;
  poll(now: number): void;
}

export interface LayerBenchOptions extends Partial<Omit<MessageLayerOptions, "handle" | "admits">> {
  handle?(request: CoapRequest): Answer | RefusedRequest;
  admits?(request: CoapRequest): RefusedRequest | undefined;
  /** What `random` gives, by turns; at random when left out. */
  chances?: readonly number[];
}

export function layerRig(options: LayerBenchOptions = {}): LayerRig {
  const random = new Random("message layer test");
  const { handle = () => ({ code: 0x44 }), admits = () => undefined, chances, ...rest } = options;
  let clock = 0;
  const rig: LayerRig = {
    layer: new MessageLayer({
      transmit: (bytes, peer) => rig.sent.push({ bytes, peer, at: clock }),
      randomBytes: (n) => random.bytes(n),
      random() {
        rig.draws += 1;
        return chances === undefined ? random.next() : chances[(rig.draws - 1) % chances.length];
      },
      emit: (event) => rig.events.push(event),
      handle(request) {
        rig.handled.push(request);
        return handle(request);
      },
      admits(request) {
        rig.asked.push(request);
        return admits(request);
      },
      ...rest,
    }),
    sent: [],
    events: [],
    handled: [],
    asked: [],
    draws: 0,
    receive(bytes, now = clock, peer = demoPeer) {
      clock = now;
      rig.layer.receive(bytes, peer, now);
    },
    poll(now) {
      clock = now;
      rig.layer.poll(now);
    },
  };
  return rig;
}

/** `3/1/64` as the value of a block option: number, M, bytes. */
function blockValue(text: string): Uint8Array {
  const [num, more, size] = text.split("/").map(Number);
  const value = num * 16 + more * 8 + (size === 2048 ? 7 : Math.log2(size) - 4);
  const bytes = [value >> 16, (value >> 8) & 255, value & 255];
  while (bytes[0] === 0) bytes.shift();
  return Uint8Array.from(bytes);
}

/** The option's value as `3/1/64`; undefined when it is not there. */
export function blockText(options: readonly CoapOption[], number: number): string | undefined {
  const value = uintOf(options, number);
  if (value === undefined) return undefined;
  return `${value >> 4}/${(value >> 3) & 1}/${16 << (value & 7)}`;
}

export function uintOf(options: readonly CoapOption[], number: number): number | undefined {
  const option = options.find((each) => each.number === number);
  return option?.value.reduce((sum, byte) => sum * 256 + byte, 0);
}

export interface Part {
  path?: string;
  code?: number;
  type?: 0 | 1;
  /** Block1 and Block2, such as `3/1/64`. */
  up?: string;
  down?: string;
  options?: CoapOption[];
  payload?: Uint8Array;
}

/** A reply in short: code, then Block1, Block2, Size1 and Size2 as far as they are there, then bytes. */
export interface Told {
  line: string;
  message: CoapMessage;
}

/** Asks a layer, each time with a message id and a token of its own. */
export class Asker {
  readonly rig: LayerRig;
  readonly peer: Peer;
  #messageId = 0;
  last: Uint8Array = noBytes;

  constructor(rig: LayerRig, peer: Peer = demoPeer) {
    this.rig = rig;
    this.peer = peer;
  }

  ask(part: Part, now?: number): Told {
    const { path = "a/b", up, down, payload = noBytes, type = 0, code = 2 } = part;
    this.#messageId += 1;
    const options = [...uriPath(path.split("/")), ...(part.options ?? [])];
    if (up !== undefined) options.push({ number: 27, value: blockValue(up) });
    if (down !== undefined) options.push({ number: 23, value: blockValue(down) });
    const messageId = this.#messageId;
    const token = Uint8Array.of(messageId >> 8, messageId & 255);
    this.last = encodeCoap(message({ type, code, messageId, token, options, payload }));
    const before = this.rig.sent.length;
    this.rig.receive(this.last, now, this.peer);
    if (this.rig.sent.length !== before + 1) throw new Error("expected one reply");
    return told(this.rig.sent[before].bytes);
  }

  /** Sends a body up in blocks of one size; what was answered, in order. */
  upload(body: Uint8Array, size: number, part: Part = {}, now?: number): Told[] {
    const answers: Told[] = [];
    for (let from = 0; from === 0 || from < body.length; from += size) {
      const more = from + size < body.length ? 1 : 0;
      const payload = body.subarray(from, from + size);
      answers.push(this.ask({ ...part, up: `${from / size}/${more}/${size}`, payload }, now));
    }
    return answers;
  }

  /** Asks for all of an answer's body; `first` is what was answered with its first block. */
  rest(first: Told, part: Part, now?: number): Uint8Array {
    let body = Buffer.from(first.message.payload);
    let block = blockText(first.message.options, 23);
    while (block !== undefined && block.split("/")[1] === "1") {
      const size = Number(block.split("/")[2]);
      const next = this.ask({ ...part, down: `${body.length / size}/0/${size}` }, now);
      body = Buffer.concat([body, next.message.payload]);
      block = blockText(next.message.options, 23);
    }
    return body;
  }
}

export function told(bytes: Uint8Array): Told {
  const reply = decodeCoap(bytes);
  if ("malformed" in reply) throw new Error(reply.malformed);
  const { options, payload } = reply;
  const parts = [dotted(reply.code)];
  for (const [number, name] of [
    [27, "1:"],
    [23, "2:"],
  ] as const) {
    const text = blockText(options, number);
    if (text !== undefined) parts.push(name + text);
  }
  for (const [number, name] of [
    [60, "size1="],
    [28, "size2="],
  ] as const) {
    const value = uintOf(options, number);
    if (value !== undefined) parts.push(`${name}${value}`);
  }
  if (payload.length > 0) parts.push(`${payload.length}B`);
  return { line: parts.join(" "), message: reply };
}

/** Bytes without a pattern. */
export function bodyOf(length: number, seed = "body"): Uint8Array {
  return new Random(`${seed} ${length}`).bytes(length);
}
