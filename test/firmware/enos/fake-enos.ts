/**
 * A small EnOS of the tests' own, on coap-packet and node:crypto: no line of it is shared with the
 * firmware or with the simulator's cloud.
 */
import { createDecipheriv, createHash } from "node:crypto";
import { code, dotted, peerDecode, peerEncode, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

export const keys = {
  productKey: "MuGsF6W4",
  deviceKey: "861234567890123",
  deviceSecret: "aB3dEf6hIj9lMn0p",
};
export const root = `/topic/sys/${keys.productKey}/${keys.deviceKey}`;

/** A request as the server saw it. */
export interface Seen {
  /** `POST /auth/…`: method and path. */
  readonly line: string;
  readonly payload: string;
  /** The payload's bytes as hex. */
  readonly bytes: string;
  /** Content-Format, undefined without one. */
  readonly format: number | undefined;
  /** What option 2101 says once deciphered; undefined without the option, "?" when it cannot be read. */
  readonly signed: string | undefined;
  readonly messageId: number;
  readonly token: string;
}

/** An answer: code as text, payload as text, options by number with text values. */
export interface Answer {
  readonly code: string;
  readonly payload?: string | Uint8Array;
  readonly options?: readonly (readonly [number, string | Uint8Array])[];
}

/** `default` lets the server do what EnOS does; `silence` sends nothing. */
export type Script = (request: Seen, server: FakeEnos) => Answer | "default" | "silence" | "reset";

const methods: Readonly<Record<number, string>> = { 1: "GET", 2: "POST" };
const sha256 = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();
const asHex = (value: string | Uint8Array): string =>
  typeof value === "string" ? utf8Hex(value) : Buffer.from(value).toString("hex");

export class FakeEnos {
  edition: "token" | "tokenless";
  script: Script = () => "default";
  /** Null for ECB. */
  readonly iv: Buffer | null;
  /** Everything that arrived, retransmissions too. */
  readonly seen: Seen[] = [];
  /** Commands that wait: topic below the device's root, and payload. */
  readonly downlinks: { topic: string; payload: string | Uint8Array }[] = [];
  token = "";
  sequence = 0;
  /** The token of the nth session. */
  tokenOf = (n: number): string => `T${n}-é`;
  #tokens = 0;

  constructor(edition: "token" | "tokenless" = "token", iv: Buffer | null = Buffer.alloc(16)) {
    this.edition = edition;
    this.iv = iv;
  }

  /** The requests' lines, `/topic/sys/PK/DK/` shortened to `…`. */
  get lines(): string[] {
    return this.seen.map((request) => request.line.replace(`${root}/`, "…"));
  }

  /** Forgets the session, as a server does when the token has died. */
  forget(): void {
    this.token = "";
  }

  /** Takes in a datagram and returns the answer's bytes, if there is one. */
  receive(datagram: Uint8Array): Uint8Array | undefined {
    const fields = peerDecode(datagram);
    if (fields.type !== 0 || fields.code === 0) return undefined;
    const request = this.#read(fields);
    this.seen.push(request);
    const scripted = this.script(request, this);
    if (scripted === "silence") return undefined;
    if (scripted === "reset") return peerEncode({ type: 3, code: 0, messageId: fields.messageId });
    const answer = scripted === "default" ? this.answer(request) : scripted;
    return peerEncode({
      type: 2,
      code: code(answer.code),
      messageId: fields.messageId,
      token: fields.token,
      options: (answer.options ?? []).map(([number, value]) => [number, asHex(value)] as const),
      payload: asHex(answer.payload ?? ""),
    });
  }

  /** What EnOS would say. */
  answer(request: Seen): Answer {
    if (request.line === `POST /auth/${keys.productKey}/${keys.deviceKey}`)
      return this.#authenticate(request);
    if (!request.line.includes(` ${root}/`)) return { code: "4.04" };
    if (this.edition === "tokenless") {
      // An option that is critical and unknown here (RFC 7252 section 5.4.1).
      if (request.signed !== undefined) return { code: "4.02" };
      if (this.token === "") return { code: "4.01" };
    } else {
      const match = /^token(.*)sequence(\d+)$/.exec(request.signed ?? "");
      if (match === null) return { code: request.signed === undefined ? "4.01" : "4.00" };
      if (match[1] !== this.token || this.token === "" || Number(match[2]) <= this.sequence)
        return { code: "4.01" };
      this.sequence = Number(match[2]);
    }
    if (request.line.startsWith("GET ")) {
      const index = this.downlinks.findIndex(({ topic }) => request.line === `GET ${root}/${topic}`);
      if (index < 0) return { code: "4.04" };
      const [{ payload }] = this.downlinks.splice(index, 1);
      return { code: "2.05", payload, options: this.#announcement() };
    }
    return { code: "2.04", options: this.#announcement() };
  }

  #announcement(): readonly (readonly [number, string | Uint8Array])[] {
    if (this.downlinks.length === 0) return [];
    const { topic, payload } = this.downlinks[0];
    if (this.edition === "token") return [[2100, `${root}/${topic}`]];
    this.downlinks.shift();
    return [
      [2100, `${root}/${topic}`],
      [2102, payload],
    ];
  }

  #authenticate(request: Seen): Answer {
    const { secureMode, lifetime, sign, ...rest } = JSON.parse(request.payload) as Record<string, unknown>;
    const { productKey, deviceKey, deviceSecret } = keys;
    const text = `deviceKey${deviceKey}lifetime${lifetime}productKey${productKey}secureMode2${deviceSecret}`;
    const good = sign === sha256(text).toString("hex").toUpperCase();
    if (!good || secureMode !== 2 || Object.keys(rest).length > 0) return { code: "4.01" };
    this.token = this.tokenOf(++this.#tokens);
    this.sequence = 0;
    return this.edition === "token"
      ? { code: "2.04", payload: JSON.stringify({ token: this.token }) }
      : { code: "2.04" };
  }

  #read(fields: Required<Fields>): Seen {
    const path = fields.options
      .filter(([number]) => number === 11)
      .map(([, value]) => Buffer.from(value, "hex").toString());
    const format = fields.options.find(([number]) => number === 12);
    const sign = fields.options.find(([number]) => number === 2101);
    return {
      line: `${methods[fields.code] ?? dotted(fields.code)} /${path.join("/")}`,
      payload: Buffer.from(fields.payload, "hex").toString("utf8"),
      bytes: fields.payload,
      format: format === undefined ? undefined : parseInt(format[1] || "0", 16),
      signed: sign === undefined ? undefined : this.#decipher(Buffer.from(sign[1], "hex").toString("latin1")),
      messageId: fields.messageId,
      token: fields.token,
    };
  }

  #decipher(sign: string): string {
    if (!/^([0-9A-F]{32})+$/.test(sign)) return "?";
    try {
      const cipher = this.iv === null ? "aes-128-ecb" : "aes-128-cbc";
      const decipher = createDecipheriv(cipher, sha256(keys.deviceSecret).subarray(8, 24), this.iv);
      return Buffer.concat([decipher.update(sign, "hex"), decipher.final()]).toString("utf8");
    } catch {
      return "?";
    }
  }
}
