/** Datagrams as the API and the console's page have them: in words and in hexadecimal. Nothing secret is in a record. */
import { codeName, codeNumber } from "../coap/codes";
import { codeText, hex, printable, text } from "../coap/coap-text";
import { decodeCoap } from "../coap/coap-wire";
import { OptionNumber, messageTypes, optionForms, uintOf } from "../coap/options";
import type { Message } from "./entries";
import type { MessageRecord } from "./message-record";

/** Longest payload shown as text, characters. */
const longestText = 2000;
/** Longest path of the line and of the fields, characters. */
const longestLinePath = 128;
const longestPath = 512;
/** Most characters in the values of all fields, escaped: none is begun beyond it. */
const longestFields = 8192;
/** Bytes of what cannot be read that are shown, as masked ones. */
const mostUnread = 64;

/** What is read of a datagram, but for its number. */
export function messageOf(record: MessageRecord): Omit<Message, "id"> {
  const { at, way, peer, size, device, told, path, purpose, again } = record;
  const base = {
    ...{ at, way, peer: `${peer.address}:${peer.port}`, size, device },
    line: told?.line ?? lineOf(record),
    fields: told?.fields ?? fieldsOf(record),
    hex: hexOf(record),
  };
  const message = decodeCoap(record.bytes);
  // Of one that is cut within an option, the line tells type and code.
  if ("malformed" in message) return base;
  const { type, code, messageId, token } = message;
  return {
    ...base,
    ...{ type: messageTypes[type], code: codeNumber(code), codeName: codeName(code), messageId },
    ...(token.length === 0 ? undefined : { exchange: hex(token) }),
    ...(path === "" ? undefined : { path, about: purpose }),
    ...(again === 0 ? undefined : { again }),
  };
}

/** One line: type, code, the request's path and the payload's length. */
export function lineOf({ bytes, path, malformed }: MessageRecord): string {
  const message = decodeCoap(bytes);
  if ("malformed" in message) return `malformed: ${malformed ?? message.malformed}`;
  const where = path.length > longestLinePath ? `${path.slice(0, longestLinePath)}...` : path;
  const payload = message.payload.length === 0 ? "" : ` · ${message.payload.length} B`;
  return `${messageTypes[message.type]} ${codeText(message.code)}${where && ` ${where}`}${payload}`;
}

/**
 * Fields for people. The wire reader bounds how many options there are; of those that would make the fields too long
 * the size alone is told.
 */
export function fieldsOf({ bytes, ranges, malformed }: MessageRecord): [string, string][] {
  const message = decodeCoap(bytes);
  if ("malformed" in message) return [["fault", malformed ?? message.malformed]];
  const { messageId, token, options, payload } = message;
  const fields: [string, string][] = [["message id", messageId.toString(16).padStart(4, "0")]];
  if (token.length > 0) fields.push(["exchange", hex(token)]);
  const path = options
    .filter(({ number }) => number === OptionNumber.uriPath)
    .map(({ value }) => `/${text(value)}`)
    .join("");
  if (path !== "") fields.push(["path", printable(path, longestPath)]);
  let length = 0;
  const masked = new Set(ranges.map(([at]) => at));
  const add = (name: string, value: Uint8Array, shown: () => string): void => {
    // Values are views into the bytes.
    const isMasked = value.length > 0 && masked.has(value.byteOffset - bytes.byteOffset);
    const said = isMasked
      ? `${value.length} bytes, masked`
      : length > longestFields
        ? `${value.length} bytes, left out`
        : shown();
    length += said.length;
    fields.push([name, said]);
  };
  for (const { number, value } of options) {
    if (number === OptionNumber.uriPath) continue;
    const isNumber = optionForms[number]?.as === "number" && value.length <= 4;
    add(optionName(number), value, () => (isNumber ? String(uintOf(value)) : payloadText(value)));
  }
  if (payload.length > 0) add("payload", payload, () => payloadText(payload));
  return fields;
}

function optionName(number: number): string {
  const form = optionForms[number];
  if (form === undefined) return `option ${number}`;
  return form.purpose === undefined ? form.name : `${form.name}, ${form.purpose}`;
}

/** As text where it is text, else in hex. */
function payloadText(bytes: Uint8Array): string {
  const said = text(bytes);
  const isText = !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(said);
  return isText ? printable(said, longestText) : printable(hex(bytes), longestText);
}

function hexOf({ bytes, ranges, size, malformed }: MessageRecord): string {
  if (malformed !== undefined) return "··".repeat(Math.min(size, mostUnread));
  const digits = hex(bytes);
  let masked = "";
  let done = 0;
  for (const [at, length] of ranges) {
    const start = Math.min(2 * at, digits.length);
    const end = Math.min(start + 2 * length, digits.length);
    masked += digits.slice(done, start) + "··".repeat((end - start) / 2);
    done = end;
  }
  return masked + digits.slice(done) + (size > bytes.length ? "…" : "");
}
