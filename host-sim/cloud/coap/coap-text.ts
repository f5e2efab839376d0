/**
 * CoAP messages and outside text as lines for people, with nothing secret and nothing unprintable. It runs in a browser as
 * well.
 */
import { escaped } from "../../model/escaped";
import { OptionNumber, messageTypes, optionForms, uintOf } from "./options";
import type { CoapMessage } from "./coap-wire";

const methods = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"] as const;
/** A byte order mark is a character like others: it is shown. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const hexByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const longestShown = 8;
/** Longest line for one message, characters. */
const longestLine = 2000;

/** Options whose value is text that may be shown. */
const shownTexts: ReadonlySet<number> = new Set([
  OptionNumber.uriHost,
  OptionNumber.uriQuery,
  OptionNumber.commandPath,
]);

/** Options that are shown by their size alone: the signature of a request, a command's payload. */
const hiddenOptions: ReadonlySet<number> = new Set([OptionNumber.sign, OptionNumber.commandPayload]);

/** A code as people write it: `POST` for a request, `2.04` for a response, `empty` for 0.00. */
export function codeText(code: number): string {
  if (code === 0) return "empty";
  return methods[code] ?? `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
}

/** Text from outside, escaped and cut to `longest` characters: safe on a terminal. */
export function printable(text: string, longest = 128): string {
  return escaped(text.length > longest ? `${text.slice(0, longest)}...` : text);
}

/**
 * One line for one message, such as
 * `CON POST mid=4a1c token=9f86d081 /topic/sys/PK/DK/thing/model/up_raw 2101=<64 bytes> payload=41 B`.
 * Of option 2101 (a signature) and 2102 (a payload) only the length is shown, and of a line that would be too
 * long its beginning.
 */
export function describeCoap(message: CoapMessage): string {
  const parts = [messageTypes[message.type], codeText(message.code), `mid=${hexWord(message.messageId)}`];
  if (message.token.length > 0) parts.push(`token=${hex(message.token)}`);
  const segments = message.options.filter((option) => option.number === OptionNumber.uriPath);
  if (segments.length > 0) {
    parts.push(segments.map((option) => `/${printable(text(option.value))}`).join(""));
  }
  for (const { number, value } of message.options) {
    if (number === OptionNumber.uriPath) continue;
    const size = `<${value.length} bytes>`;
    if (hiddenOptions.has(number)) parts.push(`${number}=${size}`);
    else if (shownTexts.has(number)) {
      parts.push(`${optionForms[number].name}=${printable(text(value), 255)}`);
    } else if (optionForms[number]?.as === "number" && value.length <= 4) {
      parts.push(`${optionForms[number].name}=${uintOf(value)}`);
    } else parts.push(`${number}=${value.length <= longestShown ? `0x${hex(value)}` : size}`);
  }
  if (message.payload.length > 0) parts.push(`payload=${message.payload.length} B`);
  const line = parts.join(" ");
  return line.length > longestLine ? `${line.slice(0, longestLine)}...` : line;
}

/** Bytes as UTF-8. */
export function text(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** Bytes in hex, without blanks. */
export function hex(bytes: Uint8Array): string {
  let digits = "";
  for (let i = 0; i < bytes.length; i++) digits += hexByte[bytes[i]];
  return digits;
}

function hexWord(value: number): string {
  return value.toString(16).padStart(4, "0");
}
