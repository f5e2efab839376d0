/**
 * CoAP option numbers and the option list as bytes (RFC 7252 sections 3.1 and 5.10).
 */

/**
 * Option numbers: RFC 7252 section 12.2, RFC 7959 section 6 (Block1, Block2, Size2) and RFC 9175
 * section 6.1 (Echo, Request-Tag). What each may look like is in option-rules.ts.
 */
export const OptionNumber = Object.freeze({
  ifMatch: 1,
  uriHost: 3,
  eTag: 4,
  ifNoneMatch: 5,
  uriPort: 7,
  locationPath: 8,
  uriPath: 11,
  contentFormat: 12,
  maxAge: 14,
  uriQuery: 15,
  accept: 17,
  locationQuery: 20,
  block2: 23,
  block1: 27,
  size2: 28,
  proxyUri: 35,
  proxyScheme: 39,
  size1: 60,
  echo: 252,
  requestTag: 292,
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

/** Bytes that these options take on the wire behind an option with the number `last` (0: the first). */
export function optionsLength(options: readonly Option[], last: number): number {
  let size = 0;
  for (let i = 0; i < options.length; i++) {
    const option = options[i];
    if (option === undefined) break;
    const { number, value } = option;
    const length = value.length;
    size += 1 + extensionLength(number - last) + extensionLength(length) + length;
    last = number;
  }
  return size;
}

/**
 * Whether options may follow one with the number `last` (0: the first).
 *
 * @throws RangeError when they are out of order or above 65535
 */
export function checkOrder(options: readonly Option[], last: number): void {
  for (let i = 0; i < options.length; i++) {
    const number = options[i]?.number ?? last;
    if (number < last) throw new RangeError("options must be given in ascending order of their numbers");
    last = number;
  }
  if (last > largestOption) throw new RangeError(`an option number is at most ${largestOption}, got ${last}`);
}

function extensionLength(value: number): number {
  return value < 13 ? 0 : value < 269 ? 1 : 2;
}

/**
 * Writes options at `offset`, behind one with the number `last` (0: the first). Returns the offset
 * behind them, or -1 when they do not fit.
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
 * @throws RangeError when a value is longer than an option can state, or options are out of order or
 *   above 65535
 */
export function writeOptions(
  options: readonly Option[],
  last: number,
  out: Uint8Array,
  offset: number,
): number {
  for (let i = 0; i < options.length; i++) {
    const option = options[i];
    if (option === undefined) break;
    const value = option.value;
    const length = value.length;
    const delta = option.number - last;
    if (delta < 0) throw new RangeError("options must be given in ascending order of their numbers");
    last = option.number;
    // Bytes written behind the end of `out` go nowhere; storing in a Uint8Array keeps the low 8 bits.
    let next = offset + 1;
    let head = delta << 4;
    if (delta >= 269) {
      head = 0xe0;
      out[next] = (delta - 269) >> 8;
      out[next + 1] = delta - 269;
      next += 2;
    } else if (delta >= 13) {
      head = 0xd0;
      out[next] = delta - 13;
      next += 1;
    }
    if (length < 13) {
      head |= length;
    } else if (length < 269) {
      head |= 13;
      out[next] = length - 13;
      next += 1;
    } else {
      if (length > longestValue) {
        throw new RangeError(`an option value is at most ${longestValue} bytes, got ${length}`);
      }
      head |= 14;
      out[next] = (length - 269) >> 8;
      out[next + 1] = length - 269;
      next += 2;
    }
    out[offset] = head;
    offset = next + length;
    if (offset > out.length) return -1;
    out.set(value, next);
  }
  if (last > largestOption) throw new RangeError(`an option number is at most ${largestOption}, got ${last}`);
  return offset;
}

/**
 * Encodes options once for use in many messages.
 *
 * @throws RangeError as `writeOptions`
 */
export function encodeOptions(options: readonly Option[]): OptionBlock {
  const bytes = new Uint8Array(optionsLength(options, 0));
  writeOptions(options, 0, bytes, 0);
  return { bytes, last: options[options.length - 1]?.number ?? 0 };
}

/** The value of the first option with this number, or undefined. */
export function findOption(options: readonly Option[], optionNumber: number): Uint8Array | undefined {
  for (let i = 0; i < options.length; i++) {
    const option = options[i];
    if (option?.number === optionNumber) return option.value;
  }
  return undefined;
}

/**
 * An unsigned integer in the fewest bytes, zero in none (RFC 7252 section 3.2).
 *
 * @throws RangeError when it is not a whole number from 0 to 2^32 - 1: no option of CoAP is longer
 */
export function encodeUint(value: number): Uint8Array {
  if (value >>> 0 !== value) {
    throw new RangeError(`an option's integer is a whole number from 0 to 4294967295, got ${value}`);
  }
  const length = value > 0xffffff ? 4 : value > 0xffff ? 3 : value > 0xff ? 2 : value > 0 ? 1 : 0;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--) {
    bytes[i] = rest & 0xff;
    rest >>>= 8;
  }
  return bytes;
}

/**
 * The unsigned integer that an option's value is, however many bytes it takes: a recipient must be
 * prepared for leading zeros (RFC 7252 section 3.2). Undefined above 2^53 - 1, from where on a number
 * no longer tells each integer from the next.
 */
export function readUint(value: Uint8Array): number | undefined {
  let result = 0;
  for (let i = 0; i < value.length; i++) {
    result = result * 256 + (value[i] ?? 0);
    if (result > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return result;
}

/** The Content-Format of the payload, undefined when the message states none (RFC 7252 section 5.10.3). */
export function contentFormatOf(options: readonly Option[]): number | undefined {
  const value = findOption(options, OptionNumber.contentFormat);
  return value === undefined ? undefined : readUint(value);
}

/** Seconds for which a response counts as fresh, 60 when it does not say (RFC 7252 section 5.10.5). */
export function maxAgeOf(options: readonly Option[]): number {
  const value = findOption(options, OptionNumber.maxAge);
  return (value === undefined ? undefined : readUint(value)) ?? 60;
}
