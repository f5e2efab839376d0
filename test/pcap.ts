/** Datagrams as a classic pcap file, which tshark reads: raw IPv4 packets (link type 101) of UDP. */
import { ipUdp } from "../host-sim/cloud/capture/ip-udp";
import type { Endpoint } from "../host-sim/sim/radio/nat";

/** Where the server is, at CoAP's port. */
export const pcapServer: Endpoint = { address: "203.0.113.5", port: 5683 };

export interface PcapDatagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** ms; default 0 */
  readonly time?: number;
}

/** The file's bytes. */
export function pcap(datagrams: readonly PcapDatagram[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(101, 20);
  const packets = datagrams.flatMap(({ bytes, from, to, time = 0 }) => {
    const packet = ipUdp(from, to, bytes);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Math.floor(time / 1000), 0);
    record.writeUInt32LE(Math.floor((time % 1000) * 1000), 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    return [record, packet];
  });
  return Buffer.concat([header, ...packets]);
}
