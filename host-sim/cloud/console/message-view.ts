/**
 * Datagrams as the console's sequence chart shows them. Signatures, the answer to an authentication (it holds the
 * session's token) and whatever is not known to be harmless are masked, in words and in bytes alike.
 */
import { codeText, hex, printable, text } from "../coap/coap-text";
import { decodeCoap } from "../coap/coap-wire";
import { OptionNumber, messageTypes, optionForms, uintOf } from "../coap/options";
import type { CoapMessage } from "../coap/coap-wire";
import { findTarget } from "../enos/topics";
import type { Message } from "./entries";

/** Options of which nothing is hidden but by their length: numbers, and texts for people. */
const openTexts: ReadonlySet<number> = new Set([OptionNumber.commandPath, OptionNumber.commandPayload]);

/** Longest payload shown as text, characters; and longest datagram shown in bytes. */
const longestText = 2000;
const longestBytes = 1500;
/** Longest path of the fields, characters before they are escaped. */
const longestPath = 512;
/** Most characters in the values of all fields, escaped: none is begun beyond it. */
const longestFields = 8192;

/** What stands for a masked byte in a capture: "*". */
const mask = 0x2a;
/** Requests whose answers have not come yet, that are remembered at most. */
const requests = 4096;

/** Whose request it was, and whether the answer's payload may be shown. */
interface Asked {
  readonly device: string | undefined;
  readonly open: boolean;
  readonly path: string;
}

/** Turns datagrams into messages, and finds the request that an answer belongs to. */
export class MessageReader {
  readonly #asked = new Map<string, Asked>();
  #id = 0;

  /** Reads one datagram. Never throws for its sake, whatever its bytes. */
  read(
    direction: "in" | "out",
    bytes: Uint8Array,
    peer: { address: string; port: number },
    at: number,
  ): Message {
    const way = direction === "in" ? "up" : "down";
    const from = `${peer.address}:${peer.port}`;
    const base = { id: ++this.#id, at, way, peer: from, size: bytes.length } as const;
    const message = decodeCoap(bytes);
    if ("malformed" in message) {
      const line = `malformed: ${message.malformed}`;
      return {
        ...base,
        line,
        fields: [["fault", message.malformed]],
        hex: "··".repeat(Math.min(bytes.length, 64)),
      };
    }
    const asked = this.#belongs(way, from, message);
    const parts = partsOf(message, asked.open);
    const fields = fieldsOf(message, parts);
    const hidden = hiddenIn(parts);
    const path = asked.path === "" ? "" : ` ${asked.path}`;
    const payload = message.payload.length === 0 ? "" : ` · ${message.payload.length} B`;
    return {
      ...base,
      device: asked.device,
      line: `${messageTypes[message.type]} ${codeText(message.code)}${path}${payload}`,
      fields,
      hex: hexOf(bytes, hidden),
    };
  }

  /**
   * A datagram's bytes with "*" for each that is masked, all of it where it is malformed; how many those are; and the
   * device that it is about, where that is known.
   */
  masked(
    direction: "in" | "out",
    datagram: Uint8Array,
    { address, port }: { address: string; port: number },
  ): { bytes: Uint8Array; hidden: number; device?: string } {
    const bytes = datagram.slice();
    const message = decodeCoap(bytes);
    if ("malformed" in message) return { bytes: bytes.fill(mask), hidden: bytes.length };
    const asked = this.#belongs(direction === "in" ? "up" : "down", `${address}:${port}`, message);
    let hidden = 0;
    // Parts are views into the datagram.
    for (const part of hiddenIn(partsOf(message, asked.open))) {
      part.fill(mask);
      hidden += part.length;
    }
    return { bytes, hidden, device: asked.device };
  }

  /** What a message is about: a request says it itself, an answer has its request's token. */
  #belongs(way: "up" | "down", peer: string, message: CoapMessage): Asked {
    const key = `${peer} ${Buffer.from(message.token).toString("hex")}`;
    const isRequest = message.code > 0 && message.code < 32;
    if (!isRequest || way === "down") {
      // The id ties an empty message, but it tells nothing that would have to be masked.
      return this.#asked.get(key) ?? { device: undefined, open: false, path: "" };
    }
    const segments = message.options
      .filter(({ number }) => number === OptionNumber.uriPath)
      .map(({ value }) => text(value));
    const target = findTarget(segments);
    const asked: Asked = {
      device: target && printable(`${target.productKey}/${target.deviceKey}`),
      open: target !== undefined && target.route.service !== "auth",
      path: printable(`/${segments.join("/")}`),
    };
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    if (this.#asked.size > requests) this.#asked.delete(this.#asked.keys().next().value!);
    return asked;
  }
}

/** An option, but for the path's, or the payload. `shown` makes a text of it; undefined: to be masked. */
interface Part {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly shown: (() => string) | undefined;
}

function partsOf({ options, payload }: CoapMessage, open: boolean): Part[] {
  const parts: Part[] = [];
  for (const { number, value } of options) {
    if (number === OptionNumber.uriPath) continue;
    parts.push({ name: optionName(number), bytes: value, shown: optionText(number, value) });
  }
  if (payload.length > 0) {
    parts.push({ name: "payload", bytes: payload, shown: open ? () => payloadText(payload) : undefined });
  }
  return parts;
}

function hiddenIn(parts: readonly Part[]): Uint8Array[] {
  return parts.filter(({ shown }) => shown === undefined).map(({ bytes }) => bytes);
}

/**
 * Fields for people. The wire reader bounds how many options there are; of those that would make the fields too long
 * the size alone is told.
 */
function fieldsOf(message: CoapMessage, parts: readonly Part[]): [string, string][] {
  const fields: [string, string][] = [["message id", message.messageId.toString(16).padStart(4, "0")]];
  let length = 0;
  if (message.token.length > 0) fields.push(["exchange", hex(message.token)]);
  const path = pathOf(message);
  if (path !== "") fields.push(["path", printable(path, longestPath)]);
  for (const { name, bytes, shown } of parts) {
    const value =
      shown === undefined
        ? `${bytes.length} bytes, masked`
        : length > longestFields
          ? `${bytes.length} bytes, left out`
          : shown();
    length += value.length;
    fields.push([name, value]);
  }
  return fields;
}

/** The path that a request names; empty without one. */
function pathOf({ options }: CoapMessage): string {
  return options
    .filter(({ number }) => number === OptionNumber.uriPath)
    .map(({ value }) => `/${text(value)}`)
    .join("");
}

function optionName(number: number): string {
  const form = optionForms[number];
  if (form === undefined) return `option ${number}`;
  return form.purpose === undefined ? form.name : `${form.name}, ${form.purpose}`;
}

/** Makes the text of an option's value. Undefined: to be masked. */
function optionText(number: number, value: Uint8Array): (() => string) | undefined {
  if (optionForms[number]?.as === "number" && value.length <= 4) return () => String(uintOf(value));
  return openTexts.has(number) ? () => payloadText(value) : undefined;
}

/** As text where it is text, else in hex. */
function payloadText(bytes: Uint8Array): string {
  const said = text(bytes);
  const isText = !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(said);
  return isText ? printable(said, longestText) : printable(hex(bytes), longestText);
}

function hexOf(bytes: Uint8Array, hidden: readonly Uint8Array[]): string {
  const digits = hex(bytes.subarray(0, longestBytes));
  let masked = "";
  let done = 0;
  // Parts are views into the datagram, in its order.
  for (const part of hidden) {
    const start = 2 * (part.byteOffset - bytes.byteOffset);
    const end = Math.min(start + 2 * part.length, digits.length);
    if (end <= start) continue;
    masked += digits.slice(done, start) + "··".repeat((end - start) / 2);
    done = end;
  }
  return masked + digits.slice(done) + (bytes.length > longestBytes ? "…" : "");
}
