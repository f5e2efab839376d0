/** Requests as lines for a shell: libcoap's client that sends the same, curl that does it over the API. Pure. */
import { decodeCoap } from "../../../coap/coap-wire";
import { OptionNumber, uintOf } from "../../../coap/options";
import { text } from "../../../coap/coap-text";
import type { ByteRange } from "../../../page/message-parts";

/** A line that works when it is pasted, with what to know of it; or why there is none. */
export type CommandLine = { readonly line: string; readonly note?: string } | { readonly cannot: string };

const methods: Readonly<Record<number, string>> = {
  ...{ 1: "get", 2: "post", 3: "put", 4: "delete", 5: "fetch", 6: "patch", 7: "ipatch" },
};

/**
 * A request for libcoap's client.
 * @param masked bytes of the datagram that are not what was there
 * @param isCut there is more of it
 * @param server `HOST:PORT` of the stand-in's CoAP
 */
export function coapClientLine(
  bytes: Uint8Array,
  masked: readonly ByteRange[],
  isCut: boolean,
  server: string,
): CommandLine {
  const message = decodeCoap(bytes);
  if (isCut || "malformed" in message) return { cannot: "not all of its bytes are here" };
  const method = methods[message.code];
  if (method === undefined) return { cannot: "it is no request" };
  const isMasked = (value: Uint8Array): boolean => {
    const end = value.byteOffset - bytes.byteOffset + value.length;
    return value.length > 0 && masked.some(([at, length]) => at < end && at + length > end - value.length);
  };
  const { options, payload } = message;
  if (isMasked(payload)) return { cannot: "its payload is masked" };
  const flags: string[] = ["coap-client-notls", "-m", method];
  let path = "";
  let isSigned = false;
  for (const { number, value } of options) {
    switch (number) {
      case OptionNumber.uriPath:
        path += `/${encodeURIComponent(text(value))}`;
        break;
      case OptionNumber.contentFormat:
        flags.push("-t", String(uintOf(value)));
        break;
      case OptionNumber.accept:
        flags.push("-A", String(uintOf(value)));
        break;
      case OptionNumber.sign:
        isSigned = true;
        break;
      case OptionNumber.block2:
        flags.push("-b", `${uintOf(value) >> 4},${2 ** ((uintOf(value) & 7) + 4)}`);
        break;
      case OptionNumber.block1:
        return { cannot: "it is one block of a longer request" };
      // The client makes these itself.
      case OptionNumber.uriHost:
      case OptionNumber.uriPort:
      case OptionNumber.size1:
      case OptionNumber.size2:
        break;
      default:
        if (isMasked(value)) return { cannot: `its option ${number} is masked` };
        flags.push("-O", `${number},0x${hexOf(value)}`);
    }
  }
  if (message.type === 1) flags.push("-N");
  if (payload.length > 0) flags.push("-e", quoted(escapedPayload(payload)));
  flags.push(quoted(`coap://${server}${path}`));
  const line = flags.join(" ");
  return isSigned
    ? { line, note: "Its signature is masked and left out, so the stand-in refuses it." }
    : { line };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** As the client's `-e` takes it: bytes that are no plain text, and the percent sign itself, as `%` and two digits. */
function escapedPayload(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x25;
    out += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return out;
}

/** One word for a POSIX shell. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What the API is called with. */
export interface ApiPlace {
  /** `http://HOST:PORT` */
  readonly origin: string;
  readonly productKey: string;
  readonly deviceKey: string;
  /** It asks for a token, which is in the environment. */
  readonly needsToken: boolean;
}

/**
 * A call of the API that does what a message does: sends the command that it carries, or sets the attributes or tags
 * that it sets. Undefined where the API has no such call.
 * @param json the message's payload, or the command's that it carries
 */
export function curlLine(json: string, place: ApiPlace): string | undefined {
  const message = objectOf(json);
  const method = message?.method;
  if (message === undefined || typeof method !== "string") return undefined;
  const { params } = message;
  const change = (verb: string, below: string, body: unknown): string =>
    `${curl(place, below)} -X ${verb} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
  const service = /^thing\.service\.(.+)$/.exec(method)?.[1];
  if (service === "measurepoint.set") return change("POST", "/commands", { kind: "set", points: params });
  if (service === "measurepoint.get") return change("POST", "/commands", { kind: "get", points: params });
  if (service !== undefined) return change("POST", "/commands", { kind: "service", service, inputs: params });
  const member = /^thing\.(attribute|tag)\.update$/.exec(method)?.[1];
  if (member === undefined) return undefined;
  const values = (params as Record<string, unknown> | undefined)?.[`${member}s`];
  return values === undefined ? undefined : change("PATCH", `/${member}s`, values);
}

/** Reads a message, or a range of them, over the API. @param from to epoch ms */
export function curlOfRange(place: ApiPlace, from: number, to: number): string {
  return curl(place, `/messages?from=${Math.floor(from)}&to=${Math.ceil(to)}&order=asc`);
}

function curl({ origin, productKey, deviceKey, needsToken }: ApiPlace, below: string): string {
  const device = [productKey, deviceKey].map(encodeURIComponent).join("/");
  const token = needsToken ? ` -H "Authorization: Bearer $ENOS_API_TOKEN"` : "";
  return `curl -s${token} ${quoted(`${origin}/api/v1/devices/${device}${below}`)}`;
}

function objectOf(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
