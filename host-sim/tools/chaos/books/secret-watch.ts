/**
 * Looks for what must stay secret wherever it must not be: the device's secret, the key that is made of it, and
 * the tokens of its sessions, plain, in hexadecimal and in base64.
 */
import { createHash } from "node:crypto";
import { decodeCoap } from "../../../cloud/coap/coap-wire";
import { signKey } from "../../../cloud/enos/sign";
import { downKey, proofKey } from "../../../model/seal/keys";
import type { World } from "../../../sim/world/world";

/** A secret in one of the forms in which it could be met. */
interface Needle {
  readonly name: string;
  readonly text: string;
}

/** The only places of the device's secret, and of its seal key, in key-value storage. */
const place = { store: "enos", keys: ["deviceSecret", "sealKey"] } as const;
/** The store that holds the device's state, and with it the token. */
const stateStore = "state";

/** Notes where a secret was met; never the secret. */
export class SecretWatch {
  /** What must be nowhere but in its place. */
  readonly #secrets: Needle[] = [];
  /** What is also in the device's state, and in the answers that bring it. */
  readonly #tokens: Needle[] = [];
  readonly #known = new Set<string>();
  /** Where one was met, and which. */
  readonly found: string[] = [];

  /** @param sealKey of a sealed product's board, 64 hex digits */
  constructor(deviceSecret: string, sealKey?: string) {
    this.learn(deviceSecret);
    if (sealKey === undefined) return;
    const key = Buffer.from(sealKey, "hex");
    this.#secrets.push(...forms("the board's seal key", key));
    this.#secrets.push(...forms("the key of commands", downKey(key)));
    this.#secrets.push(...forms("the key of proofs", proofKey(key)));
  }

  /** Another secret of the device's. */
  learn(deviceSecret: string): void {
    const key = signKey(deviceSecret);
    this.#secrets.push(...forms("the device's secret", Buffer.from(deviceSecret)));
    this.#secrets.push(...forms("the key made of the device's secret", Buffer.from(key)));
    const whole = createHash("sha256").update(deviceSecret).digest();
    this.#secrets.push(...forms("the digest of the device's secret", whole));
  }

  /** A line of the device's log. */
  log(text: string, room: string): void {
    this.#look(text, this.#secrets, () => `the log's room "${room}"`);
    this.#look(text, this.#tokens, () => `the log's room "${room}"`);
  }

  /** A line between board and modem. */
  line(text: string, toModem: boolean): void {
    this.#look(text, this.#secrets, () => "the AT traffic");
    // What the modem says may be the answer that brings the token.
    if (toModem) this.#look(text, this.#tokens, () => "the AT traffic");
  }

  /** A datagram on the air. */
  datagram(bytes: Uint8Array, direction: "up" | "down"): void {
    if (direction === "down") this.#findToken(bytes);
    const text = latin1(bytes);
    this.#look(text, this.#secrets, () => "a datagram");
    if (direction === "up") this.#look(text, this.#tokens, () => "a datagram of the device's");
  }

  /** What the board has in its memories now. */
  memories({ flash, retained, keyValue }: World): void {
    if (flash !== undefined) this.bytes(flash.bytes, "flash", this.#tokens);
    this.bytes(retained, "retained memory");
    for (const [store, values] of keyValue) {
      for (const [key, value] of values) {
        if (store === place.store && place.keys.some((each) => each === key)) continue;
        const bytes = typeof value === "object" ? value : Buffer.from(String(value));
        const where = `key-value storage, ${store}/${key}`;
        this.bytes(bytes, where, store === stateStore ? [] : this.#tokens);
      }
    }
  }

  /** @param also what must not be there beside the device's secrets */
  bytes(bytes: Uint8Array, where: string, also: readonly Needle[] = []): void {
    const text = latin1(bytes);
    this.#look(text, this.#secrets, () => where);
    this.#look(text, also, () => where);
  }

  #look(text: string, needles: readonly Needle[], where: () => string): void {
    for (let i = 0; i < needles.length; i++) {
      if (text.includes(needles[i].text)) this.found.push(`${where()} holds ${needles[i].name}`);
    }
  }

  #findToken(datagram: Uint8Array): void {
    // Of all answers that of an authentication alone has one.
    const message = decodeCoap(datagram);
    if ("malformed" in message || message.payload.length === 0) return;
    const token = /"token":"([^"]{8,})"/.exec(latin1(message.payload))?.[1];
    if (token === undefined || this.#known.has(token)) return;
    this.#known.add(token);
    this.#tokens.push(...forms("a session's token", Buffer.from(token)));
  }
}

/** A secret as it is, as hex of both cases, and as base64, however it is aligned there. */
function forms(name: string, secret: Buffer): Needle[] {
  const hex = secret.toString("hex");
  const texts = [secret.toString("latin1"), hex, hex.toUpperCase()];
  for (let shift = 0; shift < 3; shift++) {
    const base64 = Buffer.concat([Buffer.alloc(shift), secret]).toString("base64");
    // Digits that depend on what stands before and behind are left out.
    texts.push(base64.slice(Math.ceil((8 * shift) / 6), Math.floor((8 * (shift + secret.length)) / 6)));
  }
  return texts.map((text, index) => ({
    name: index === 0 ? name : `${name}, in ${index < 3 ? "hexadecimal" : "base64"}`,
    text,
  }));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
