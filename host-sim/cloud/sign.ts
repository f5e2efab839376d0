/**
 * EnOS signatures, checked from the cloud's side.
 *
 * An authentication carries SHA-256 over the device's names and its secret. Every later request of the
 * May 2019 edition carries option 2101: session token and sequence number, encrypted under a key made
 * from the device secret. Nothing here returns, logs or throws a secret.
 */
import { createDecipheriv, createHash, timingSafeEqual } from "node:crypto";

/**
 * The initialisation vector of option 2101, about which EnOS's manual is silent:
 * `zero` = 16 zero bytes, `key` = the sign key itself, or 32 hex digits.
 */
export type IvSetting = "zero" | "key" | (string & {});

/** What a device's authentication request claims. */
export interface AuthClaim {
  productKey: string;
  deviceKey: string;
  /** seconds */
  lifetime: number;
  secureMode: number;
}

/** What stands in a signature that can be read; whether it is true is for the session to say. */
export interface SessionSign {
  token: string;
  sequence: number;
}

const AES_BLOCK = 16;
/** Longest option 2101 that is looked at: far above what a token of any sane length gives, bytes. */
const LONGEST_SIGN = 512;

/** Stands in for the secret of a device that does not exist, so that it costs the same work. */
export const DUMMY_SECRET = "no such device";

/**
 * True when `sign` is the upper-case hex of SHA-256 over
 * `deviceKey{DK}lifetime{L}productKey{PK}secureMode{M}{DS}`. Compared in constant time.
 */
export function verifyAuthSign(claim: AuthClaim, deviceSecret: string, sign: string): boolean {
  const { productKey, deviceKey, lifetime, secureMode } = claim;
  const text = `deviceKey${deviceKey}lifetime${lifetime}productKey${productKey}secureMode${secureMode}`;
  const expected = createHash("sha256").update(text + deviceSecret, "utf8").digest("hex").toUpperCase();
  return equalText(expected, sign);
}

/** The key of option 2101: bytes 9 to 24, counted from 1, of SHA-256 of the device secret. */
export function signKey(deviceSecret: string): Uint8Array {
  return createHash("sha256").update(deviceSecret, "utf8").digest().subarray(8, 24);
}

/**
 * The initialisation vector that a setting stands for, given the sign key.
 * @throws RangeError on a setting that is none of the three
 */
export function signIv(setting: IvSetting, key: Uint8Array): Uint8Array {
  if (setting === "zero") return new Uint8Array(AES_BLOCK);
  if (setting === "key") return key;
  if (/^[0-9a-f]{32}$/i.test(setting)) return Buffer.from(setting, "hex");
  throw new RangeError(`iv: expected "zero", "key" or 32 hex digits, got ${setting.length} characters`);
}

/**
 * Reads option 2101: upper-case hex of AES-128-CBC(key, `token{T}sequence{N}`), PKCS#7 padded.
 *
 * Every fault gives the same kind of result on purpose: an answer that told bad padding from bad text
 * would let a stranger decrypt recorded signatures piece by piece (a padding oracle).
 */
export function readSessionSign(
  value: Uint8Array,
  key: Uint8Array,
  iv: Uint8Array,
): SessionSign | { unparsable: string } {
  if (value.length === 0 || value.length > LONGEST_SIGN || value.length % (2 * AES_BLOCK) !== 0) {
    return { unparsable: `${value.length} bytes are not the hex of whole AES blocks` };
  }
  const hex = Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
  if (!/^[0-9A-F]+$/.test(hex)) return { unparsable: "not upper-case hex" };
  const decipher = createDecipheriv("aes-128-cbc", key, iv);
  // Checked below instead: with automatic padding a wrong key throws.
  decipher.setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(hex, "hex"), decipher.final()]);
  const length = unpaddedLength(padded);
  const match = /^token([!-~]+)sequence([1-9][0-9]{0,15})$/.exec(
    padded.toString("latin1", 0, length === undefined ? 0 : length),
  );
  const sequence = match === null ? 0 : Number(match[2]);
  if (match === null || !Number.isSafeInteger(sequence)) {
    return { unparsable: "does not decrypt to a token and a sequence under this device's key" };
  }
  return { token: match[1], sequence };
}

/** Length of the text before PKCS#7 padding (RFC 5652 section 6.3), or `undefined` when it is wrong. */
function unpaddedLength(padded: Uint8Array): number | undefined {
  const count = padded[padded.length - 1];
  if (count < 1 || count > AES_BLOCK) return undefined;
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
