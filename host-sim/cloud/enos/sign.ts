/**
 * EnOS signatures, checked from the cloud's side.
 *
 * An authentication carries SHA-256 over the device's names and its secret. Every later request of the
 * May 2019 edition carries option 2101: session token and sequence number, encrypted under a key made
 * from the device secret. Nothing here returns, logs or throws a secret.
 */
import { createDecipheriv, createHash, timingSafeEqual } from "node:crypto";
import type { Decipher } from "node:crypto";
import { ExpectedSigns } from "./expected-signs";

/**
 * How option 2101 is chained. EnOS's manual names no initialisation vector, and its first edition no mode either:
 * `zero` = CBC with 16 zero bytes, `key` = CBC with the sign key itself, 32 hex digits = CBC with those,
 * `ecb` = ECB, which has no vector.
 */
export type IvSetting = "zero" | "key" | "ecb" | (string & {});

/** What a device's authentication request claims. */
export interface AuthClaim {
  productKey: string;
  deviceKey: string;
  /** seconds */
  lifetime: number;
  secureMode: number;
}

/** The content of a signature that could be decrypted; the session checks whether it is right. */
export interface SessionSign {
  token: string;
  sequence: number;
}

const aesBlock = 16;
/** Longest option 2101 that is read, bytes: far more than any token of EnOS needs. */
const longestSign = 512;

/** Stands in for the secret of a device that does not exist, so that it costs the same work. */
export const dummySecret = "no such device";

/**
 * True when `sign` is the upper-case hex of SHA-256 over
 * `deviceKey{DK}lifetime{L}productKey{PK}secureMode{M}{DS}`. Compared in constant time.
 */
export function verifyAuthSign(claim: AuthClaim, deviceSecret: string, sign: string): boolean {
  const { productKey, deviceKey, lifetime, secureMode } = claim;
  const text = `deviceKey${deviceKey}lifetime${lifetime}productKey${productKey}secureMode${secureMode}`;
  const expected = createHash("sha256")
    .update(text + deviceSecret, "utf8")
    .digest("hex")
    .toUpperCase();
  return equalText(expected, sign);
}

/** The key of option 2101: bytes 9 to 24, counted from 1, of SHA-256 of the device secret. */
export function signKey(deviceSecret: string): Uint8Array {
  return createHash("sha256").update(deviceSecret, "utf8").digest().subarray(8, 24);
}

/** What the setting takes, for a user who has given something else. */
export const ivForms = '"zero", "key", "ecb" or 32 hex digits';

/**
 * The initialisation vector that a setting stands for, given the sign key; undefined for ECB.
 * @throws RangeError on a setting that is none of the four
 */
export function signIv(setting: IvSetting, key: Uint8Array): Uint8Array | undefined {
  if (setting === "ecb") return undefined;
  if (setting === "zero") return new Uint8Array(aesBlock);
  if (setting === "key") return key;
  if (/^[0-9a-f]{32}$/i.test(setting)) return Buffer.from(setting, "hex");
  throw new RangeError(`iv: expected ${ivForms}, got ${setting.length} characters`);
}

/**
 * Reads option 2101 of one device: upper-case hex of AES-128(key, `token{T}sequence{N}`), PKCS#7 padded, in CBC
 * or ECB.
 *
 * One AES object serves a device as long as it exists, and the chaining of CBC is done here: to make an object
 * for every request took longer than everything else in a request.
 */
export class SessionSignReader {
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array | undefined;
  #aes: Decipher | undefined;
  /** What the device's next requests will carry, once it is known how it counts them. */
  readonly expected: ExpectedSigns;

  /** @throws RangeError on an `iv` that is no setting */
  constructor(deviceSecret: string, iv: IvSetting) {
    this.#key = signKey(deviceSecret);
    this.#iv = signIv(iv, this.#key);
    this.expected = new ExpectedSigns(this.#key, this.#iv);
  }

  /**
   * What the option's value says. Never throws.
   *
   * All that can be wrong with the text gives one and the same result on purpose: an answer that told bad
   * padding from a bad text would let a stranger decrypt recorded signatures piece by piece.
   */
  read(value: Uint8Array): SessionSign | { unparsable: string } {
    if (value.length === 0 || value.length > longestSign || value.length % (2 * aesBlock) !== 0) {
      return { unparsable: `${value.length} bytes are not the hex of whole AES blocks` };
    }
    const encrypted = new Uint8Array(value.length / 2);
    for (let i = 0; i < encrypted.length; i++) {
      const byte = (hexDigit(value[2 * i]) << 4) | hexDigit(value[2 * i + 1]);
      if (byte < 0) return { unparsable: "not upper-case hex" };
      encrypted[i] = byte;
    }
    // ECB without padding keeps nothing from one call to the next.
    this.#aes ??= createDecipheriv("aes-128-ecb", this.#key, null).setAutoPadding(false);
    const padded = this.#aes.update(encrypted);
    const iv = this.#iv;
    if (iv !== undefined) {
      for (let i = 0; i < padded.length; i++) padded[i] ^= i < aesBlock ? iv[i] : encrypted[i - aesBlock];
    }
    const length = unpaddedLength(padded) ?? 0;
    const match = /^token([!-~]+)sequence([1-9][0-9]{0,15})$/.exec(padded.toString("latin1", 0, length));
    const sequence = match === null ? 0 : Number(match[2]);
    if (match === null || !Number.isSafeInteger(sequence)) {
      return { unparsable: "does not decrypt to a token and a sequence under this device's key" };
    }
    return { token: match[1], sequence };
  }
}

/** The value of an upper-case hex digit, -1 for any other byte. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x41 && byte <= 0x46 ? byte - 0x37 : -1;
}

/** Length of the text before PKCS#7 padding (RFC 5652 section 6.3), or `undefined` when it is wrong. */
function unpaddedLength(padded: Uint8Array): number | undefined {
  const count = padded[padded.length - 1];
  if (count < 1 || count > aesBlock) return undefined;
  let difference = 0;
  for (let i = padded.length - count; i < padded.length; i++) difference |= padded[i] ^ count;
  return difference === 0 ? padded.length - count : undefined;
}

/** Compares two texts in a time that depends on their lengths alone. */
export function equalText(expected: string, actual: string): boolean {
  const a = Buffer.from(expected, "utf8");
  const b = Buffer.from(actual, "utf8");
  if (a.length === b.length) return timingSafeEqual(a, b);
  timingSafeEqual(a, a);
  return false;
}
