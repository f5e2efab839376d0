/** CoAP messages and outside text as lines for people, with nothing secret and nothing unprintable. */
import type { CoapMessage } from "./coap-wire";

const TYPES = ["CON", "NON", "ACK", "RST"] as const;
const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"] as const;
const URI_PATH = 11;
const LONGEST_SHOWN = 8;

/** Options with a name and a value that is a number (RFC 7252 table 4, RFC 7959). */
const NUMBER_OPTIONS: Readonly<Record<number, string>> = {
  7: "Uri-Port",
  12: "Content-Format",
  14: "Max-Age",
  17: "Accept",
  23: "Block2",
  27: "Block1",
  28: "Size2",
  60: "Size1",
};

/** Options whose value is text that may be shown: Uri-Host, Uri-Query and the path of a waiting command. */
const TEXT_OPTIONS: Readonly<Record<number, string>> = { 3: "Uri-Host", 15: "Uri-Query", 2100: "2100" };

/** Options that are shown by their size alone: the signature of a request, a command's payload. */
const HIDDEN_OPTIONS: ReadonlySet<number> = new Set([2101, 2102]);

/** A code as people write it: `POST` for a request, `2.04` for a response, `empty` for 0.00. */
export function codeText(code: number): string {
  if (code === 0) return "empty";
  return METHODS[code] ?? `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
}

/** Text from outside with control characters escaped, cut to `longest` characters: safe on a terminal. */
export function printable(text: string, longest = 128): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}...` : text;
  // Also the C1 controls and the bidirectional overrides, which rewrite a line on a terminal.
  return shown.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/**
 * One line for one message, such as
 * `CON POST mid=4a1c token=9f86d081 /topic/sys/PK/DK/thing/model/up_raw 2101=<64 bytes> payload=41 B`.
 * Of option 2101 (a signature) and 2102 (a payload) only the length is shown.
 */
export function describeCoap(message: CoapMessage): string {
  const parts = [TYPES[message.type], codeText(message.code), `mid=${hexWord(message.messageId)}`];
  if (message.token.length > 0) parts.push(`token=${hex(message.token)}`);
  const segments = message.options.filter((option) => option.number === URI_PATH);
  if (segments.length > 0) {
    parts.push(segments.map((option) => `/${printable(text(option.value))}`).join(""));
  }
  for (const { number, value } of message.options) {
    if (number === URI_PATH) continue;
    const size = `<${value.length} bytes>`;
    if (HIDDEN_OPTIONS.has(number)) parts.push(`${number}=${size}`);
    else if (TEXT_OPTIONS[number] !== undefined) {
      parts.push(`${TEXT_OPTIONS[number]}=${printable(text(value), 255)}`);
    } else if (NUMBER_OPTIONS[number] !== undefined && value.length <= 4) {
      parts.push(`${NUMBER_OPTIONS[number]}=${value.reduce((sum, byte) => sum * 256 + byte, 0)}`);
    } else parts.push(`${number}=${value.length <= LONGEST_SHOWN ? `0x${hex(value)}` : size}`);
  }
  if (message.payload.length > 0) parts.push(`payload=${message.payload.length} B`);
  return parts.join(" ");
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

function hexWord(value: number): string {
  return value.toString(16).padStart(4, "0");
}
