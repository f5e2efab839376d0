/**
 * A cloud under test and a device that speaks to it. The device signs with node:crypto by itself, so that
 * the cloud's own signing code is not what checks the cloud.
 */
import { createCipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { EnosCloud } from "../../../host-sim/cloud/cloud";
import type { CloudEvent, CloudOptions, Peer } from "../../../host-sim/cloud/cloud";
import { decodeCoap, encodeCoap } from "../../../host-sim/cloud/coap/coap-wire";
import type { CoapMessage, CoapOption, CoapType } from "../../../host-sim/cloud/coap/coap-wire";
import type { ProductRecord } from "../../../host-sim/cloud/registry/product";
import type { DeviceRecord } from "../../../host-sim/cloud/registry/registry";
import { loadScriptEngine } from "../../../host-sim/cloud/script/script-engine";
import { Random } from "../../../host-sim/sim/time/random";
import { checkEvent } from "./event-check";

export const pk = "MuGsF6W4";
export const dk = "861234567890123";
export const demoSecret = "aB3dEf6hIj9lMn0p";
export const demoPeer: Peer = { address: "10.0.0.2", port: 40001 };
export const demoDevice: DeviceRecord = { productKey: pk, deviceKey: dk, deviceSecret: demoSecret };
export const otherDevice: DeviceRecord = {
  productKey: pk,
  deviceKey: "other",
  deviceSecret: "another secret",
};
/** The example product, with what `npm run model` wrote for it. */
export const product: ProductRecord = {
  productKey: pk,
  model: JSON.parse(readFileSync("firmware/product/model.json", "utf8")) as unknown,
  script: readFileSync("firmware/product/parsing-script.js", "utf8"),
};
export const scriptEngine = await loadScriptEngine(() => 0);
export const topic = ["topic", "sys", pk, dk];
export const noBytes = new Uint8Array(0);

export interface Rig {
  cloud: EnosCloud;
  /** Every datagram the cloud sent, with its peer. */
  sent: { bytes: Uint8Array; peer: Peer }[];
  events: CloudEvent[];
  /** Hands a datagram in and returns the reply, having checked that there was at most one. */
  exchange(bytes: Uint8Array, now?: number, peer?: Peer): Uint8Array | undefined;
}

export function rig(options: Partial<CloudOptions> = {}): Rig {
  const random = new Random("cloud test");
  const sent: Rig["sent"] = [];
  const events: CloudEvent[] = [];
  const cloud = new EnosCloud({
    transmit: (bytes, peer) => sent.push({ bytes, peer }),
    randomBytes: (n) => random.bytes(n),
    edition: "token",
    iv: "zero",
    devices: [demoDevice, otherDevice],
    products: [product],
    scriptEngine,
    random: () => random.next(),
    ...options,
    onEvent: (event) => {
      checkEvent(event);
      if (options.onEvent === undefined) events.push(event);
      else options.onEvent(event);
    },
  });
  return {
    cloud,
    sent,
    events,
    exchange(bytes, now = 0, peer = demoPeer) {
      const before = sent.length;
      cloud.receive(bytes, peer, now);
      if (sent.length > before + 1) throw new Error(`${sent.length - before} replies to one datagram`);
      return sent[before]?.bytes;
    },
  };
}

/** A message with what is not given left empty. */
export function message(fields: Partial<CoapMessage>): CoapMessage {
  return { type: 0, code: 2, messageId: 1, token: noBytes, options: [], payload: noBytes, ...fields };
}

export function uriPath(segments: readonly string[]): CoapOption[] {
  return segments.map((segment) => ({ number: 11, value: Buffer.from(segment, "utf8") }));
}

/** Decodes a reply that has to be there and well-formed. */
export function decoded(bytes: Uint8Array | undefined): CoapMessage {
  if (bytes === undefined) throw new Error("expected a reply, got none");
  const reply = decodeCoap(bytes);
  if ("malformed" in reply) throw new Error(`the reply is malformed: ${reply.malformed}`);
  return reply;
}

/** `2.04` for 0x44. */
export function dotted(code: number): string {
  return `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
}

export function authSign(deviceKey: string, lifetime: number, secret: string, productKey = pk): string {
  const text = `deviceKey${deviceKey}lifetime${lifetime}productKey${productKey}secureMode2${secret}`;
  return createHash("sha256").update(text).digest("hex").toUpperCase();
}

export function sessionSign(secret: string, text: string, iv: Uint8Array = Buffer.alloc(16)): string {
  const key = createHash("sha256").update(secret).digest().subarray(8, 24);
  const cipher = createCipheriv("aes-128-cbc", key, iv);
  return Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
    .toString("hex")
    .toUpperCase();
}

export interface Sent {
  type: CoapType;
  code: string;
  messageId: number;
  payload: Uint8Array;
  text: string;
  options: CoapOption[];
}

export interface Ask {
  path: string[];
  /** Default POST. */
  code?: number;
  payload?: Uint8Array | string;
  /** Text for option 2101, null for none; the right one when left out. */
  sign?: string | null;
  options?: CoapOption[];
  type?: CoapType;
}

/** A device that does everything right unless it is told otherwise. */
export class TestDevice {
  readonly rig: Rig;
  readonly record: DeviceRecord;
  token = "";
  sequence = 0;
  messageId = 100;
  signed: boolean;
  /** Devices other than the first have a port of their own, as message ids count per peer. */
  peer: Peer;
  /** The last request's bytes, to send them again. */
  last: Uint8Array = noBytes;

  constructor(rig: Rig, record: DeviceRecord = demoDevice, signed = true) {
    this.rig = rig;
    this.record = record;
    this.peer = record.deviceKey === dk ? demoPeer : { ...demoPeer, port: demoPeer.port + 1 };
    this.signed = signed;
  }

  /** Authenticates; `fields` replace parts of the body. */
  authenticate(now = 0, fields: Record<string, unknown> = {}): Sent {
    const { productKey, deviceKey, deviceSecret } = this.record;
    const lifetime = typeof fields["lifetime"] === "number" ? fields["lifetime"] : 3600;
    const sign = authSign(deviceKey, lifetime, deviceSecret, productKey);
    const body = JSON.stringify({ secureMode: 2, lifetime, sign, ...fields });
    const reply = this.send(now, { path: ["auth", productKey, deviceKey], payload: body, sign: null });
    if (reply.code === "2.04" && reply.text !== "") {
      this.token = (JSON.parse(reply.text) as { token: string }).token;
      this.sequence = 0;
    }
    return reply;
  }

  post(now: number, path: string, payload: Uint8Array | string): Sent {
    return this.send(now, { path: this.topic(path), payload });
  }

  get(now: number, path: string): Sent {
    return this.send(now, { path: this.topic(path), code: 1 });
  }

  topic(path: string): string[] {
    return ["topic", "sys", this.record.productKey, this.record.deviceKey, ...path.split("/")];
  }

  /** Option 2101 of the next message. */
  nextSign(): string {
    this.sequence += 1;
    return sessionSign(this.record.deviceSecret, `token${this.token}sequence${this.sequence}`);
  }

  send(now: number, request: Ask): Sent {
    this.messageId = (this.messageId + 1) & 0xffff;
    const options = [...uriPath(request.path), ...(request.options ?? [])];
    const sign = request.sign === undefined ? (this.signed ? this.nextSign() : null) : request.sign;
    if (sign !== null) options.push({ number: 2101, value: Buffer.from(sign) });
    const token = Uint8Array.of(0xa0, this.messageId >> 8, this.messageId & 0xff);
    const { payload = noBytes, type = 0, code = 2 } = request;
    const body = typeof payload === "string" ? Buffer.from(payload, "utf8") : payload;
    this.last = encodeCoap({ type, code, messageId: this.messageId, token, options, payload: body });
    const reply = decoded(this.rig.exchange(this.last, now, this.peer));
    if (Buffer.compare(reply.token, token) !== 0) throw new Error("the reply has another token");
    return {
      type: reply.type,
      code: dotted(reply.code),
      messageId: reply.messageId,
      payload: reply.payload,
      text: Buffer.from(reply.payload).toString("utf8"),
      options: reply.options,
    };
  }
}

/** `01 | request id | (point | length | value)*`, values as hex. */
export function rawReading(requestId: number, ...points: [number, string][]): Uint8Array {
  const id = requestId.toString(16).padStart(8, "0");
  const body = points.map(([point, value]) => {
    const length = (value.length / 2).toString(16).padStart(4, "0");
    return point.toString(16).padStart(2, "0") + length + value;
  });
  return Buffer.from(`01${id}${body.join("")}`, "hex");
}

/** 21.5 as a double. */
export const warm = "4035800000000000";

type EventOf<T extends CloudEvent["type"]> = Extract<CloudEvent, { type: T }>;

/** Of one type, in order. */
export function eventsOf<T extends CloudEvent["type"]>(rig: Rig, type: T): EventOf<T>[] {
  return rig.events.filter((event): event is EventOf<T> => event.type === type);
}
