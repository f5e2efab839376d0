/**
 * The CoAP codec against npm coap-packet: the three messages of a device's day.
 */
import { generate, parse } from "coap-packet";
import { Code, Type } from "../firmware/coap/code";
import { decode, encode } from "../firmware/coap/message";
import { ContentFormat, encodeUint } from "../firmware/coap/option";
import { EnosOption, pathOptions } from "../firmware/enos/topic";
import { compare } from "./measure";
import type { OutgoingMessage } from "../firmware/coap/message";
import type { ParsedPacket } from "coap-packet";

interface Subject {
  readonly name: string;
  readonly ours: OutgoingMessage;
  readonly theirs: Parameters<typeof generate>[0];
}

export interface CodecResult {
  readonly name: string;
  readonly bytes: number;
  /** ns per message. */
  readonly encode: { readonly ours: number; readonly coapPacket: number };
  readonly decode: { readonly ours: number; readonly coapPacket: number };
}

const token = Uint8Array.of(0x9f, 0x86, 0xd0, 0x81);

/** Value of option 2101 as the device sends it. */
const signature = Buffer.from("0123456789ABCDEF".repeat(4));

/** The path is encoded once for ours, as the firmware does, and each time for the peer, which cannot. */
function request(
  name: string,
  path: string,
  contentFormat: number,
  payload: Uint8Array,
  signed: boolean,
): Subject {
  const segments = path.split("/").slice(1);
  const sign = { number: EnosOption.sign, value: signature };
  return {
    name,
    ours: {
      type: Type.confirmable,
      code: Code.post,
      messageId: 0x4a1c,
      token,
      fixed: pathOptions(path, contentFormat),
      options: signed ? [sign] : [],
      payload,
    },
    theirs: {
      confirmable: true,
      code: "0.02",
      messageId: 0x4a1c,
      token: Buffer.from(token),
      options: [
        ...segments.map((segment) => ({ name: "Uri-Path" as const, value: Buffer.from(segment) })),
        { name: "Content-Format" as const, value: Buffer.from(encodeUint(contentFormat)) },
        ...(signed ? [{ name: sign.number, value: signature }] : []),
      ],
      payload: Buffer.from(payload),
    },
  };
}

const subjects: readonly Subject[] = [
  request(
    "auth",
    "/auth/MuGsF6W4/861234567890123",
    ContentFormat.json,
    Buffer.from(`{"secureMode":2,"lifetime":3600,"sign":"${"0123456789ABCDEF".repeat(4)}"}`),
    false,
  ),
  {
    name: "ACK 2.04",
    ours: {
      type: Type.acknowledgement,
      code: Code.changed,
      messageId: 0x4a1c,
      token,
      payload: new Uint8Array(60).fill(0x7b),
    },
    theirs: {
      ack: true,
      code: "2.04",
      messageId: 0x4a1c,
      token: Buffer.from(token),
      payload: Buffer.alloc(60, 0x7b),
    },
  },
  request(
    "up_raw",
    "/topic/sys/MuGsF6W4/861234567890123/thing/model/up_raw",
    ContentFormat.octetStream,
    new Uint8Array(40).fill(0x33),
    true,
  ),
];

/** Measures; throws when the two codecs do not agree on the bytes, for then there is nothing to compare. */
export function benchCodec(): CodecResult[] {
  const out = new Uint8Array(1152);
  return subjects.map((subject) => {
    const length = encode(subject.ours, out);
    const bytes = Buffer.from(out.slice(0, length));
    if (!bytes.equals(generate(subject.theirs)))
      throw new Error(`${subject.name}: the two encoders disagree`);
    const datagram = new Uint8Array(bytes);
    let seen = 0;
    const times = compare({
      encodeOurs: () => {
        seen += encode(subject.ours, out);
      },
      encodeTheirs: () => {
        seen += generate(subject.theirs).length;
      },
      decodeOurs: () => {
        const message = decode(datagram);
        if (typeof message !== "string") seen += message.payload.length;
      },
      decodeTheirs: () => {
        const message: ParsedPacket = parse(bytes);
        seen += message.payload.length;
      },
    });
    if (seen === 0) throw new Error("nothing was measured");
    return {
      name: subject.name,
      bytes: length,
      encode: { ours: times.encodeOurs, coapPacket: times.encodeTheirs },
      decode: { ours: times.decodeOurs, coapPacket: times.decodeTheirs },
    };
  });
}
