/**
 * What somebody on the path makes of the datagrams that pass: whose request it is and on which topic, and which request an
 * answer is to. It takes no key: EnOS's paths are in plain.
 *
 *     /auth/PK/DK     /topic/sys/PK/DK/thing/model/up_raw
 */
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { Code } from "../../cloud/coap/codes";
import { OptionNumber } from "../../cloud/coap/options";
import type { CoapMessage } from "../../cloud/coap/coap-wire";
import type { Endpoint } from "../radio/nat";

/** A device's request. */
export interface TappedRequest {
  readonly productKey: string;
  readonly deviceKey: string;
  /** Path below the device's own, such as `thing/model/up_raw`; "auth" for an authentication. */
  readonly topic: string;
  readonly message: CoapMessage;
  /** Where an answer has to go. */
  readonly peer: Endpoint;
}

/** The server's answer to one. */
export interface TappedAnswer {
  readonly to: TappedRequest;
  readonly message: CoapMessage;
}

/** Requests whose answers are waited for. */
const remembered = 64;

/** Reads what passes, both ways. */
export class WireTap {
  /** By the device's side and the token, the oldest first. */
  readonly #open = new Map<string, TappedRequest>();

  /** A device's datagram; undefined for what is no request of the protocol, such as an empty acknowledgement. */
  request(datagram: Uint8Array, peer: Endpoint): TappedRequest | undefined {
    const message = decodeCoap(datagram);
    if ("malformed" in message || (message.code !== Code.get && message.code !== Code.post)) return undefined;
    const path = message.options
      .filter(({ number }) => number === OptionNumber.uriPath)
      .map(({ value }) => Buffer.from(value).toString());
    const own = path[0] === "auth" ? path.slice(1, 3) : path.slice(2, 4);
    if (own.length < 2) return undefined;
    const [productKey, deviceKey] = own;
    const topic = path[0] === "auth" ? "auth" : path.slice(4).join("/");
    const request = { productKey, deviceKey, topic, message, peer: { ...peer } };
    const key = nameOf(message, peer);
    this.#open.delete(key);
    this.#open.set(key, request);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= remembered) break;
      this.#open.delete(oldest);
    }
    return request;
  }

  /** The server's datagram; undefined for one that answers no request that was seen. */
  answer(datagram: Uint8Array, peer: Endpoint): TappedAnswer | undefined {
    const message = decodeCoap(datagram);
    if ("malformed" in message || message.code === 0) return undefined;
    const to = this.#open.get(nameOf(message, peer));
    return to && { to, message };
  }
}

function nameOf({ token }: CoapMessage, { address, port }: Endpoint): string {
  return `${address}:${port} ${Buffer.from(token).toString("hex")}`;
}
