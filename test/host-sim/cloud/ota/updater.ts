/**
 * The device's side of an upgrade, until the firmware has one of its own: it tells its version, takes the upgrade that
 * is pushed, fetches the file block by block over a path that loses datagrams, tells how far it is, checks the digest
 * and tells the new version. Written from the manual's pages and RFC 7959, with node:crypto.
 */
import { createHash } from "node:crypto";
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { CoapMessage, CoapOption } from "../../../../host-sim/cloud/coap/coap-wire";
import { dotted, message, uriPath } from "../harness";
import type { Sent, TestDevice } from "../harness";

/** What `ota/device/upgrade` and `getversion` say of a file. */
export interface Offer {
  version: string;
  sign: string;
  signMethod: "md5" | "sha256";
  fileUrl: string;
  fileSize: number;
}

/** What became of a download. */
export type Fetched = { bytes: Uint8Array; requests: number } | { failed: string; at: number };

/** A block as it came. */
export interface Block {
  code: string;
  /** `number/more/bytes` of Block2; undefined without the option. */
  block: string | undefined;
  etag: string | undefined;
  size2: number | undefined;
  payload: Uint8Array;
  options: CoapOption[];
}

/** A request for a file as a client makes it. */
export interface FileAsk {
  url: string;
  /** Of Block2. */
  num?: number;
  szx?: number;
  /** Hexadecimal. */
  etag?: string;
  ifMatch?: string;
  ifNoneMatch?: true;
  size2?: true;
  accept?: number;
  method?: number;
  options?: CoapOption[];
}

let lastMessageId = 0;

/** Bytes of a request for a file. */
export function fileRequest(
  ask: FileAsk,
  messageId = (lastMessageId = (lastMessageId + 1) & 0xffff),
): Uint8Array {
  const { url, num, szx = 5, etag, ifMatch, size2, accept } = ask;
  const options = [...uriPath(url.slice(1).split("/")), ...(ask.options ?? [])];
  const add = (number: number, hex: string): void => {
    options.push({ number, value: Buffer.from(hex, "hex") });
  };
  if (ifMatch !== undefined) add(1, ifMatch);
  if (etag !== undefined) add(4, etag);
  if (ask.ifNoneMatch) add(5, "");
  if (accept !== undefined) add(17, accept === 0 ? "" : accept.toString(16).padStart(2, "0"));
  if (num !== undefined) {
    const hex = (num * 16 + szx).toString(16);
    add(23, num * 16 + szx === 0 ? "" : hex.padStart(2 * Math.ceil(hex.length / 2), "0"));
  }
  if (size2) add(28, "");
  options.sort((one, other) => one.number - other.number);
  const token = Uint8Array.of(messageId >> 8, messageId & 255);
  return encodeCoap(message({ code: ask.method ?? 1, messageId, token, options }));
}

/** Reads an answer to such a request. */
export function blockIn(bytes: Uint8Array): Block {
  const reply = decodeCoap(bytes);
  if ("malformed" in reply) throw new Error(reply.malformed);
  const block = uintIn(reply, 23);
  return {
    code: dotted(reply.code),
    block: block === undefined ? undefined : `${block >> 4}/${(block >> 3) & 1}/${16 << (block & 7)}`,
    etag: hexIn(reply, 4),
    size2: uintIn(reply, 28),
    payload: reply.payload,
    options: reply.options,
  };
}

function uintIn(reply: CoapMessage, number: number): number | undefined {
  const option = reply.options.find((each) => each.number === number);
  return option?.value.reduce((sum, byte) => sum * 256 + byte, 0);
}

function hexIn(reply: CoapMessage, number: number): string | undefined {
  const option = reply.options.find((each) => each.number === number);
  return option && Buffer.from(option.value).toString("hex");
}

/** How often a request is sent before it is given up. */
const mostTries = 12;

/** A device that can be upgraded. */
export class Updater {
  readonly device: TestDevice;
  #id = 0;

  constructor(device: TestDevice) {
    this.device = device;
  }

  /** Says something on a topic; EnOS's code, and the answer. */
  say(now: number, topic: string, params: unknown): { code: number; data: unknown; sent: Sent } {
    this.#id += 1;
    const method = topic.replaceAll("/", ".");
    const sent = this.device.post(
      now,
      topic,
      JSON.stringify({ id: String(this.#id), version: "1.0", method, params }),
    );
    const { code, data } = JSON.parse(sent.text) as { code: number; data: unknown };
    return { code, data, sent };
  }

  inform(now: number, version: string): number {
    return this.say(now, "ota/device/inform", { version }).code;
  }

  progress(now: number, step: number, desc?: string): number {
    return this.say(now, "ota/device/progress", { step: String(step), desc }).code;
  }

  /** What it may upgrade to. */
  offers(now: number, topic: "getversion" | "request" = "getversion"): Offer[] {
    return this.say(now, `ota/device/${topic}`, {}).data as Offer[];
  }

  /**
   * Reports something and takes the command that comes with the answer or waits behind it; undefined when there is
   * none.
   */
  pushed(now: number): { id: string; method: string; params: Offer } | undefined {
    const { sent } = this.say(now, "thing/measurepoint/post", { measurepoints: { temperature: 21 } });
    const path = sent.options.find(({ number }) => number === 2100);
    if (path === undefined) return undefined;
    const carried = sent.options.find(({ number }) => number === 2102)?.value;
    const text = Buffer.from(path.value).toString("utf8");
    const payload = carried ?? this.device.send(now, { path: text.slice(1).split("/"), code: 1 }).payload;
    return JSON.parse(Buffer.from(payload).toString("utf8")) as { id: string; method: string; params: Offer };
  }

  /** Answers an upgrade. */
  reply(now: number, id: string, code = 200): string {
    const body = JSON.stringify(code === 200 ? { id, code, data: {} } : { id, code, message: "no room" });
    return this.device.post(now, "ota/device/upgrade_reply", body).code;
  }

  /**
   * Fetches a file, the same request again and again until it is answered.
   * @param meanwhile called before each block
   */
  fetch(offer: Offer, now: number, szx: number, meanwhile: (block: number) => void = () => {}): Fetched {
    const bytes = new Uint8Array(offer.fileSize);
    const { cloud, exchange } = { cloud: this.device.rig.cloud, exchange: this.device.rig.exchange };
    let etag: string | undefined;
    let at = 0;
    let requests = 0;
    while (at < bytes.length) {
      const size = 16 << szx;
      meanwhile(at / size);
      this.device.messageId = (this.device.messageId + 1) & 0xffff;
      const request = fileRequest({ url: offer.fileUrl, num: at / size, szx }, this.device.messageId);
      let answer: Uint8Array | undefined;
      for (let tries = 0; answer === undefined && tries < mostTries; tries++) {
        requests += 1;
        answer = exchange(request, now, this.device.peer);
      }
      if (answer === undefined) return { failed: "no answer", at };
      const block = blockIn(answer);
      if (block.code === "5.00") continue;
      if (block.code !== "2.05") return { failed: block.code, at };
      if (etag !== undefined && block.etag !== etag) return { failed: "another file", at };
      etag = block.etag;
      szx = Math.log2(Number(block.block!.split("/")[2])) - 4;
      bytes.set(block.payload, at);
      at += block.payload.length;
      cloud.poll(now);
    }
    return { bytes, requests };
  }
}

/** Whether the bytes are those that an offer is about. */
export function isGenuine({ sign, signMethod }: Offer, bytes: Uint8Array): boolean {
  return createHash(signMethod).update(bytes).digest("hex") === sign;
}
