/** Masked datagrams as the blocks of a capture that Wireshark opens: those that pass, and those that are kept. */
import { ipUdp } from "./ip-udp";
import { interfaceBlock, packetBlock, sectionHeaderBlock } from "./pcapng";
import type { Peer } from "../events";

/** A datagram with "*" for each byte that is masked. */
export interface MaskedDatagram {
  /** Epoch ms. */
  readonly at: number;
  readonly way: "up" | "down";
  /** The device's address, as the cloud sees it. */
  readonly peer: Peer;
  readonly bytes: Uint8Array;
  /** How many bytes are masked. */
  readonly hidden: number;
  /** `productKey/deviceKey` where it is known. */
  readonly device: string | undefined;
  /** What else is to be said of it; empty for nothing. */
  readonly remark: string;
}

/** What a capture begins with. @param local the stand-in's own address and port */
export function captureHead(local: Peer): Uint8Array[] {
  const comment = `An EnOS stand-in's UDP port ${local.port}; what is secret is masked by *`;
  return [
    sectionHeaderBlock({ application: "enos-nbiot-xs", comment }),
    interfaceBlock({ name: "cloud", description: "what reaches the EnOS stand-in and what leaves it" }),
  ];
}

/** One datagram, as it looks where the stand-in is. */
export function datagramBlock(datagram: MaskedDatagram, local: Peer): Uint8Array {
  const { at, way, peer, bytes, hidden, device, remark } = datagram;
  const remarks = [device ?? "", hidden === 0 ? "" : `${hidden} bytes masked`, remark];
  return packetBlock({
    place: 0,
    time: BigInt(Math.round(at * 1000)),
    bytes: way === "up" ? ipUdp(peer, local, bytes) : ipUdp(local, peer, bytes),
    direction: way === "up" ? "inbound" : "outbound",
    comment: remarks.filter((each) => each !== "").join("; "),
  });
}
