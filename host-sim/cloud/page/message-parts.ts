/** A CoAP message taken apart, each part with the bytes that it stands in. Pure, for the message view and its tests. */
import { codeName, codeNumber } from "../coap/codes";
import { hex, printable, text } from "../coap/coap-text";
import { decodeCoap } from "../coap/coap-wire";
import { OptionNumber, messageTypes, optionForms, uintOf } from "../coap/options";
import { envelopeParts } from "./envelope-parts";
import type { CoapOption } from "../coap/coap-wire";
import type { EnvelopePlace } from "./envelope-parts";

/** First byte and count. */
export type ByteRange = readonly [at: number, length: number];

export interface MessagePart {
  readonly name: string;
  /** For people; of a masked one its size. */
  readonly value: string;
  readonly at: number;
  /** Bytes, an option's own head among them. */
  readonly length: number;
  readonly isMasked: boolean;
}

/** Longest value that is shown as text, characters. */
const longestText = 2000;
const types = {
  CON: "CON, confirmable",
  NON: "NON, not confirmable",
  ACK: "ACK, acknowledgement",
  RST: "RST, reset",
} as const;

/**
 * The parts in the order of their bytes. Of what is no CoAP, or is cut within an option, one part that says so.
 * @param masked bytes that are not what was there
 * @param sealedPath of a sealed product's message, whose envelope is taken apart as well: the path of the request that it
 *   is, or answers
 */
export function messageParts(
  bytes: Uint8Array,
  masked: readonly ByteRange[],
  sealedPath?: string,
): MessagePart[] {
  const message = decodeCoap(bytes);
  if ("malformed" in message) {
    const isMasked = masked.length > 0;
    return [{ name: "no CoAP", value: message.malformed, at: 0, length: bytes.length, isMasked }];
  }
  const { type, code, messageId, token, options, payload } = message;
  const parts: MessagePart[] = [];
  let at = 0;
  const add = (name: string, value: string, end: number, isMasked = false): void => {
    parts.push({ name, value, at, length: end - at, isMasked });
    at = end;
  };
  add("type", types[messageTypes[type]], 1);
  add("code", `${codeNumber(code)} ${codeName(code)}`.trimEnd(), 2);
  add("message id", `0x${messageId.toString(16).padStart(4, "0")}`, 4);
  if (token.length > 0) add("token", hex(token), 4 + token.length);
  const endOf = (value: Uint8Array): number => value.byteOffset - bytes.byteOffset + value.length;
  const isMasked = (value: Uint8Array): boolean => {
    const end = endOf(value);
    return (
      value.length > 0 && masked.some(([from, length]) => from < end && from + length > end - value.length)
    );
  };
  /** Adds the parts of an envelope, and says whether it is one. */
  const addEnvelope = (value: Uint8Array, place: EnvelopePlace, prefix = ""): boolean => {
    const envelope = envelopeParts(value, place);
    let end = endOf(value) - value.length;
    for (const { name, value: said, length } of envelope ?? []) add(prefix + name, said, (end += length));
    return envelope !== undefined;
  };
  for (let i = 0; i < options.length; i++) {
    const { number, value } = options[i];
    if (number === OptionNumber.uriPath) {
      // The segments stand one behind the other, and are read as one path.
      let path = "";
      let last = i;
      for (; options[last]?.number === number; last++) path += `/${text(options[last].value)}`;
      i = last - 1;
      add("path", printable(path, 512), endOf(options[i].value));
      continue;
    }
    const { name, as, purpose } = optionForms[number] ?? { name: `option ${number}`, as: "bytes" };
    const label = purpose === undefined ? name : `${name}, ${purpose}`;
    const hidden = isMasked(value);
    if (number === OptionNumber.commandPayload && sealedPath !== undefined && !hidden) {
      const isRaw = options.some(
        ({ number, value }) => number === OptionNumber.commandPath && isRawCommand(text(value)),
      );
      if (isRaw && addEnvelope(value, "command", `${label}: `)) continue;
    }
    add(label, hidden ? sizeText(value) : valueText(number, value, as), endOf(value), hidden);
  }
  if (payload.length > 0) {
    const hidden = isMasked(payload);
    const place = sealedPath === undefined || hidden ? undefined : placeOf(code, sealedPath, options);
    if (place === undefined || !addEnvelope(payload, place))
      add("payload", hidden ? sizeText(payload) : payloadText(payload), bytes.length, hidden);
  }
  return parts;
}

/** What may stand sealed in a payload: by its message's code and the path of the request. */
function placeOf(code: number, path: string, options: readonly CoapOption[]): EnvelopePlace | undefined {
  // A block has a part of a payload, which tells nothing by itself.
  const isPart = ({ number, value }: CoapOption): boolean =>
    (number === OptionNumber.block1 || number === OptionNumber.block2) && uintOf(value) >> 3 !== 0;
  if (options.some(isPart)) return undefined;
  const isRequest = code < 32;
  if (path.endsWith("/thing/model/up_raw")) return isRequest ? "up" : "answer";
  if (path.endsWith("/thing/model/down_raw_reply")) return isRequest ? "up" : undefined;
  return isRawCommand(path) && !isRequest ? "command" : undefined;
}

function isRawCommand(path: string): boolean {
  return path.endsWith("/thing/model/down_raw");
}

function sizeText({ length }: Uint8Array): string {
  return `${length} ${length === 1 ? "byte" : "bytes"}, masked`;
}

function valueText(number: number, value: Uint8Array, as: "text" | "number" | "bytes"): string {
  if (as === "number" && value.length <= 4) return numberText(number, uintOf(value));
  if (value.length === 0) return "empty";
  return as === "text" ? printable(text(value), longestText) : payloadText(value);
}

const formats: Readonly<Record<number, string>> = {
  0: "text/plain",
  40: "application/link-format",
  42: "application/octet-stream",
  50: "application/json",
  60: "application/cbor",
};

/** A number with what it means: a format's name, a block's place. */
function numberText(number: number, value: number): string {
  switch (number) {
    case OptionNumber.contentFormat:
    case OptionNumber.accept:
      return formats[value] === undefined ? String(value) : `${value}, ${formats[value]}`;
    case OptionNumber.block1:
    case OptionNumber.block2: {
      // RFC 7959 section 2.2: number, whether more follow, size.
      const size = 2 ** ((value & 7) + 4);
      return `block ${value >> 4} of ${size} B, ${(value & 8) === 0 ? "the last" : "more follow"}`;
    }
    default:
      return String(value);
  }
}

/** JSON over several lines, other text as it is, else hexadecimal. */
function payloadText(bytes: Uint8Array): string {
  const said = text(bytes);
  if (/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(said)) {
    return hex(bytes.subarray(0, longestText / 2))
      .replace(/../g, "$& ")
      .trimEnd();
  }
  if (/^\s*[[{]/.test(said)) {
    try {
      const lines = JSON.stringify(JSON.parse(said), null, 2);
      return lines.length > longestText ? `${lines.slice(0, longestText)}...` : lines;
    } catch {
      // It only begins like JSON.
    }
  }
  return said.length > longestText ? `${said.slice(0, longestText)}...` : said;
}

/** Bytes of one line of a hexadecimal dump that belong to one part. */
export interface HexRun {
  /** Place of the part among the parts; -1 for bytes of none. */
  readonly part: number;
  readonly hex: string;
  readonly letters: string;
}

export interface HexLine {
  /** Of its first byte. */
  readonly at: number;
  readonly runs: readonly HexRun[];
}

/** A dump with so many bytes on a line, cut where parts begin; masked bytes are `··`. */
export function hexLines(
  bytes: Uint8Array,
  parts: readonly MessagePart[],
  masked: readonly ByteRange[],
  perLine: number,
): HexLine[] {
  const partOf = new Int16Array(bytes.length).fill(-1);
  parts.forEach(({ at, length }, i) => partOf.fill(i, at, at + length));
  const hidden = new Uint8Array(bytes.length);
  for (const [at, length] of masked) hidden.fill(1, at, at + length);
  const lines: HexLine[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    const runs: { part: number; hex: string; letters: string }[] = [];
    for (let i = at; i < Math.min(at + perLine, bytes.length); i++) {
      let run = runs.at(-1);
      if (run === undefined || run.part !== partOf[i])
        runs.push((run = { part: partOf[i], hex: "", letters: "" }));
      const byte = bytes[i];
      if (run.hex !== "") run.hex += " ";
      run.hex += hidden[i] === 1 ? "··" : byte.toString(16).padStart(2, "0");
      run.letters += hidden[i] === 1 ? "·" : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
    }
    lines.push({ at, runs });
  }
  return lines;
}

/** Bytes and masked places of hexadecimal as the API has it: two dots for a masked byte, an ellipsis where it is cut. */
export function bytesOfHex(text: string): { bytes: Uint8Array; masked: ByteRange[]; isCut: boolean } {
  const isCut = text.endsWith("…");
  const digits = isCut ? text.slice(0, -1) : text;
  const bytes = new Uint8Array(digits.length >> 1);
  const masked: [number, number][] = [];
  for (let i = 0; i < bytes.length; i++) {
    if (digits[2 * i] !== "·") {
      bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
      continue;
    }
    bytes[i] = 0x2a;
    const last = masked.at(-1);
    if (last !== undefined && last[0] + last[1] === i) last[1] += 1;
    else masked.push([i, 1]);
  }
  return { bytes, masked, isCut };
}
