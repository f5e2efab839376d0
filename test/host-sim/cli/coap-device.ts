/** A device on a real UDP socket, of the edition that the cloud speaks: it signs once it was given a token. */
import { createCipheriv, createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { decodeCoap, encodeCoap } from "../../../host-sim/cloud/coap/coap-wire";

interface Keys {
  productKey: string;
  deviceKey: string;
  deviceSecret: string;
}

export class CoapDevice {
  readonly #keys: Keys;
  #token = "";
  #messageId = 1;
  readonly #sockets = new Set<Socket>();
  /** Of the cloud; it may have moved. */
  port: number;
  sequence = 0;

  constructor(keys: Keys, port: number) {
    this.#keys = keys;
    this.port = port;
  }

  /** Returns the answer's code, such as `2.04`, here and below. */
  async authenticate(): Promise<string> {
    const { productKey, deviceKey, deviceSecret } = this.#keys;
    const text = `deviceKey${deviceKey}lifetime3600productKey${productKey}secureMode2${deviceSecret}`;
    const sign = createHash("sha256").update(text).digest("hex").toUpperCase();
    const body = JSON.stringify({ secureMode: 2, lifetime: 3600, sign });
    const { code, payload } = await this.#ask(["auth", productKey, deviceKey], body);
    if (code === "2.04") this.#token = (JSON.parse(payload || "{}") as { token?: string }).token ?? "";
    return code;
  }

  async report(id: string, measurepoints: Record<string, unknown>): Promise<string> {
    return this.say(id, "thing/measurepoint/post", { measurepoints });
  }

  /** A JSON message to the topic of its method. */
  say(id: string, path: string, params: unknown): Promise<string> {
    const method = path.replaceAll("/", ".");
    return this.post(path, JSON.stringify({ id, version: "1.0", method, params }));
  }

  /** Posts to a topic below its own. */
  async post(path: string, payload: string | Uint8Array): Promise<string> {
    const { productKey, deviceKey } = this.#keys;
    const segments = ["topic", "sys", productKey, deviceKey, ...path.split("/")];
    return (await this.#ask(segments, payload, this.#sign())).code;
  }

  /** undefined in edition "tokenless", which has no signatures. */
  #sign(): string | undefined {
    if (this.#token === "") return undefined;
    this.sequence += 1;
    const key = createHash("sha256").update(this.#keys.deviceSecret).digest().subarray(8, 24);
    const cipher = createCipheriv("aes-128-cbc", key, Buffer.alloc(16));
    const text = `token${this.#token}sequence${this.sequence}`;
    return Buffer.concat([cipher.update(text), cipher.final()])
      .toString("hex")
      .toUpperCase();
  }

  #ask(
    path: readonly string[],
    payload: string | Uint8Array,
    sign?: string,
  ): Promise<{ code: string; payload: string }> {
    const messageId = this.#messageId++;
    const options = path.map((segment) => ({ number: 11, value: Buffer.from(segment) }));
    if (sign !== undefined) options.push({ number: 2101, value: Buffer.from(sign) });
    const datagram = encodeCoap({
      ...{ type: 0, code: 2, messageId, token: Uint8Array.of(1, 2) },
      ...{ options, payload: Buffer.from(payload) },
    });
    return new Promise((resolve, reject) => {
      const socket = createSocket("udp4");
      this.#sockets.add(socket);
      const close = (): void => {
        this.#sockets.delete(socket);
        socket.close();
      };
      socket.on("error", (error) => {
        close();
        reject(error);
      });
      socket.on("message", (bytes) => {
        close();
        const reply = decodeCoap(bytes);
        if ("malformed" in reply) return reject(new Error(reply.malformed));
        const code = `${reply.code >> 5}.${String(reply.code & 31).padStart(2, "0")}`;
        resolve({ code, payload: Buffer.from(reply.payload).toString("utf8") });
      });
      socket.send(datagram, this.port, "127.0.0.1");
    });
  }

  /** Gives up what has not been answered. */
  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }
}
