/**
 * What leaves a device whose product is sealed: that all of it is in envelopes, and that no salt and counter go out twice
 * with different bytes behind them. Two envelopes with one key and nonce give their plain texts away to whoever has both
 * (RFC 5116 section 3.1), so it is looked for on the air, where everybody can see them.
 *
 *     0x08 | t << 1 | (c - 1)   u8
 *     name                      t = 0: 6 bytes;  t = 1: length u8 | text
 *     salt, 8 bytes | counter, c bytes | ciphertext | tag, 8 bytes
 */
import { decodeCoap } from "../../../cloud/coap/coap-wire";
import { OptionNumber, uintOf } from "../../../cloud/coap/options";
import type { CoapMessage } from "../../../cloud/coap/coap-wire";

/** Topics of payloads in bytes. */
const raw: ReadonlySet<string> = new Set(["thing/model/up_raw", "thing/model/down_raw_reply"]);
/** What says something of the device or of what it measures, and would be in plain there. */
const telling =
  /^thing\/(measurepoint\/|event\/|attribute\/(update|delete)$|tag\/(update|delete)$|service\/.*_reply$)/;

/** Bytes of the longest head: a name of 255 characters. */
const longestHead = 1 + 256 + 8 + 2;

/** Something that a sealed device must not send. */
export interface Unsealed {
  /** Virtual ms. */
  readonly at: number;
  readonly topic: string;
}

/** An envelope with a salt and counter that another one had. */
export interface Reused {
  readonly at: number;
  readonly before: number;
  /** Salt in hexadecimal, and counter. */
  readonly pair: string;
}

/** As much of an envelope as has gone out. */
interface Seen {
  readonly at: number;
  readonly bytes: string;
  /** The rest is to come in further blocks. */
  readonly isPart: boolean;
}

/** The envelopes of one device, or of boards with one device key. */
export class SealBook {
  readonly unsealed: Unsealed[] = [];
  readonly reused: Reused[] = [];
  /** Different envelopes so far, and the salts that they had. */
  envelopes = 0;
  readonly salts = new Set<string>();
  /** What went out under each salt and counter. */
  readonly #seen = new Map<string, Seen>();
  /** Transfers in blocks that are under way, by topic: the bytes so far. */
  readonly #transfers = new Map<string, string>();

  /** A datagram that a device sends, delivered or not. */
  sent(datagram: Uint8Array, at: number): void {
    const message = decodeCoap(datagram);
    if ("malformed" in message || message.payload.length === 0) return;
    const topic = topicOf(message);
    if (telling.test(topic)) this.unsealed.push({ at, topic });
    if (!raw.has(topic)) return;
    const payload = Buffer.from(message.payload).toString("latin1");
    const block = message.options.find(({ number }) => number === OptionNumber.block1);
    if (block === undefined) return this.#note({ at, bytes: payload, isPart: false }, topic);
    const value = uintOf(block.value);
    const offset = (value >>> 4) << ((value & 7) + 4);
    const before = offset === 0 ? "" : (this.#transfers.get(topic) ?? "");
    // One that comes again.
    if (before.length !== offset) return;
    const bytes = before + payload;
    this.#transfers.set(topic, bytes);
    this.#note({ at, bytes, isPart: (value & 8) !== 0 }, topic);
  }

  #note(envelope: Seen, topic: string): void {
    const { at, bytes, isPart } = envelope;
    const pair = pairIn(Buffer.from(bytes, "latin1"));
    if (pair === undefined) {
      // Of its first block there may be too little to tell.
      if (!isPart || bytes.length >= longestHead) this.unsealed.push({ at, topic });
      return;
    }
    const before = this.#seen.get(pair);
    if (before === undefined) {
      this.#seen.set(pair, envelope);
      this.envelopes += 1;
      this.salts.add(pair.slice(0, 16));
      return;
    }
    const isSame = isPart || before.isPart ? startsAlike(before.bytes, bytes) : before.bytes === bytes;
    if (!isSame) {
      // Once: the blocks that follow are of the same envelope.
      if (!this.reused.some((each) => each.pair === pair)) this.reused.push({ at, before: before.at, pair });
    } else if (bytes.length > before.bytes.length) this.#seen.set(pair, envelope);
  }
}

function startsAlike(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function topicOf({ options }: CoapMessage): string {
  const path = options
    .filter(({ number }) => number === OptionNumber.uriPath)
    .map(({ value }) => Buffer.from(value).toString());
  return path.slice(4).join("/");
}

/** Salt in hexadecimal, and counter; undefined for what is no envelope. */
function pairIn(payload: Uint8Array): string | undefined {
  const head = payload[0];
  if ((head & 0xfc) !== 0x08) return undefined;
  const name = (head & 2) === 0 ? 6 : 1 + payload[1];
  const at = 1 + name;
  const end = at + 8 + (head & 1) + 1;
  if (payload.length < end) return undefined;
  return `${Buffer.from(payload.subarray(at, at + 8)).toString("hex")} ${uintOf(payload.subarray(at + 8, end))}`;
}
