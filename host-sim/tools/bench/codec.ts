/**
 * The CoAP codec against npm coap-packet: the three messages of a device's day.
 */
import { generate, parse } from "coap-packet";
import { Code, Type } from "../../../firmware/coap/code";
import { WireReader } from "../../../firmware/coap/wire-reader";
import { decode, encode } from "../../../firmware/coap/message";
import { ContentFormat, encodeUint } from "../../../firmware/coap/option";
import { EnosOption, pathOptions } from "../../../firmware/enos/topic";
import { compare, median } from "./measure";
import type { OutgoingMessage } from "../../../firmware/coap/message";
import type { ParsedPacket } from "coap-packet";

interface Subject {
  readonly name: string;
  readonly ours: OutgoingMessage;
  readonly theirs: Parameters<typeof generate>[0];
}

export interface CodecResult {
  readonly name: string;
  readonly bytes: number;
  readonly encode: Rate;
  /** Into a message of views. */
  readonly views: Rate;
  /** Into offsets: all checked, every option walked, the payload found. */
  readonly offsets: Rate;
}

interface Rate {
  /** ns per message. */
  readonly ours: number;
  readonly coapPacket: number;
  /** How many times as fast ours is. */
  readonly ratio: number;
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

/** The datagram of one of the messages. @throws Error when the two codecs disagree about it */
export function datagramOf(name: string): Uint8Array {
  const subject = subjects.find((each) => each.name === name);
  if (subject === undefined) throw new Error(`no message ${name}`);
  const bytes = generate(subject.theirs);
  const out = new Uint8Array(1152);
  const length = encode(subject.ours, out);
  if (!bytes.equals(out.subarray(0, length))) throw new Error(`${name}: the two encoders disagree`);
  const datagram = new Uint8Array(bytes);
  const theirs = parse(bytes);
  const values = theirs.options.map(({ value }) => value.toString("hex")).join();
  const message = decode(datagram);
  if (
    typeof message === "string" ||
    message.options.map(({ value }) => Buffer.from(value).toString("hex")).join() !== values ||
    !theirs.token.equals(message.token) ||
    !theirs.payload.equals(message.payload)
  ) {
    throw new Error(`${name}: the two decoders disagree`);
  }
  return datagram;
}

/** Measures; throws when the two codecs do not agree on the bytes, for then there is nothing to compare. */
export function benchCodec(): CodecResult[] {
  const out = new Uint8Array(1152);
  return subjects.map((subject) => {
    const datagram = datagramOf(subject.name);
    const bytes = Buffer.from(datagram);
    const layout = new WireReader();
    // Kept a small integer: as a sum without end it would become an object anew in each turn.
    let seen = 0;
    const runs = repeat({
      encodeOurs: () => {
        seen = (seen + encode(subject.ours, out)) | 0;
      },
      encodeTheirs: () => {
        seen = (seen + generate(subject.theirs).length) | 0;
      },
      viewsOurs: () => {
        const message = decode(datagram);
        if (typeof message !== "string") seen = (seen + message.payload.length) | 0;
      },
      offsetsOurs: () => {
        if (layout.read(datagram) !== undefined) return;
        let walked = layout.end - layout.payloadStart;
        while (layout.nextOption()) walked += layout.optionLength;
        seen = (seen + walked) | 0;
      },
      decodeTheirs: () => {
        const message: ParsedPacket = parse(bytes);
        seen = (seen + message.payload.length) | 0;
      },
    });
    if (seen === 0) throw new Error("nothing was measured");
    return {
      name: subject.name,
      bytes: datagram.length,
      encode: rate(runs, "encodeOurs", "encodeTheirs"),
      views: rate(runs, "viewsOurs", "decodeTheirs"),
      offsets: rate(runs, "offsetsOurs", "decodeTheirs"),
    };
  });
}

/**
 * A shared machine has fast and slow seconds. Within one run all contenders meet the same, so that the
 * ratios of a run are sound; the median of the runs is what is told. All of them run together: alone,
 * coap-packet's encoder waits for the collector so much that ours would look twice as fast again.
 */
function repeat(contenders: Readonly<Record<string, () => void>>): Record<string, number>[] {
  return Array.from({ length: 11 }, () => compare(contenders, { rounds: 7, roundMs: 8 }));
}

function rate(runs: readonly Record<string, number>[], ours: string, theirs: string): Rate {
  return {
    ours: median(runs.map((times) => times[ours])),
    coapPacket: median(runs.map((times) => times[theirs])),
    ratio: median(runs.map((times) => times[theirs] / times[ours])),
  };
}
