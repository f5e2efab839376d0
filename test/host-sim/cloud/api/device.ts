/** A device of edition "tokenless", as far as the application API's tests need one: it makes its datagrams. */
import { createHash } from "node:crypto";
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { ApiRig } from "./rig";

export const pk = "MuGsF6W4";
export const dk = "861234567890123";
export const demoSecret = "aB3dEf6hIj9lMn0p";

export interface Reply {
  /** Such as `2.04`. */
  code: string;
  payload: Uint8Array;
  /** What a payload of JSON says. */
  json: any;
  /** The command that came along: the path below the device's topic, and the payload (option 2102). */
  command?: { path: string; json: any; payload: Uint8Array };
}

export class Device {
  readonly #rig: ApiRig;
  readonly #deviceKey: string;
  readonly #secret: string;
  #messageId: number;

  /** @param messageId from which on its messages count: all devices speak from one address */
  constructor(rig: ApiRig, deviceKey = dk, secret = demoSecret, messageId = 1000) {
    this.#rig = rig;
    this.#messageId = messageId;
    this.#deviceKey = deviceKey;
    this.#secret = secret;
  }

  authenticate(): Reply {
    const text = `deviceKey${this.#deviceKey}lifetime3600productKey${pk}secureMode2${this.#secret}`;
    const sign = createHash("sha256").update(text).digest("hex").toUpperCase();
    return this.#post(["auth", pk, this.#deviceKey], JSON.stringify({ secureMode: 2, lifetime: 3600, sign }));
  }

  /** Posts to a topic below its own. */
  post(path: string, payload: Uint8Array | string): Reply {
    return this.#post(["topic", "sys", pk, this.#deviceKey, ...path.split("/")], payload);
  }

  /** A JSON message to the topic of its method. */
  say(id: string, path: string, params: unknown): Reply {
    const method = path.replaceAll("/", ".");
    return this.post(path, JSON.stringify({ id, version: "1.0", method, params }));
  }

  points(id: string, measurepoints: Record<string, unknown>, time?: number): Reply {
    return this.say(id, "thing/measurepoint/post", {
      measurepoints,
      time,
    });
  }

  #post(segments: readonly string[], payload: Uint8Array | string): Reply {
    this.#messageId += 1;
    const datagram = encodeCoap({
      ...{ type: 0, code: 2, messageId: this.#messageId, token: Uint8Array.of(1) },
      options: segments.map((segment) => ({ number: 11, value: Buffer.from(segment) })),
      payload: typeof payload === "string" ? Buffer.from(payload) : payload,
    });
    const bytes = this.#rig.exchange(datagram);
    const reply = bytes === undefined ? undefined : decodeCoap(bytes);
    if (reply === undefined || "malformed" in reply) throw new Error("expected a reply, got none");
    const { code, options } = reply;
    const text = Buffer.from(reply.payload).toString("utf8");
    const path = options.find(({ number }) => number === 2100);
    const carried = options.find(({ number }) => number === 2102);
    const command = carried === undefined ? undefined : Buffer.from(carried.value).toString("utf8");
    return {
      code: `${code >> 5}.${String(code & 31).padStart(2, "0")}`,
      payload: reply.payload,
      json: text.startsWith("{") ? JSON.parse(text) : undefined,
      command:
        command === undefined
          ? undefined
          : {
              path: Buffer.from(path?.value ?? []).toString("utf8"),
              json: command.startsWith("{") ? JSON.parse(command) : command,
              payload: carried!.value,
            },
    };
  }
}
