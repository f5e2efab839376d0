/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5, section 6.4.2), of a digest that is there already: node:crypto takes the
 * message alone, and a board has the digest.
 */

import { createHmac } from "node:crypto";

/** The curve y² = x³ - 3x + b over the integers modulo `p`; its generator has the order `n` (SP 800-186, 3.2.1.3). */
const p = 0xffffffff_00000001_00000000_00000000_00000000_ffffffff_ffffffff_ffffffffn;
const b = 0x5ac635d8_aa3a93e7_b3ebbd55_769886bc_651d06b0_cc53b0f6_3bce3c3e_27d2604bn;
const n = 0xffffffff_00000000_ffffffff_ffffffff_bce6faad_a7179e84_f3b9cac2_fc632551n;
const generator = {
  x: 0x6b17d1f2_e12c4247_f8bce6e5_63a440f2_77037d81_2deb33a0_f4a13945_d898c296n,
  y: 0x4fe342e2_fe1a7f9b_8ee7eb4a_7c0f9e16_2bce3357_6b315ece_cbb64068_37bf51f5n,
  z: 1n,
};

/** A point in Jacobian coordinates: (x / z², y / z³); z is 0 at infinity. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

const infinity: Point = { x: 1n, y: 1n, z: 0n };

/**
 * Whether the signature is the key's.
 *
 * @param publicKey x and y, 64 bytes
 * @param digest SHA-256, 32 bytes
 * @param signature r and s, 64 bytes
 */
export function verifyDigest(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 64 || digest.length !== 32 || signature.length !== 64) return false;
  const [x, y] = halves(publicKey);
  if (x >= p || y >= p || mod(y * y - (x * x * x - 3n * x + b), p) !== 0n) return false;
  const [r, s] = halves(signature);
  if (r === 0n || r >= n || s === 0n || s >= n) return false;
  const w = inverse(s, n);
  const u = mod(number(digest) * w, n);
  const v = mod(r * w, n);
  const sum = combination(u, generator, v, { x, y, z: 1n });
  if (sum.z === 0n) return false;
  const z = inverse(sum.z, p);
  return mod(mod(sum.x * z * z, p), n) === r;
}

/** x and y, 64 bytes, of a private key: 32 bytes that are more than 0 and less than the order. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return affine(combination(number(privateKey), generator, 0n, generator));
}

/**
 * r and s, 64 bytes.
 *
 * @param nonce 32 bytes that nobody else knows and that no other digest has had, more than 0 and less than the order;
 *   `seededNonce` makes one
 */
export function signDigest(privateKey: Uint8Array, digest: Uint8Array, nonce: Uint8Array): Uint8Array {
  const k = number(nonce);
  const r = number(affine(combination(k, generator, 0n, generator)).subarray(0, 32)) % n;
  const s = mod(inverse(k, n) * (number(digest) + r * number(privateKey)), n);
  if (r === 0n || s === 0n) throw new RangeError("another nonce is needed");
  return Buffer.concat([bytesOf(r), bytesOf(s)]);
}

/** A nonce from key and digest alone, so that a signature is the same each time (RFC 6979, section 3.2). */
export function seededNonce(privateKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const reduced = bytesOf(number(digest) % n);
  let key: Uint8Array = new Uint8Array(32);
  let value: Uint8Array = new Uint8Array(32).fill(1);
  const hmac = (...parts: Uint8Array[]): Buffer =>
    createHmac("sha256", key).update(Buffer.concat(parts)).digest();
  for (const step of [0, 1]) {
    key = hmac(value, Uint8Array.of(step), privateKey, reduced);
    value = hmac(value);
  }
  for (;;) {
    value = hmac(value);
    const candidate = number(value);
    if (candidate > 0n && candidate < n) return value;
    key = hmac(value, Uint8Array.of(0));
    value = hmac(value);
  }
}

function affine({ x, y, z }: Point): Buffer {
  const back = inverse(z, p);
  const square = mod(back * back, p);
  return Buffer.concat([bytesOf(mod(x * square, p)), bytesOf(mod(y * square * back, p))]);
}

function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}

/** u times the first point and v times the second. */
function combination(u: bigint, first: Point, v: bigint, second: Point): Point {
  const both = add(first, second);
  let sum = infinity;
  for (let bit = 255n; bit >= 0n; bit--) {
    sum = double(sum);
    const chosen = [(u >> bit) & 1n, (v >> bit) & 1n];
    if (chosen[0] === 1n) sum = add(sum, chosen[1] === 1n ? both : first);
    else if (chosen[1] === 1n) sum = add(sum, second);
  }
  return sum;
}

function double({ x, y, z }: Point): Point {
  if (z === 0n || y === 0n) return infinity;
  const zz = mod(z * z, p);
  const slope = mod(3n * (x - zz) * (x + zz), p);
  const yy = mod(y * y, p);
  const beta = mod(4n * x * yy, p);
  const newX = mod(slope * slope - 2n * beta, p);
  return { x: newX, y: mod(slope * (beta - newX) - 8n * yy * yy, p), z: mod(2n * y * z, p) };
}

function add(one: Point, other: Point): Point {
  if (one.z === 0n) return other;
  if (other.z === 0n) return one;
  const zz1 = mod(one.z * one.z, p);
  const zz2 = mod(other.z * other.z, p);
  const x1 = mod(one.x * zz2, p);
  const y1 = mod(one.y * zz2 * other.z, p);
  const h = mod(other.x * zz1 - x1, p);
  const slope = mod(other.y * zz1 * one.z - y1, p);
  if (h === 0n) return slope === 0n ? double(one) : infinity;
  const hh = mod(h * h, p);
  const hhh = mod(hh * h, p);
  const x = mod(slope * slope - hhh - 2n * x1 * hh, p);
  return { x, y: mod(slope * (x1 * hh - x) - y1 * hhh, p), z: mod(h * one.z * other.z, p) };
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** By Euclid's algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [left, right] = [modulus, mod(value, modulus)];
  let [before, now] = [0n, 1n];
  while (right !== 0n) {
    const quotient = left / right;
    [left, right] = [right, left - quotient * right];
    [before, now] = [now, before - quotient * now];
  }
  return mod(before, modulus);
}

function halves(bytes: Uint8Array): [bigint, bigint] {
  return [number(bytes.subarray(0, 32)), number(bytes.subarray(32))];
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
