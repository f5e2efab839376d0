/**
 * What a device does to seal and to open, with node:crypto's AES-CCM and HMAC: the judge of the sealed product's parsing
 * script. Nothing of it comes from the script or from the firmware.
 */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { generate } from "../../../host-sim/model/generate";
import { emptyLock } from "../../../host-sim/model/lock";
import {
  deviceKeyOf,
  downKey,
  expand,
  nonceKey,
  proofKey,
  rootOf,
  upKeys,
} from "../../../host-sim/model/seal/keys";
import { parsingScript } from "../../../host-sim/model/write-script";
import { load } from "./script";
import type { SealedScript } from "../../../host-sim/model/write-script";
import type { Model } from "../../../host-sim/model/model";
import type { ParsingScript } from "./script";

/** Two masters' roots, the newer one first. */
export const roots: readonly Buffer[] = [rootOf(Buffer.alloc(32, 0x5e)), rootOf(Buffer.alloc(32, 0xa1))];
export const productKey = "AbCdEfGh";
export const imei = "356938035643809";

/** A device of a product, by one of the product's roots. */
export interface SealedDevice {
  readonly root: Buffer;
  readonly productKey: string;
  readonly deviceKey: string;
}
export const device: SealedDevice = { root: roots[0], productKey, deviceKey: imei };

/** What tells one envelope of a device's from another. */
export interface Count {
  readonly salt: Uint8Array;
  readonly counter: number;
}
export const firstSalt: Uint8Array = Buffer.from("0123456789abcdef", "hex");

function keyOf({ root, productKey: product, deviceKey }: SealedDevice): Buffer {
  return deviceKeyOf(root, product, deviceKey);
}

/** CBOR's byte string. */
export function byteString(bytes: Uint8Array): Buffer {
  const { length } = bytes;
  const head =
    length < 24 ? [0x40 | length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from(head), bytes]);
}

/** Enc_structure of RFC 9052 section 5.3, for AES-CCM-16-64-128. */
function encStructure(external: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from("\u0083\u0068Encrypt0\u0043\u00a1\u0001\u000a", "latin1"),
    byteString(external),
  ]);
}

export function ccmSeal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 8 });
  cipher.setAAD(data, { plaintextLength: plain.length });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined for what this key did not seal so. */
function ccmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  if (sealed.length < 9) return undefined;
  const decipher = createDecipheriv("aes-128-ccm", key, nonce, { authTagLength: 8 });
  decipher.setAuthTag(sealed.subarray(-8));
  decipher.setAAD(data, { plaintextLength: sealed.length - 8 });
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -8)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Luhn's check digit of an IMEI's first 14. */
export function withCheckDigit(digits: string): string {
  const sum = [...digits].reduce((all, digit, i) => {
    const value = Number(digit) * (1 + (i % 2));
    return all + Math.floor(value / 10) + (value % 10);
  }, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

function isImei(deviceKey: string): boolean {
  return /^\d{15}$/.test(deviceKey) && withCheckDigit(deviceKey.slice(0, 14)) === deviceKey;
}

/** The device's name as an envelope has it. */
export function nameOf(deviceKey: string): Buffer {
  if (isImei(deviceKey)) {
    return Buffer.from(BigInt(deviceKey.slice(0, 14)).toString(16).padStart(12, "0"), "hex");
  }
  const text = Buffer.from(deviceKey, "latin1");
  return Buffer.concat([Uint8Array.of(text.length), text]);
}

/** The AES key and the nonce of one envelope, and what is external to it. */
export function upParts(
  from: SealedDevice,
  { salt, counter }: Count,
): { key: Buffer; base: Buffer; nonce: Buffer; external: Buffer } {
  const { key, nonce: base } = upKeys(keyOf(from), salt);
  const nonce = Buffer.from(base);
  nonce.writeUInt16BE(nonce.readUInt16BE(11) ^ counter, 11);
  return { key, base, nonce, external: Buffer.from(`up ${from.productKey}/${from.deviceKey}`) };
}

/** An envelope around ciphertext and tag. */
export function envelope(deviceKey: string, { salt, counter }: Count, sealed: Uint8Array): Buffer {
  const count = counter < 256 ? [counter] : [counter >> 8, counter & 0xff];
  const first = 0x08 | (isImei(deviceKey) ? 0 : 2) | (count.length - 1);
  return Buffer.concat([Uint8Array.of(first), nameOf(deviceKey), salt, Uint8Array.from(count), sealed]);
}

/** What the device sends for a message. */
export function sealUp(from: SealedDevice, count: Count, plain: Uint8Array): Buffer {
  const { key, nonce, external } = upParts(from, count);
  return envelope(from.deviceKey, count, ccmSeal(key, nonce, encStructure(external), plain));
}

/** What is external to a command's envelope, and the key of this device's root. */
export function downParts(to: SealedDevice, time: Uint8Array): { key: Buffer; external: Buffer } {
  const external = Buffer.concat([Buffer.from(`down ${to.productKey}/${to.deviceKey}/`), time]);
  return { key: downKey(keyOf(to)), external };
}

/** The command that a device takes out of these bytes, with the time at which it was sealed; undefined for none. */
export function openDown(
  to: SealedDevice,
  payload: Uint8Array,
): { plain: Buffer; time: number; nonce: Buffer } | undefined {
  const bytes = Buffer.from(payload);
  if ((bytes[0] !== 0x0e && bytes[0] !== 0x0f) || bytes.length < 29) return undefined;
  const time = bytes.subarray(1, 7);
  const nonce = bytes.subarray(7, 20);
  const sealed = bytes.subarray(20);
  const { key, external } = downParts(to, time);
  const half = sealed.length / 2;
  if (bytes[0] === 0x0f && !Number.isInteger(half)) return undefined;
  const parts = bytes[0] === 0x0e ? [sealed] : [sealed.subarray(0, half), sealed.subarray(half)];
  for (const part of parts) {
    const plain = ccmOpen(key, nonce, encStructure(external), part);
    if (plain !== undefined) return { plain, time: time.readUIntBE(0, 6), nonce };
  }
  return undefined;
}

/** The nonce that a command's envelope has to have. */
export function nonceOf(to: SealedDevice, time: number, plain: Uint8Array): Buffer {
  const stated = Buffer.alloc(6);
  stated.writeUIntBE(time, 0, 6);
  return createHmac("sha256", nonceKey(keyOf(to)))
    .update(stated)
    .update(plain)
    .digest()
    .subarray(0, 13);
}

/** What is external to an answer's proof, and its key. */
export function proofParts(to: SealedDevice, { salt, counter }: Count): { key: Buffer; external: Buffer } {
  const head = Buffer.from(`proof ${to.productKey}/${to.deviceKey}/`);
  const external = Buffer.concat([head, salt, Uint8Array.of(counter >> 8, counter & 0xff)]);
  return { key: proofKey(keyOf(to)), external };
}

/** The answer that proves itself. */
export function provenAnswer(to: SealedDevice, count: Count, requestId: number, code: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt32BE(requestId);
  payload.writeUInt16BE(code, 4);
  const { key, external } = proofParts(to, count);
  const structure = [Buffer.from("84644d41433043a10104", "hex"), byteString(external), byteString(payload)];
  const mac = createHmac("sha256", key).update(Buffer.concat(structure)).digest();
  return Buffer.concat([payload, mac.subarray(0, 8)]);
}

/** The mark of a device's readings. */
export function markOf(of: SealedDevice): string {
  return expand(keyOf(of), "enos-seal/1 mark").toString("hex", 0, 8);
}

/** A script that has been loaded, and what it tells beside its results. */
export interface SealedParsingScript extends ParsingScript {
  readonly lastSealed: { deviceKey: string; salt: string; counter: number; root: number } | null;
}

const keyed: SealedScript = {
  roots: [roots[0].toString("hex")],
  productKey,
  proof: false,
  migrating: false,
  mark: false,
};

/** Settings for which the script has both roots. */
export const bothRoots = { roots: roots.map((root) => root.toString("hex")) };

/** The script of a sealed product, with one root unless it is told otherwise. */
export function sealedSource(model: Model, settings: Partial<SealedScript> = {}): string {
  const made = generate(model, emptyLock);
  if (!("files" in made)) throw new Error(made.map(({ path, problem }) => `${path}: ${problem}`).join("\n"));
  return parsingScript(model, made.lock, made.fingerprint, { ...keyed, ...settings });
}

export function loadSealed(model: Model, settings: Partial<SealedScript> = {}): SealedParsingScript {
  return load(sealedSource(model, settings)) as SealedParsingScript;
}
