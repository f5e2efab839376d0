/**
 * Between the modem's sockets and the cell: release assistance on the way up; on the way down paging, and
 * whether the modem listens at all.
 */
import type { Endpoint, RadioAttachment } from "../radio/link";
import { nextPagingOccasion, pagingIdentity } from "../radio/paging-occasions";
import { decodeEdrx } from "./edrx";
import type { Family, Unit } from "./family";
import type { ModemEvent } from "./modem-event";
import type { PowerSaving } from "./power-saving";
import type { Settings } from "./settings";
import type { UdpSocket, UdpSockets } from "./udp-sockets";

type DropReason = Extract<ModemEvent, { type: "dropped" }>["reason"];

export interface DatagramsOptions {
  readonly now: () => number;
  readonly family: Family;
  readonly unit: () => Unit;
  readonly network: RadioAttachment;
  readonly sockets: UdpSockets;
  readonly powerSaving: PowerSaving;
  readonly settings: () => Settings;
  /** The network's answer to an eDRX request; what was asked when left out. */
  readonly grantEdrx?: (asked: string) => string | undefined;
  readonly later: (delay: number, run: () => void) => void;
  readonly tell: (event: ModemEvent) => void;
  readonly dropped: (reason: DropReason) => void;
}

/** Carries datagrams between the modem's sockets and the cell. */
export class Datagrams {
  readonly #options: DatagramsOptions;

  constructor(options: DatagramsOptions) {
    this.#options = options;
  }

  /** What the network grants of eDRX; undefined: nothing, or nothing was asked. */
  get grantedEdrx(): string | undefined {
    const { settings, grantEdrx } = this.#options;
    const asked = settings().edrx;
    return asked === undefined || grantEdrx === undefined ? asked : grantEdrx(asked);
  }

  send(socket: UdpSocket, datagram: Uint8Array): void {
    const { now, network, powerSaving, tell } = this.#options;
    const settings = this.#options.settings();
    const { rai } = settings;
    settings.rai = 0;
    tell({ type: "send", time: now(), id: socket.id, bytes: datagram, rai });
    powerSaving.sent(rai);
    network.uplink(datagram, socket.localPort, socket.peer!);
  }

  /**
   * With eDRX the network keeps what it has until the modem listens again. Without, it is heard at once: what a paging
   * cycle and the cell's other devices add is link depth's, whose cells have them (sim/fleet/paging.ts).
   */
  page(datagram: Uint8Array, from: Endpoint, toPort: number): void {
    const { now, powerSaving, later, unit } = this.#options;
    const granted = powerSaving.mode === "idle" ? this.grantedEdrx : undefined;
    const cycle = granted === undefined ? undefined : decodeEdrx(granted);
    if (cycle === undefined) return this.#receive(datagram, from, toPort);
    const occasion = nextPagingOccasion(pagingIdentity(unit().identity.imsi), now(), cycle);
    later(occasion - now(), () => this.#receive(datagram, from, toPort));
  }

  #receive(datagram: Uint8Array, from: Endpoint, toPort: number): void {
    const { now, family, unit, sockets, powerSaving, tell, dropped } = this.#options;
    if (powerSaving.mode === "off") return dropped("radio off");
    if (!powerSaving.reachable) return dropped("psm");
    powerSaving.received();
    const socket = sockets.byPort(toPort);
    const peer = socket?.peer;
    const expected =
      family.unconnected === true || (peer?.address === from.address && peer.port === from.port);
    if (socket === undefined || !expected) return dropped("no socket");
    tell({ type: "receive", time: now(), id: socket.id, bytes: datagram });
    family.deliver(unit(), socket, datagram, from);
  }
}
