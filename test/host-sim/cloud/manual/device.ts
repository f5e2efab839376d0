/**
 * A device that shares no line with the firmware and none with the stand-in: it speaks real UDP by coap-packet,
 * and signs by node:crypto, in both editions of the protocol.
 */
import { createCipheriv, createHash, randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { code, dotted, peerDecode, peerEncode, utf8Hex } from "../../../../host-sim/tools/fuzz/peer";

export type Edition = "token" | "tokenless";

export interface Keys {
  readonly productKey: string;
  readonly deviceKey: string;
  readonly deviceSecret: string;
}

/** What a request is made of besides the path. */
export interface Request {
  /** `0.02`, POST, when left out. */
  readonly method?: string;
  readonly payload?: string | Uint8Array;
  /** Text of option 2101, null for none; the right one for the edition when left out. */
  readonly sign?: string | null;
  /** More options. */
  readonly options?: readonly [number: number, value: Uint8Array][];
}

export interface Reply {
  /** `2.04` */
  readonly code: string;
  readonly payload: Buffer;
  /** The payload as JSON; undefined when it is none. */
  readonly json: unknown;
  /** Values of an option, by its number. */
  option(number: number): readonly Buffer[];
}

/** Milliseconds after which a request counts as unanswered. */
const patience = 5_000;

export class ManualDevice {
  readonly keys: Keys;
  readonly edition: Edition;
  readonly #socket: Socket;
  readonly #port: number;
  readonly #ecb: boolean;
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  /** At random: the system may give the port of another device anew, whose message ids the server still knows. */
  #messageId = randomInt(0x1_0000);
  #token = "";
  #sequence = 0;

  /** @param ecb option 2101 in ECB, as in CBC with zeros */
  constructor(port: number, keys: Keys, edition: Edition, ecb = false) {
    this.#port = port;
    this.keys = keys;
    this.edition = edition;
    this.#ecb = ecb;
    this.#socket = createSocket("udp4");
    this.#socket.on("message", (datagram) => this.#receive(datagram));
  }

  close(): void {
    this.#socket.close();
  }

  /** Authenticates for an hour. @throws Error when it is refused */
  async authenticate(): Promise<void> {
    const { productKey, deviceKey } = this.keys;
    const payload = JSON.stringify({ secureMode: 2, lifetime: 3600, sign: this.authSign(3600) });
    const reply = await this.request(`/auth/${productKey}/${deviceKey}`, { payload, sign: null });
    if (reply.code !== "2.04") throw new Error(`authentication refused: ${reply.code}`);
    this.#token = (reply.json as { token?: string } | undefined)?.token ?? "";
    this.#sequence = 0;
  }

  /** Upper-case hex of SHA-256 over names and values without separators, the secret last. */
  authSign(lifetime: number, secret = this.keys.deviceSecret): string {
    const { productKey, deviceKey } = this.keys;
    const text = `deviceKey${deviceKey}lifetime${lifetime}productKey${productKey}secureMode2${secret}`;
    return createHash("sha256").update(text, "utf8").digest("hex").toUpperCase();
  }

  /** Option 2101 for a text such as `token…sequence1`. */
  seal(text: string): string {
    const key = createHash("sha256").update(this.keys.deviceSecret, "utf8").digest().subarray(8, 24);
    const cipher = this.#ecb
      ? createCipheriv("aes-128-ecb", key, null)
      : createCipheriv("aes-128-cbc", key, Buffer.alloc(16));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return sealed.toString("hex").toUpperCase();
  }

  /** Option 2101 of the request before. */
  sealAgain(): string {
    return this.seal(`token${this.#token}sequence${this.#sequence}`);
  }

  /** The path of one of its topics. */
  topic(tail: string): string {
    return `/topic/sys/${this.keys.productKey}/${this.keys.deviceKey}/${tail}`;
  }

  /**
   * POST of a body of any length, in blocks of 512 bytes when it is long, and its answer of any length.
   * @throws Error when nothing answers
   */
  async post(path: string, body: string | Uint8Array, request: Request = {}): Promise<Reply> {
    // One datagram, however long.
    if (request.payload !== undefined) return this.request(path, request);
    const bytes = Buffer.from(body as string);
    if (bytes.length <= 1024)
      return this.whole(path, request, await this.request(path, { ...request, payload: bytes }));
    for (let number = 0; ; number++) {
      const payload = bytes.subarray(number * 512, (number + 1) * 512);
      const more = (number + 1) * 512 < bytes.length;
      const reply = await this.request(
        path,
        withBlock(request, 27, (number << 4) | (more ? 8 : 0) | 5, payload),
      );
      if (!more || reply.code !== "2.31") return this.whole(path, request, reply);
    }
  }

  /** An answer with its later blocks. */
  async whole(path: string, request: Request, first: Reply): Promise<Reply> {
    const parts = [first.payload];
    for (let reply = first; ;) {
      const [value] = reply.option(23);
      const block = value === undefined ? 0 : value.readUIntBE(0, value.length || 1);
      if ((block & 8) === 0) break;
      reply = await this.request(
        path,
        withBlock(request, 23, ((block >> 4) + 1) * 16 + (block & 7), Buffer.alloc(0)),
      );
      parts.push(reply.payload);
    }
    const payload = Buffer.concat(parts);
    return { ...first, payload, json: parsed(payload.toString("utf8")) };
  }

  /** Sends one confirmable request. @throws Error when nothing answers */
  request(path: string, request: Request = {}): Promise<Reply> {
    const { method = "0.02", payload = "", sign, options = [] } = request;
    const id = this.#messageId;
    this.#messageId = (id + 1) & 0xffff;
    const key = randomBytes(8).toString("hex");
    const all: [number, string][] = path
      .split("/")
      .slice(1)
      .map((segment) => [11, utf8Hex(segment)]);
    for (const [number, value] of options) all.push([number, Buffer.from(value).toString("hex")]);
    const own = sign === undefined ? this.#nextSign() : sign;
    if (own !== null) all.push([2101, utf8Hex(own)]);
    const datagram = peerEncode({
      ...{ type: 0, code: code(method), messageId: id, token: key, options: all },
      payload: Buffer.from(payload as string).toString("hex"),
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new Error(`no answer to ${method} ${path}`));
      }, patience);
      this.#waiting.set(key, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
      this.#socket.send(datagram, this.#port, "127.0.0.1");
    });
  }

  #nextSign(): string | null {
    if (this.edition === "tokenless") return null;
    this.#sequence += 1;
    return this.seal(`token${this.#token}sequence${this.#sequence}`);
  }

  #receive(datagram: Buffer): void {
    const reply = peerDecode(datagram);
    const waiting = this.#waiting.get(reply.token);
    this.#waiting.delete(reply.token);
    const payload = Buffer.from(reply.payload, "hex");
    waiting?.({
      ...{ code: dotted(reply.code), payload, json: parsed(payload.toString("utf8")) },
      option: (wanted) =>
        reply.options.filter(([number]) => number === wanted).map(([, value]) => Buffer.from(value, "hex")),
    });
  }
}

/** The request with Block1, 27, or Block2, 23. */
function withBlock(request: Request, number: number, value: number, payload: Uint8Array): Request {
  const bytes = value > 0xff ? Uint8Array.of(value >> 8, value & 0xff) : Uint8Array.of(value);
  return { ...request, payload, options: [...(request.options ?? []), [number, bytes]] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
