/**
 * CoAP messages written and read with npm's coap-packet, for fuzzing and tests that must not judge the firmware's
 * codec by itself.
 */
import { generate, parse } from "coap-packet";

/** A message in the plainest terms: byte strings as hex. */
export interface Fields {
  /** 0 CON, 1 NON, 2 ACK, 3 RST. */
  readonly type: number;
  /** The code byte. */
  readonly code: number;
  readonly messageId: number;
  readonly token?: string;
  readonly options?: readonly (readonly [number: number, value: string])[];
  readonly payload?: string;
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
/** Bytes from hex digits, blanks allowed, in a buffer of their own. */
export const unhex = (digits: string): Uint8Array =>
  new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));
export const utf8Hex = (text: string): string => hex(Buffer.from(text, "utf8"));

/** The code byte of `2.04`. */
export function code(text: string): number {
  const [kind, detail] = text.split(".");
  return (Number(kind) << 5) | Number(detail);
}

/** `2.04` of a code byte. */
export const dotted = (byte: number): string => `${byte >> 5}.${String(byte & 31).padStart(2, "0")}`;

/** Bytes of a message, by coap-packet. */
export function peerEncode(fields: Fields): Uint8Array {
  const bytes = generate(
    {
      confirmable: fields.type === 0,
      ack: fields.type === 2,
      reset: fields.type === 3,
      code: dotted(fields.code),
      messageId: fields.messageId,
      token: Buffer.from(fields.token ?? "", "hex"),
      options: (fields.options ?? []).map(([name, value]) => ({
        name: String(name),
        value: Buffer.from(value, "hex"),
      })),
      payload: Buffer.from(fields.payload ?? "", "hex"),
    },
    0x2_0000,
  );
  return new Uint8Array(bytes);
}

/** Numbers of the options that coap-packet knows by name. */
const numbers: Readonly<Record<string, number>> = {
  "If-Match": 1,
  "Uri-Host": 3,
  ETag: 4,
  "If-None-Match": 5,
  Observe: 6,
  "Uri-Port": 7,
  "Location-Path": 8,
  OSCORE: 9,
  "Uri-Path": 11,
  "Content-Format": 12,
  "Max-Age": 14,
  "Uri-Query": 15,
  "Hop-Limit": 16,
  Accept: 17,
  "Q-Block1": 19,
  "Location-Query": 20,
  Block2: 23,
  Block1: 27,
  Size2: 28,
  "Q-Block2": 31,
  "Proxy-Uri": 35,
  "Proxy-Scheme": 39,
  Size1: 60,
  "No-Response": 258,
  "OCF-Accept-Content-Format-Version": 2049,
  "OCF-Content-Format-Version": 2053,
};

/** Fields of a message, by coap-packet; throws what coap-packet throws. */
export function peerDecode(bytes: Uint8Array): Required<Fields> {
  const packet = parse(Buffer.from(bytes));
  return {
    type: packet.confirmable ? 0 : packet.reset ? 3 : packet.ack ? 2 : 1,
    code: code(packet.code),
    messageId: packet.messageId,
    token: hex(packet.token),
    options: packet.options.map(({ name, value }) => [numbers[name] ?? Number(name), hex(value)] as const),
    payload: hex(packet.payload),
  };
}
