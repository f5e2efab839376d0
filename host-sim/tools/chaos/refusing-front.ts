/**
 * A front of the cloud that answers some requests itself, with a code of its choice, as a gateway or a server does
 * that is half broken: the cloud behind it never sees those.
 *
 *     device == cell == front -- cloud
 *                         `--- 4.04, or 2.04 with {"id":"17","code":1212,"data":{}}
 *
 * A retransmission gets what its original got.
 */
import { code, con, ack, decodeCoap, encodeCoap } from "../../cloud/coap/coap-wire";
import { Code } from "../../cloud/coap/codes";
import { OptionNumber } from "../../cloud/coap/options";
import type { CoapMessage } from "../../cloud/coap/coap-wire";
import type { Peer } from "../../cloud/cloud";
import type { Random } from "../../sim/time/random";
import type { World } from "../../sim/world/world";

/** Share of the requests that the front answers while it is at it. */
const share = 0.5;
/** Requests that it keeps in mind, for their retransmissions. */
const mostKept = 64;

const nothing = new Uint8Array(0);

/** Stands between a world's cell and its cloud. */
export class RefusingFront {
  readonly #world: World;
  readonly #random: Random;
  /** What requests got, by peer and message id; undefined for those that the cloud answers. */
  readonly #given = new Map<string, Uint8Array | undefined>();
  /** Code of CoAP with which it answers, 404 for 4.04; undefined: it does not. */
  coapCode: number | undefined;
  /** Code of EnOS that it puts into the bodies of its answers, likewise. */
  enosCode: number | undefined;
  /** Answers given by now. */
  answers = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    world.front = (datagram, peer) => this.#answer(datagram, peer);
  }

  #answer(datagram: Uint8Array, peer: Peer): Uint8Array | undefined {
    const idle = this.coapCode === undefined && this.enosCode === undefined;
    if ((idle && this.#given.size === 0) || this.#world.cloud.down) return undefined;
    const request = decodeCoap(datagram);
    if ("malformed" in request || request.type !== con || request.code === 0) return undefined;
    const key = `${peer.address} ${peer.port} ${request.messageId}`;
    if (this.#given.has(key)) return this.#given.get(key);
    if (idle) {
      this.#given.clear();
      return undefined;
    }
    const answer = this.#random.chance(share) ? this.#refuse(request) : undefined;
    if (answer !== undefined) this.answers += 1;
    if (this.#given.size >= mostKept) this.#given.delete(this.#given.keys().next().value!);
    this.#given.set(key, answer);
    return answer;
  }

  #refuse(request: CoapMessage): Uint8Array | undefined {
    const { coapCode, enosCode } = this;
    if (coapCode !== undefined) return answerTo(request, code(Math.floor(coapCode / 100), coapCode % 100));
    const body = this.#body(request, enosCode!);
    return body === undefined ? undefined : answerTo(request, Code.changed, body);
  }

  /** The body of an answer with a code of EnOS's, in the form of the request's; undefined where it has none. */
  #body({ code: method, options, payload }: CoapMessage, enosCode: number): Uint8Array | undefined {
    const path = options
      .filter(({ number }) => number === OptionNumber.uriPath)
      .map(({ value }) => Buffer.from(value).toString());
    const last = path.at(-1) ?? "";
    if (method !== Code.post || path[0] === "auth" || last.endsWith("_reply")) return undefined;
    // Of a body in blocks only the last one would get such an answer.
    if (options.some(({ number }) => number === OptionNumber.block1)) return undefined;
    const { cloud, device } = this.#world;
    const json =
      last === "up_raw" ? cloud.products.scriptToJson(device.productKey, payload) : textOf(payload);
    const id = typeof json === "string" ? idOf(json) : undefined;
    if (id === undefined) return undefined;
    const text = JSON.stringify({ id, code: enosCode, data: {} });
    if (last !== "up_raw") return Buffer.from(text);
    const raw = cloud.products.scriptToRaw(device.productKey, text);
    // Without a body the answer would say that all is well.
    return raw instanceof Uint8Array && raw.length > 0 ? raw : undefined;
  }
}

function answerTo(
  { messageId, token }: CoapMessage,
  codeByte: number,
  payload: Uint8Array = nothing,
): Uint8Array {
  return encodeCoap({ type: ack, code: codeByte, messageId, token, options: [], payload });
}

function textOf(payload: Uint8Array): string {
  return Buffer.from(payload).toString();
}

function idOf(json: string): unknown {
  try {
    return (JSON.parse(json) as { id?: unknown }).id;
  } catch {
    return undefined;
  }
}
