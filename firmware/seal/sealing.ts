/**
 * Seals what goes up and opens what comes down: an AEAD envelope around each raw payload, because the protocol without
 * DTLS protects none. The other end is the parsing script that `npm run model` writes.
 *
 *     device key   32 bytes, of this device alone, from the board's storage
 *     up           HKDF-Expand(device key, "enos-seal/1 up " | salt): AES key, 16 bytes | base nonce, 13
 *     down         HKDF-Expand(device key, "enos-seal/1 down"): AES key, 16 bytes
 *     proof        HKDF-Expand(device key, "enos-seal/1 proof"), 32 bytes
 *
 * What goes up, with big-endian numbers; the nonce is the base nonce XOR the counter:
 *
 *     0  kind and name           see envelope-head.ts
 *        salt                    8 bytes
 *        counter                 1 or 2 bytes, as few as it takes
 *        cipher text | tag       8 bytes more than the plain text
 *
 * What comes down:
 *
 *     0  0e, or 0f with two cipher texts, of which either may be this device's
 *     1  time u48                epoch ms
 *     7  nonce                   13 bytes
 *    20  cipher text | tag       once or twice, of the same length
 */
import { ascii, readHex } from "../text/ascii";
import { decodeAnswer } from "../model/command";
import { SettingsError } from "../enos/credentials";
import { CommandTime } from "./command-time";
import { encrypt0, expand, hmac, mac0, open, sameTag, seal, structure, tagLength } from "./cose";
import { envelopeHead } from "./envelope-head";
import { join } from "./join";
import { sealedKinds } from "./kinds";
import { Nonces, saltLength } from "./nonces";
import type { NewSealing, Opened, Sealing, SealingSurroundings } from "../delivery/sealing";
import type { Cryptography } from "../enos/sign";
import type { RawAnswer } from "../model/command";

/** What the product's model says of it. */
export interface SealingOptions {
  /** An upload is released by an answer that only the script can make. */
  readonly proof: boolean;
  /** A board without a key goes on in plain. */
  readonly migrating: boolean;
}

const aesKeyLength = 16;
/** Where a command's cipher texts begin. */
const textsAt = 20;
/** Longest cipher text that is opened, as it takes four times its length of RAM: no command of a model is half as long. */
const longestText = 2048;
/** Bytes of the answer to an upload, without its proof. */
const answerLength = 6;
/** No cloud holds a command longer for a device that is away, ms: EnOS's longest `pendingTtl`. */
const longestWait = 172_800_000;
const nothing: Uint8Array = new Uint8Array(0);

/** How a product makes its sealing. */
export function sealingOf({ proof, migrating }: SealingOptions): NewSealing {
  return (surroundings) => {
    const { keyText, log } = surroundings;
    const { length } = keyText;
    if (length === 0 && migrating) {
      log({ kind: "seal key missing" });
      return undefined;
    }
    const key = readHex(ascii(keyText), 0, length);
    if (key?.length === 32) return new DeviceSealing(proof, key, surroundings);
    const fault = length === 0 ? "is missing" : `must be 64 hex digits and has ${length} characters`;
    throw new SettingsError(`sealKey ${fault}: npm run provision -- --master FILE`);
  };
}

class DeviceSealing implements Sealing {
  readonly proof: boolean;
  readonly overhead: number;
  readonly carries = sealedKinds.carries;
  readonly encodeMessage = sealedKinds.encodeMessage;
  readonly encodeTimedReport = sealedKinds.encodeTimedReport;
  readonly #crypto: Cryptography;
  readonly #key: Uint8Array;
  /** `PRODUCT KEY/DEVICE KEY` */
  readonly #identity: string;
  readonly #head: Uint8Array;
  readonly #nonces: Nonces;
  readonly #commandTime: CommandTime;
  /** The key and base nonce of what goes up, and the salt that they are of. */
  #up = nothing;
  #upSalt = nothing;
  /** Salt and counter of the upload that was sealed last, which its answer is about. */
  #uploaded = nothing;

  constructor(proof: boolean, key: Uint8Array, surroundings: SealingSurroundings) {
    const { productKey, deviceKey } = surroundings.credentials;
    this.proof = proof;
    this.#crypto = surroundings.crypto;
    this.#key = key;
    this.#identity = `${productKey}/${deviceKey}`;
    this.#head = envelopeHead(deviceKey);
    this.overhead = this.#head.length + saltLength + 2 + tagLength;
    this.#nonces = new Nonces(surroundings);
    this.#commandTime = new CommandTime(surroundings);
  }

  sealUpload(plain: Uint8Array): Uint8Array {
    this.#uploaded = this.#nonces.next();
    return this.seal(plain, this.#uploaded);
  }

  sealReply(plain: Uint8Array): Uint8Array {
    return this.seal(plain, this.#nonces.next());
  }

  answer(payload: Uint8Array): RawAnswer | undefined {
    const isProven = payload.length === answerLength + tagLength;
    const bare = isProven ? payload.subarray(0, answerLength) : payload;
    if (this.proof && !(isProven && this.proves(bare, payload.subarray(answerLength)))) return undefined;
    return decodeAnswer(bare);
  }

  open(payload: Uint8Array): Opened {
    const texts = payload[0] - 0x0d;
    if (!(texts === 1 || texts === 2)) return "plain";
    const length = (payload.length - textsAt) / texts;
    if (!(length >= tagLength && length <= longestText && length % 1 === 0)) return "truncated";
    const key = this.derive("down", nothing).subarray(0, aesKeyLength);
    const nonce = payload.subarray(7, textsAt);
    const additional = structure(encrypt0, `down ${this.#identity}/`, payload.subarray(1, 7), nothing);
    for (let at = textsAt; at < payload.length; at += length) {
      const plain = open(this.#crypto, key, nonce, additional, payload.subarray(at, at + length));
      if (plain === undefined) continue;
      const view = new DataView(payload.buffer, payload.byteOffset);
      return { plain, time: view.getUint16(1) * 0x1_0000_0000 + view.getUint32(3) };
    }
    return "forged";
  }

  isFresh(time: number, now: number | undefined): boolean {
    const { last } = this.#commandTime;
    return last >= 0 ? time >= last : now === undefined || time >= now - longestWait;
  }

  take(time: number): void {
    this.#commandTime.keep(time);
  }

  /** @param used its salt and counter */
  private seal(plain: Uint8Array, used: Uint8Array): Uint8Array {
    const { salt } = this.#nonces;
    if (salt !== this.#upSalt) {
      this.#upSalt = salt;
      this.#up = this.derive("up ", salt);
    }
    const nonce = this.#up.slice(aesKeyLength, 29);
    nonce[11] ^= used[saltLength];
    nonce[12] ^= used[saltLength + 1];
    const key = this.#up.subarray(0, aesKeyLength);
    const additional = structure(encrypt0, `up ${this.#identity}`, nothing, nothing);
    const isLong = used[saltLength] > 0;
    const counter = used.subarray(isLong ? saltLength : saltLength + 1);
    const envelope = join(this.#head, salt, counter, seal(this.#crypto, key, nonce, additional, plain));
    if (isLong) envelope[0] |= 1;
    return envelope;
  }

  /** Whether the script has said this of the upload that was sealed last. */
  private proves(bare: Uint8Array, tag: Uint8Array): boolean {
    const payload = join(Uint8Array.of(0x40 | answerLength), bare);
    const said = structure(mac0, `proof ${this.#identity}/`, this.#uploaded, payload);
    return sameTag(hmac(this.#crypto, this.derive("proof", nothing), said), tag);
  }

  /** The key of a purpose, 32 bytes. */
  private derive(purpose: string, more: Uint8Array): Uint8Array {
    return expand(this.#crypto, this.#key, `enos-seal/1 ${purpose}`, more);
  }
}
