/**
 * Datagrams as the console's sequence chart shows them. Signatures, the answer to an authentication (it holds the
 * session's token) and whatever is not known to be harmless are masked, in words and in bytes alike.
 */
import { codeText, hex, printable, text } from "../coap/coap-text";
import { decodeCoap } from "../coap/coap-wire";
import { OptionNumber, messageTypes, optionForms, uintOf } from "../coap/options";
import type { CoapMessage, CoapOption } from "../coap/coap-wire";
import { findTarget } from "../enos/topics";
import type { Message } from "./entries";

/** Options of which nothing is hidden but by their length: numbers, and texts for people. */
const openTexts: ReadonlySet<number> = new Set([OptionNumber.commandPath, OptionNumber.commandPayload]);

/** Longest payload shown as text, characters; and longest datagram shown in bytes. */
const longestText = 2000;
const longestBytes = 1500;

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
    const { fields, hidden } = fieldsOf(message, asked.open);
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

/** Fields for people, and which of the message's parts are masked. */
function fieldsOf(message: CoapMessage, open: boolean): { fields: [string, string][]; hidden: Uint8Array[] } {
  const fields: [string, string][] = [["message id", message.messageId.toString(16).padStart(4, "0")]];
  const hidden: Uint8Array[] = [];
  if (message.token.length > 0) fields.push(["exchange", hex(message.token)]);
  const path = message.options.filter(({ number }) => number === OptionNumber.uriPath);
  if (path.length > 0) fields.push(["path", path.map(({ value }) => `/${printable(text(value))}`).join("")]);
  for (const option of message.options) {
    if (option.number === OptionNumber.uriPath) continue;
    const shown = optionText(option);
    if (shown === undefined) hidden.push(option.value);
    fields.push([optionName(option.number), shown ?? `${option.value.length} bytes, masked`]);
  }
  if (message.payload.length > 0) {
    if (!open) hidden.push(message.payload);
    fields.push(["payload", open ? payloadText(message.payload) : `${message.payload.length} bytes, masked`]);
  }
  return { fields, hidden };
}

function optionName(number: number): string {
  const form = optionForms[number];
  if (form === undefined) return `option ${number}`;
  return form.purpose === undefined ? form.name : `${form.name}, ${form.purpose}`;
}

/** Undefined: to be masked. */
function optionText({ number, value }: CoapOption): string | undefined {
  if (optionForms[number]?.as === "number" && value.length <= 4) return String(uintOf(value));
  return openTexts.has(number) ? payloadText(value) : undefined;
}

/** As text where it is text, else in hex. */
function payloadText(bytes: Uint8Array): string {
  const said = text(bytes);
  const isText = !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(said);
  return isText ? printable(said, longestText) : printable(hex(bytes), longestText);
}

function hexOf(bytes: Uint8Array, hidden: readonly Uint8Array[]): string {
  const digits = [...bytes.subarray(0, longestBytes)].map((byte) => byte.toString(16).padStart(2, "0"));
  for (const part of hidden) {
    // Parts are views into the datagram.
    const start = part.byteOffset - bytes.byteOffset;
    const end = Math.min(start + part.length, digits.length);
    if (end > start) digits.fill("··", start, end);
  }
  return digits.join("") + (bytes.length > longestBytes ? "…" : "");
}
