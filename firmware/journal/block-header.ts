/**
 * The header of a block, twice 16 bytes:
 *
 *     0        4          8         12       16
 *     +--------+----------+---------+--------+-------------------------+
 *     | "ENJ1" | sequence | erases  | CRC-32 | the same 16 bytes again |
 *     +--------+----------+---------+--------+-------------------------+
 *
 * A block of readings hangs on it. One sound copy is enough; where there is none, the two are compared bit by bit,
 * as they agree wherever neither is damaged.
 */
import { bitCount } from "./checked-flash";
import { crc32 } from "./crc";
import { flipBit } from "./flipped-bits";

const magic = 0x314a4e45;
const copyLength = 16;
/** Bytes of a header, both copies. */
export const blockHeaderLength = 2 * copyLength;
/** Bits in which the copies may differ: each choice between them costs a CRC. */
const mostDifferences = 8;

/** Writes both copies. */
export function encodeBlockHeader(out: Uint8Array, sequence: number, erases: number): void {
  const view = viewOf(out);
  view.setUint32(0, magic, true);
  view.setUint32(4, sequence, true);
  view.setUint32(8, erases, true);
  view.setUint32(12, crc32(out, 0, 12), true);
  out.copyWithin(copyLength, 0, copyLength);
}

/** Puts the first copy right, with what the other says; false when there is no header that could be meant. */
export function mendBlockHeader(bytes: Uint8Array): boolean {
  if (isSound(bytes, 0)) return true;
  if (isSound(bytes, copyLength)) {
    bytes.copyWithin(0, copyLength, blockHeaderLength);
    return true;
  }
  // Most blocks without a sound header never had one, and are not searched.
  if (!isNear(bytes, 0) && !isNear(bytes, copyLength)) return false;
  if (chooseBits(bytes)) return true;
  for (let bit = 0; bit < 8 * blockHeaderLength; bit++) {
    const at = bit < 8 * copyLength ? 0 : copyLength;
    flipBit(bytes, bit);
    if (isSound(bytes, at)) {
      bytes.copyWithin(0, at, at + copyLength);
      return true;
    }
    flipBit(bytes, bit);
  }
  return false;
}

/** The number under which the block was taken. */
export function sequenceIn(header: Uint8Array): number {
  return viewOf(header).getUint32(4, true);
}

/** How often it was erased. */
export function erasesIn(header: Uint8Array): number {
  return viewOf(header).getUint32(8, true);
}

/** Tries each way of taking the bits in which the copies differ from one or from the other. */
function chooseBits(bytes: Uint8Array): boolean {
  const differing: number[] = [];
  for (let bit = 0; bit < 8 * copyLength; bit++) {
    const byte = bit >> 3;
    if (((((bytes[byte] ?? 0) ^ (bytes[byte + copyLength] ?? 0)) >> (bit & 7)) & 1) !== 0)
      differing.push(bit);
  }
  if (differing.length > mostDifferences) return false;
  for (let choice = 1; choice < 1 << differing.length; choice++) {
    // From one choice to the next in Gray's order one bit changes.
    for (let i = 0; i < differing.length; i++) {
      if (((choice >> i) & 1) === 0) continue;
      flipBit(bytes, differing[i] ?? 0);
      break;
    }
    if (isSound(bytes, 0)) return true;
  }
  // The last choice in that order has the last bit alone.
  if (differing.length > 0) flipBit(bytes, differing[differing.length - 1] ?? 0);
  return false;
}

function isNear(bytes: Uint8Array, at: number): boolean {
  const wrong = viewOf(bytes).getUint32(at, true) ^ magic;
  let bits = 0;
  for (let shift = 0; shift < 32; shift += 8) bits += bitCount((wrong >>> shift) & 0xff);
  return bits <= mostDifferences / 2;
}

function isSound(bytes: Uint8Array, at: number): boolean {
  const view = viewOf(bytes);
  return view.getUint32(at, true) === magic && view.getUint32(at + 12, true) === crc32(bytes, at, at + 12);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
