/**
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian:
 *
 *    +---------------+
 *    | Block Type    |   4 bytes
 *    | Total Length  |   4 bytes, a multiple of 4
 *    | Body          |
 *    | Total Length  |   again, to read a file backwards
 *    +---------------+
 */

const sectionHeader = 0x0a0d0d0a;
const interfaceDescription = 1;
const enhancedPacket = 6;
/** Tells readers the byte order. */
const byteOrderMagic = 0x1a2b3c4d;
/** Packets begin with their IPv4 or IPv6 header (LINKTYPE_RAW). */
const linkTypeRaw = 101;
/** Digits of a second's fraction in time stamps: microseconds. */
const timeResolution = 6;

/** Codes of options, each within its kind of block. */
const option = {
  end: 0,
  comment: 1,
  application: 4,
  name: 2,
  description: 3,
  resolution: 9,
  flags: 2,
} as const;

/** A file's first block. */
export function sectionHeaderBlock(section: { application: string; comment: string }): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, byteOrderMagic, true);
  view.setUint16(4, 1, true);
  // Length of the section: not known, since it is written as it comes.
  view.setBigInt64(8, -1n, true);
  return block(sectionHeader, body, [
    text(option.application, section.application),
    text(option.comment, section.comment),
  ]);
}

/** Names a place at which packets are seen; the first is number 0. */
export function interfaceBlock(place: { name: string; description: string }): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, linkTypeRaw, true);
  return block(interfaceDescription, body, [
    text(option.name, place.name),
    text(option.description, place.description),
    [option.resolution, Uint8Array.of(timeResolution)],
  ]);
}

export interface CapturedPacket {
  /** Number of the interface. */
  readonly place: number;
  /** Microseconds since 1970. */
  readonly time: bigint;
  readonly bytes: Uint8Array;
  /** As the interface sees it: it leaves the host there, or comes to it. */
  readonly direction: "inbound" | "outbound";
  readonly comment: string;
}

/** One packet. */
export function packetBlock(packet: CapturedPacket): Uint8Array {
  const { bytes, time } = packet;
  const body = new Uint8Array(20 + padded(bytes.length));
  const view = new DataView(body.buffer);
  view.setUint32(0, packet.place, true);
  view.setUint32(4, Number(time >> 32n), true);
  view.setUint32(8, Number(time & 0xffff_ffffn), true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, bytes.length, true);
  body.set(bytes, 20);
  const flags = new Uint8Array(4);
  flags[0] = packet.direction === "inbound" ? 1 : 2;
  return block(enhancedPacket, body, [text(option.comment, packet.comment), [option.flags, flags]]);
}

type Option = readonly [code: number, value: Uint8Array];

function text(code: number, value: string): Option {
  return [code, new TextEncoder().encode(value)];
}

function block(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array {
  const optionsLength = options.reduce((sum, [, value]) => sum + 4 + padded(value.length), 4);
  const length = 12 + body.length + optionsLength;
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  out.set(body, 8);
  let at = 8 + body.length;
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    out.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // The end of options is four zero bytes, which are there already.
  view.setUint32(length - 4, length, true);
  return out;
}

/** Everything begins at a multiple of 4. */
function padded(length: number): number {
  return (length + 3) & ~3;
}
