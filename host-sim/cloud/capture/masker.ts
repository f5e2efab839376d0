/**
 * What of a datagram must not be shown, and which request an answer belongs to: the one masker of the console, the
 * capture of a running stand-in and the report of a run.
 *
 * Shown is what is known to be harmless: header and token, the path, options that are numbers, the path and payload of a
 * command, and the payload of a request to one of EnOS's topics and of its answer. Masked is everything else: signatures
 * (option 2101), both sides of an authentication (the answer holds the session's token), options with no known meaning,
 * answers to requests that nobody saw, and all of what is no CoAP.
 */
import { hex, printable, text } from "../coap/coap-text";
import { ack, decodeCoap } from "../coap/coap-wire";
import type { CoapMessage, MalformedCoap } from "../coap/coap-wire";
import { OptionNumber, optionForms } from "../coap/options";
import { purposeOfRoute } from "../enos/purpose";
import type { Purpose } from "../enos/purpose";
import { findTarget } from "../enos/topics";
import type { Peer } from "../events";

/** Options that are texts for people. */
const openTexts: ReadonlySet<number> = new Set([
  OptionNumber.uriPath,
  OptionNumber.commandPath,
  OptionNumber.commandPayload,
]);
/** A number has at most so many bytes. */
const longestNumber = 4;

/** Requests that are remembered at most, for their answers. */
const mostRequests = 4096;
/** Longest path that is told, characters before it is escaped. */
const longestPath = 256;

/** First byte and count. */
export type ByteRange = readonly [at: number, length: number];

/** A datagram that may be shown. */
export interface Masked {
  /** What was read of the datagram; its values are views into the datagram as it came, secrets and all. */
  readonly message: CoapMessage | MalformedCoap;
  /** As long as the datagram, with `filler` for each byte that is masked. */
  readonly bytes: Uint8Array;
  /** Where the masked bytes are, in ascending order. */
  readonly ranges: readonly ByteRange[];
  /** How many they are. */
  readonly hidden: number;
  /** `productKey/deviceKey` where it is known: by the path, or by whom it answers. */
  readonly device: string | undefined;
  /** The path of the request, also of the one that an answer belongs to; empty without one. */
  readonly path: string;
  /** What that request is about. */
  readonly purpose: Purpose;
}

/** What is remembered of a request for its answer. */
interface Asked {
  readonly device: string | undefined;
  readonly path: string;
  readonly purpose: Purpose;
  /** The payload may be shown, the answer's too. */
  readonly open: boolean;
}

const nobody: Asked = { device: undefined, path: "", purpose: "other", open: false };

/** Hears all datagrams in their order. */
export class Masker {
  readonly #asked = new Map<string, Asked>();
  readonly #filler: number;

  /** @param filler what stands for a masked byte */
  constructor(filler: number) {
    this.#filler = filler;
  }

  /**
   * The next datagram, masked; what was given is not changed. Never throws, whatever the bytes.
   * @param way up: from a device to the cloud
   * @param peer the device's address, as the cloud sees it
   */
  mask(way: "up" | "down", datagram: Uint8Array, peer: Peer): Masked {
    // Not `slice`, by which a Buffer shares its bytes with the copy.
    const bytes = new Uint8Array(datagram);
    const message = decodeCoap(datagram);
    if ("malformed" in message) {
      // What cannot be read cannot be judged.
      const ranges: ByteRange[] = bytes.length === 0 ? [] : [[0, bytes.length]];
      bytes.fill(this.#filler);
      return { message, bytes, ranges, hidden: bytes.length, device: undefined, path: "", purpose: "other" };
    }
    const { device, path, purpose, open } = this.#about(way, `${peer.address}:${peer.port}`, message);
    const ranges: ByteRange[] = [];
    let hidden = 0;
    // Values are views into the datagram, in its order.
    const hide = ({ byteOffset, length }: Uint8Array): void => {
      if (length === 0) return;
      const at = byteOffset - datagram.byteOffset;
      ranges.push([at, length]);
      bytes.fill(this.#filler, at, at + length);
      hidden += length;
    };
    for (const { number, value } of message.options) if (!isOpen(number, value)) hide(value);
    if (!open || (message.code >= 64 && hasToken(message.payload))) hide(message.payload);
    return { message, bytes, ranges, hidden, device, path, purpose };
  }

  /**
   * What a message is about: a request says it itself. An answer in an acknowledgement belongs to the request with its
   * message id, any other to the one with its token. Where a device uses one token for everything, the answer to its
   * authentication may come after its next request: then the message id tells them apart, and what has only the token
   * stays masked.
   */
  #about(way: "up" | "down", peer: string, { type, code, messageId, token, options }: CoapMessage): Asked {
    // The id ties an empty message, but it tells nothing that would have to be masked.
    if (code === 0) return nobody;
    const byToken = `${peer} ${hex(token)}`;
    const byId = `${byToken} ${messageId}`;
    const isRequest = code < 32;
    if (!isRequest || way === "down") {
      const exact = type === ack ? this.#asked.get(byId) : undefined;
      const alike = exact ?? this.#asked.get(byToken);
      if (alike === undefined) return nobody;
      return { ...alike, open: alike.open && (exact !== undefined || type !== ack) };
    }
    const segments = options
      .filter(({ number }) => number === OptionNumber.uriPath)
      .map(({ value }) => text(value));
    const target = findTarget(segments);
    const asked: Asked = {
      device: deviceOf(segments),
      purpose: target === undefined ? "other" : purposeOfRoute(target.route),
      open: target !== undefined && target.route.service !== "auth",
      path: printable(`/${segments.join("/")}`, longestPath),
    };
    // A device that starts anew may begin with the same ids: the cloud takes its request for the one before, which may
    // have been an authentication, and sends that one's answer again.
    for (const key of [byId, byToken]) {
      this.#remember(key, { ...asked, open: asked.open && this.#asked.get(key)?.open !== false });
    }
    return asked;
  }

  #remember(key: string, asked: Asked): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    // Each request has two keys.
    if (this.#asked.size > 2 * mostRequests) this.#asked.delete(this.#asked.keys().next().value!);
  }
}

/** Whether an answer gives out a session's token, whichever request it seems to belong to. */
function hasToken(payload: Uint8Array): boolean {
  const plain = text(payload).replace(/\\u([0-9a-fA-F]{4})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return /"token"\s*:/i.test(plain);
}

/** The device that a path names, also where what is below it is no topic of EnOS. */
function deviceOf([root, sys, ...keys]: readonly string[]): string | undefined {
  const [productKey, deviceKey] = root === "auth" ? [sys, keys[0]] : keys;
  const isDevice = root === "auth" ? keys.length === 1 : root === "topic" && sys === "sys";
  return isDevice && deviceKey !== undefined ? printable(`${productKey}/${deviceKey}`) : undefined;
}

/** Whether an option's value may be shown. */
function isOpen(number: number, value: Uint8Array): boolean {
  if (openTexts.has(number)) return true;
  return optionForms[number]?.as === "number" && value.length <= longestNumber;
}
