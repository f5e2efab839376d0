/**
 * UDP datagrams as they look on an IPv4 network (RFC 791, RFC 768): the headers that the simulation does
 * without, for readers of captures.
 */
import type { Endpoint } from "../../sim/radio/link";

const ipHeader = 20;
const udpHeader = 8;
/** Hops left, and the protocol number of UDP. */
const timeToLive = 64;
const udp = 17;
/** Don't Fragment: the identification field may then be 0 in every packet (RFC 6864 section 4.1). */
const dontFragment = 0x4000;

/**
 * One IPv4 packet with both checksums.
 *
 * @throws RangeError for an endpoint that is no dotted IPv4 address and port
 */
export function ipv4Udp(from: Endpoint, to: Endpoint, payload: Uint8Array): Uint8Array {
  const length = ipHeader + udpHeader + payload.length;
  if (length > 0xffff) throw new RangeError(`a datagram of ${payload.length} bytes fits no IPv4 packet`);
  const packet = new Uint8Array(length);
  const view = new DataView(packet.buffer);
  packet[0] = 0x45;
  view.setUint16(2, length);
  view.setUint16(6, dontFragment);
  packet[8] = timeToLive;
  packet[9] = udp;
  packet.set(addressBytes(from.address), 12);
  packet.set(addressBytes(to.address), 16);
  view.setUint16(10, checksum(packet.subarray(0, ipHeader), 0));
  view.setUint16(ipHeader, portNumber(from.port));
  view.setUint16(ipHeader + 2, portNumber(to.port));
  view.setUint16(ipHeader + 4, udpHeader + payload.length);
  packet.set(payload, ipHeader + udpHeader);
  // The pseudo header: both addresses, the protocol, the length.
  const pseudo = sumWords(packet.subarray(12, 20), udp + udpHeader + payload.length);
  // A sum of 0 is sent as 0xffff: 0 says that there is none.
  view.setUint16(ipHeader + 6, checksum(packet.subarray(ipHeader), pseudo) || 0xffff);
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

function addressBytes(address: string): number[] {
  const parts = address.split(".").map(Number);
  if (parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255))
    return parts;
  throw new RangeError(`expected an IPv4 address, got "${address.slice(0, 40)}"`);
}

function portNumber(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 0xffff) return port;
  throw new RangeError(`expected a port from 0 to 65535, got ${port}`);
}
