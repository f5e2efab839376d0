/**
 * The envelope of a sealed product's message taken apart, as far as that goes without a key (docs/sealed.md). Pure, for the
 * message view and its tests.
 *
 *     from the device   08 + 2 t + (c - 1) | name | salt 8 | counter of c bytes | ciphertext | tag 8
 *                         name: t = 0: the first 14 digits of an IMEI, u48    t = 1: length u8 | the device key
 *     to the device     0e, or 0f under two keys | time u48 | nonce 13 | ( ciphertext | tag 8 ), for each key one
 *     answer, proven    request id u32 | code u16 | mac 8
 */
import { hex, printable, text } from "../coap/coap-text";

/** What stands in a payload: something of the device's, a command, or the answer to a report. */
export type EnvelopePlace = "up" | "command" | "answer";

export interface EnvelopePart {
  readonly name: string;
  readonly value: string;
  /** Bytes. */
  readonly length: number;
}

const tagLength = 8;
const nonceLength = 13;
const saltLength = 8;

/** The parts in the order of their bytes, all of them together as long as the payload; undefined for no envelope. */
export function envelopeParts(payload: Uint8Array, place: EnvelopePlace): EnvelopePart[] | undefined {
  switch (place) {
    case "up":
      return partsUp(payload);
    case "command":
      return partsDown(payload);
    case "answer":
      return partsOfAnswer(payload);
  }
}

/** Takes part after part off the front of the bytes. */
class Taker {
  readonly parts: EnvelopePart[] = [];
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  take(name: string, length: number, valueOf: (bytes: Uint8Array) => string): void {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.parts.push({ name, value: valueOf(bytes), length });
    this.#at += length;
  }

  /** A ciphertext and its tag, together this long. */
  takeSealed(length: number): void {
    this.take("ciphertext", length - tagLength, spaced);
    this.take("tag", tagLength, spaced);
  }
}

function partsUp(payload: Uint8Array): EnvelopePart[] | undefined {
  const [first, second] = payload;
  if ((first & 0xfc) !== 0x08) return undefined;
  const isText = (first & 2) !== 0;
  const counterLength = 1 + (first & 1);
  const nameLength = isText ? 1 + second : 6;
  // There is at least a byte in it.
  if (!(payload.length > 1 + nameLength + saltLength + counterLength + tagLength)) return undefined;
  const taker = new Taker(payload);
  taker.take("envelope", 1, () => `of a device, by ${isText ? "key" : "IMEI"}`);
  taker.take("name", nameLength, (bytes) =>
    isText ? printable(text(bytes.subarray(1)), 255) : imeiOf(uintOf(bytes)),
  );
  taker.take("salt", saltLength, hex);
  taker.take("counter", counterLength, (bytes) => String(uintOf(bytes)));
  taker.takeSealed(taker.rest);
  return taker.parts;
}

function partsDown(payload: Uint8Array): EnvelopePart[] | undefined {
  const isTwice = payload[0] === 0x0f;
  if (payload[0] !== 0x0e && !isTwice) return undefined;
  const sealed = payload.length - 1 - 6 - nonceLength;
  const each = isTwice ? sealed / 2 : sealed;
  if (!(each > tagLength) || !Number.isInteger(each)) return undefined;
  const taker = new Taker(payload);
  taker.take("envelope", 1, () => `of a command, under ${isTwice ? "two keys" : "one key"}`);
  taker.take("sealed at", 6, (bytes) => timeText(uintOf(bytes)));
  taker.take("nonce", nonceLength, spaced);
  taker.takeSealed(each);
  if (isTwice) taker.takeSealed(each);
  return taker.parts;
}

function partsOfAnswer(payload: Uint8Array): EnvelopePart[] | undefined {
  if (payload.length !== 14) return undefined;
  const taker = new Taker(payload);
  taker.take("request id", 4, (bytes) => String(uintOf(bytes)));
  taker.take("code", 2, (bytes) => String(uintOf(bytes)));
  taker.take("proof", tagLength, spaced);
  return taker.parts;
}

/** A number without a sign, of at most 6 bytes. */
function uintOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function spaced(bytes: Uint8Array): string {
  return hex(bytes).replace(/../g, "$& ").trimEnd();
}

/** With the 15th digit, which is made of the others (3GPP TS 23.003 annex B). */
function imeiOf(number: number): string {
  const digits = String(number).padStart(14, "0");
  if (digits.length > 14) return `${digits}, which is no IMEI's`;
  let sum = 0;
  for (let i = 0; i < 14; i++) {
    const value = Number(digits[i]) * (1 + (i % 2));
    sum += value > 9 ? value - 9 : value;
  }
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
