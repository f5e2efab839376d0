/**
 * A simulated run as a capture that Wireshark opens, with two places at which datagrams are seen:
 *
 *    device ──(cell, NAT)── cloud
 *      0                      1
 *
 * What is sent appears where it leaves, and once more where it arrives; what is lost on the way, only
 * where it left. Times are the simulation's, on its own calendar.
 *
 * The bytes are what is on the air, so the session token is in them, and signatures: of a device that a
 * seed made up, never of a real one.
 */
import { readLogLine } from "../../sim/world/device-log";
import { epoch } from "../../sim/world/world";
import { CauseFinder, causeText } from "./cause";
import { ipUdp } from "../../cloud/capture/ip-udp";
import { interfaceBlock, packetBlock, sectionHeaderBlock } from "../../cloud/capture/pcapng";
import type { DatagramReport, Endpoint } from "../../sim/radio/link";
import type { WorldEvent } from "../../sim/world/world";

const device = 0;
const cloud = 1;

export interface CaptureOptions {
  /** What makes this run again, for the file's own comment. */
  readonly command: string;
  /** Takes the file's bytes, piece by piece. */
  readonly write: (bytes: Uint8Array) => void;
}

interface Pending {
  readonly time: number;
  readonly place: typeof device | typeof cloud;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
  readonly direction: "inbound" | "outbound";
  comment: string;
}

/** Hears the events of a world with one device, in order, and writes packets in order of time. */
export class Capture {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #causes = new CauseFinder();
  #name = "device";
  /** Not written yet, because something may still come before it. */
  #pending: Pending[] = [];

  constructor({ command, write }: CaptureOptions) {
    this.#write = write;
    write(
      sectionHeaderBlock({
        application: "enos-nbiot-xs",
        comment: `A simulated run, times are virtual; to repeat it: ${command}`,
      }),
    );
    write(interfaceBlock({ name: "device", description: "what leaves the modem and what reaches it" }));
    write(
      interfaceBlock({ name: "cloud", description: "what reaches the EnOS stand-in and what leaves it" }),
    );
  }

  hear(event: WorldEvent): void {
    this.#flush(event.time);
    if (event.source === "device") {
      const told = readLogLine(event.text);
      if (told?.kind === "modem identified") this.#name = `device ${told.imei ?? "unknown"}`;
    } else if (event.source === "air") {
      this.#datagram(event.report);
    } else if (
      event.source === "modem" &&
      event.event.type === "dropped" &&
      event.event.what === "datagram"
    ) {
      const { reason } = event.event;
      // It came to the modem at this very moment, which had no use for it.
      const at = this.#pending.find((packet) => packet.time === event.time && packet.place === device);
      if (at?.direction === "inbound") at.comment += `; dropped by the modem: ${reason}`;
    }
  }

  /** Writes what is left, on its way at the end included. */
  finish(): void {
    this.#flush(Infinity);
  }

  #datagram(report: DatagramReport): void {
    const { direction, time, deliveredAt, bytes, duplicate, inside, from, to } = report;
    const up = direction === "up";
    const what = `${this.#name}: ${causeText(this.#causes.of(report))}`;
    const outcome =
      deliveredAt === undefined
        ? lossText(report.reason)
        : `under way for ${((deliveredAt - time) / 1000).toFixed(3)} s`;
    const copy = duplicate ? "; duplicate made by the network" : "";
    const atDevice = up ? { from: inside ?? from, to } : { from, to: inside ?? to };
    const departure = {
      place: up ? device : cloud,
      direction: "outbound",
      ...(up ? atDevice : { from, to }),
    } as const;
    const arrival = {
      place: up ? cloud : device,
      direction: "inbound",
      ...(up ? { from, to } : atDevice),
    } as const;
    // The sender sent a doubled datagram once.
    if (!duplicate) this.#put({ ...departure, time, bytes, comment: `${what}; ${outcome}` });
    if (deliveredAt !== undefined) {
      this.#put({ ...arrival, time: deliveredAt, bytes, comment: `${what}; ${outcome}${copy}` });
    }
  }

  #put(packet: Pending): void {
    let at = this.#pending.length;
    while (at > 0 && this.#pending[at - 1].time > packet.time) at -= 1;
    this.#pending.splice(at, 0, packet);
  }

  /** Writes what was before `now`: at `now` itself more may be said of it. */
  #flush(now: number): void {
    let count = 0;
    while (count < this.#pending.length && this.#pending[count].time < now) {
      const { place, time, from, to, bytes, direction, comment } = this.#pending[count];
      const micros = BigInt(Math.round((epoch + time) * 1000));
      this.#write(packetBlock({ place, time: micros, bytes: ipUdp(from, to, bytes), direction, comment }));
      count += 1;
    }
    if (count > 0) this.#pending = this.#pending.slice(count);
  }
}

function lossText(reason: DatagramReport["reason"]): string {
  switch (reason) {
    case "not attached":
      return "lost: the modem was not attached to a cell";
    case "no mapping":
      return "lost: the operator's NAT has no mapping for it";
    case "no coverage":
      return "lost: no coverage";
    default:
      return "lost on the air";
  }
}
