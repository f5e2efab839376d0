/** A datagram on its way up, as the world tells a meter of it. */
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

const endpoint = { address: "10.0.0.1", port: 1 };

/** @param time ms @param length bytes in UDP @param travels ms until it arrives */
export function uplink(time: number, length: number, travels = 0): WorldEvent {
  return {
    time,
    source: "air",
    report: {
      direction: "up",
      time,
      bytes: new Uint8Array(length),
      fate: "delivered",
      from: endpoint,
      to: endpoint,
      inside: undefined,
      deliveredAt: time + travels,
      duplicate: false,
    },
  };
}
