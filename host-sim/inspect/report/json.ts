/**
 * A run as one JSON document, for machines. Datagrams carry a digest instead of their bytes, since an
 * authentication's answer holds a token; two runs with the same digests sent the same bytes.
 */
import { createHash } from "node:crypto";
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { describeCoap } from "../../cloud/coap/coap-text";
import type { EnergyTotals } from "../energy/totals";
import type { DatagramReport } from "../../sim/radio/link";
import type { BoardSleep, SimulationResult } from "../../sim/world/simulation";

export interface DatagramJson {
  /** Virtual ms since power-on. */
  readonly time: number;
  readonly direction: "up" | "down";
  readonly fate: "delivered" | "lost";
  /** Virtual ms at the other end, when it got there. */
  readonly deliveredAt?: number;
  readonly length: number;
  /** Of the datagram's bytes, hex. */
  readonly sha256: string;
  /** The message in one line, as in the timeline. */
  readonly message: string;
}

/** One datagram of the run. */
export function datagramJson(report: DatagramReport): DatagramJson {
  const message = decodeCoap(report.bytes);
  return {
    time: milliseconds(report.time),
    direction: report.direction,
    fate: report.fate,
    deliveredAt: report.deliveredAt === undefined ? undefined : milliseconds(report.deliveredAt),
    length: report.bytes.length,
    sha256: createHash("sha256").update(report.bytes).digest("hex"),
    message: "malformed" in message ? `malformed: ${message.malformed}` : describeCoap(message),
  };
}

/** Only what the seed decides: two runs of one seed give the same document. */
export function resultJson(
  result: SimulationResult,
  datagrams: readonly DatagramJson[],
  energy?: EnergyTotals,
): object {
  const { device, virtualTime, asleep, ...rest } = result;
  return {
    ...rest,
    board: rest.board === undefined ? undefined : boardJson(rest.board),
    virtualMs: milliseconds(virtualTime),
    asleepMs: milliseconds(asleep),
    device: {
      productKey: device.productKey,
      deviceKey: device.deviceKey,
      state: device.state,
      counters: device.counters,
    },
    energy,
    list: datagrams,
  };
}

/** Names in a document stay as they were given out once. */
export function boardJson({ asleep, sleeps }: BoardSleep): object {
  return { asleep, dozes: sleeps };
}

/** Virtual times carry fractions of a bit time: to the microsecond. */
function milliseconds(time: number): number {
  return Math.round(time * 1000) / 1000;
}
