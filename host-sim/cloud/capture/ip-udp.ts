/**
 * UDP datagrams as they look on an IP network (RFC 791, RFC 8200, RFC 768): the headers that the simulation does
 * without, and that no socket shows, for readers of captures.
 */
import { addressBytes } from "../network";
import type { Peer } from "../events";

const ipv4Header = 20;
const ipv6Header = 40;
const udpHeader = 8;
/** Hops left, and the protocol number of UDP. */
const timeToLive = 64;
const udp = 17;
/** Don't Fragment: the identification field may then be 0 in every packet (RFC 6864 section 4.1). */
const dontFragment = 0x4000;

/**
 * One packet with its checksums: IPv4 where both ends are, else IPv6, with an IPv4 address in IPv6's form.
 *
 * @throws RangeError for an endpoint that is no address and port, and for a payload that fits into no packet
 */
export function ipUdp(from: Peer, to: Peer, payload: Uint8Array): Uint8Array {
  const ends = [bytesOf(from.address), bytesOf(to.address)];
  const isIpv4 = ends.every(({ length }) => length === 4);
  const header = isIpv4 ? ipv4Header : ipv6Header;
  const segment = udpHeader + payload.length;
  if (header + segment > 0xffff)
    throw new RangeError(`a datagram of ${payload.length} bytes fits no IP packet`);
  const packet = new Uint8Array(header + segment);
  const view = new DataView(packet.buffer);
  if (isIpv4) {
    packet[0] = 0x45;
    view.setUint16(2, header + segment);
    view.setUint16(6, dontFragment);
    packet[8] = timeToLive;
    packet[9] = udp;
  } else {
    packet[0] = 0x60;
    view.setUint16(4, segment);
    packet[6] = udp;
    packet[7] = timeToLive;
  }
  const addresses = ends.flatMap((bytes) => (isIpv4 || bytes.length === 16 ? bytes : mapped(bytes)));
  packet.set(addresses, header - addresses.length);
  if (isIpv4) view.setUint16(10, checksum(packet.subarray(0, header), 0));
  view.setUint16(header, portNumber(from.port));
  view.setUint16(header + 2, portNumber(to.port));
  view.setUint16(header + 4, segment);
  packet.set(payload, header + udpHeader);
  // The pseudo header: both addresses, the protocol, the length.
  const pseudo = sumWords(packet.subarray(header - addresses.length, header), udp + segment);
  // A sum of 0 is sent as 0xffff: 0 says that there is none.
  view.setUint16(header + 6, checksum(packet.subarray(header), pseudo) || 0xffff);
  return packet;
}

/** The Internet checksum (RFC 1071) of `bytes`, on top of a sum from before. */
export function checksum(bytes: Uint8Array, before: number): number {
  let sum = sumWords(bytes, before);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function sumWords(bytes: Uint8Array, before: number): number {
  let sum = before;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  return sum;
}

/** An IPv4 address in IPv6's form (RFC 4291 section 2.5.5.2). */
function mapped(bytes: readonly number[]): number[] {
  return [...Array<number>(10).fill(0), 0xff, 0xff, ...bytes];
}

function bytesOf(address: string): number[] {
  const bytes = addressBytes(address);
  if (bytes !== undefined) return bytes;
  throw new RangeError(`expected an IP address, got "${address.slice(0, 40)}"`);
}

function portNumber(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 0xffff) return port;
  throw new RangeError(`expected a port from 0 to 65535, got ${port}`);
}
