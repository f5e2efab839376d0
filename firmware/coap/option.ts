/**
 * CoAP option numbers and the option list as bytes (RFC 7252 sections 3.1 and 5.10).
 */

/** Option numbers of RFC 7252 that the device sends. */
export const OptionNumber = Object.freeze({
  uriPath: 11,
  contentFormat: 12,
} as const);

/** Content-Formats, RFC 7252 section 12.3. */
export const ContentFormat = Object.freeze({
  octetStream: 42,
  json: 50,
} as const);

/** One option: its number, and its value as bytes. */
export interface Option {
  readonly number: number;
  readonly value: Uint8Array;
}

/**
 * Options encoded once and sent many times: a device's Uri-Path never changes, so its bytes are
 * built at start and copied whole into every message. More options may follow it when their
 * numbers are not smaller than `last`.
 */
export interface OptionBlock {
  readonly bytes: Uint8Array;
  /** Number of the last option inside, from which the next delta counts. */
  readonly last: number;
}

/** RFC 7252 section 5.4.1: an odd number marks an option that must be understood. */
export function isCritical(optionNumber: number): boolean {
  return (optionNumber & 1) === 1;
}

/** Option numbers are 16 bits, RFC 7252 section 12.2; two extended deltas could add up to more. */
export const largestOption = 0xffff;

/** Longest value that the two-byte length extension can state: 65535 + 269. */
const longestValue = 65804;

/** Bytes that one option takes on the wire, `delta` being its number less the previous one's. */
export function optionLength(delta: number, valueLength: number): number {
  return 1 + extensionLength(delta) + extensionLength(valueLength) + valueLength;
}

function extensionLength(value: number): number {
  return value < 13 ? 0 : value < 269 ? 1 : 2;
}

/**
 * Writes one option at `offset` and returns the offset behind it. The caller has made sure of the
 * room (`optionLength`).
 *
 *      7   6   5   4   3   2   1   0
 *    +---------------+---------------+
 *    | Option Delta  | Option Length |   13: one more byte, value - 13
 *    +---------------+---------------+   14: two more bytes, value - 269
 *    \  Option Delta (extended) 0-2  \   15: reserved
 *    +-------------------------------+
 *    \  Option Length (extended) 0-2 \
 *    +-------------------------------+
 *    \         Option Value          \
 *    +-------------------------------+
 *
 * @throws RangeError when the value is longer than an option can state, or options are out of order
 */
export function writeOption(out: Uint8Array, offset: number, delta: number, value: Uint8Array): number {
  const length = value.length;
  if (delta < 0) throw new RangeError("options must be given in ascending order of their numbers");
  if (length > longestValue) {
    throw new RangeError(`an option value is at most ${longestValue} bytes, got ${length}`);
  }
  let position = offset + 1;
  let deltaNibble = delta;
  let lengthNibble = length;
  if (delta >= 269) {
    deltaNibble = 14;
    out[position++] = (delta - 269) >> 8;
    out[position++] = (delta - 269) & 0xff;
  } else if (delta >= 13) {
    deltaNibble = 13;
    out[position++] = delta - 13;
  }
  if (length >= 269) {
    lengthNibble = 14;
    out[position++] = (length - 269) >> 8;
    out[position++] = (length - 269) & 0xff;
  } else if (length >= 13) {
    lengthNibble = 13;
    out[position++] = length - 13;
  }
  out[offset] = (deltaNibble << 4) | lengthNibble;
  out.set(value, position);
  return position + length;
}

/**
 * Encodes options once for use in many messages.
 *
 * @throws RangeError as `writeOption`, and when a number is above 65535
 */
export function encodeOptions(options: readonly Option[]): OptionBlock {
  let size = 0;
  let last = 0;
  for (let i = 0; i < options.length; i++) {
    size += optionLength(options[i].number - last, options[i].value.length);
    last = options[i].number;
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  last = 0;
  for (let i = 0; i < options.length; i++) {
    offset = writeOption(bytes, offset, options[i].number - last, options[i].value);
    last = options[i].number;
    if (last > largestOption) {
      throw new RangeError(`an option number is at most ${largestOption}, got ${last}`);
    }
  }
  return { bytes, last };
}

/** The value of the first option with this number, or undefined. */
export function findOption(options: readonly Option[], optionNumber: number): Uint8Array | undefined {
  for (let i = 0; i < options.length; i++) {
    if (options[i].number === optionNumber) return options[i].value;
  }
  return undefined;
}

/** An unsigned integer in the fewest bytes, zero in none (RFC 7252 section 3.2). 0 to 2^32 - 1. */
export function encodeUint(value: number): Uint8Array {
  const length = value > 0xffffff ? 4 : value > 0xffff ? 3 : value > 0xff ? 2 : value > 0 ? 1 : 0;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--) {
    bytes[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
