/**
 * A modem's place in a network that is this machine's own: it attaches to nothing, and its datagrams go
 * out of real UDP sockets.
 */
import { createSocket } from "node:dgram";
import { lookup } from "node:dns";
import type { Socket } from "node:dgram";
import type { Scheduler } from "../time/clock";
import type { Random } from "../time/random";
import type { AttachGrant, Carrier, CellLocation, PsmTimers, RadioAttachment } from "./attachment";
import { coverageProfiles, measureSignal } from "./coverage";
import type { Signal } from "./coverage";
import { homeCarrier } from "./link";
import type { Endpoint } from "./nat";

export interface InternetAttachmentOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** ms from the search to the attach. */
  readonly attachTime: number;
  /** The real target of datagrams to this address; `undefined` when they are dropped. */
  readonly route: (to: Endpoint) => Endpoint | undefined;
  /** Something could not be sent. */
  readonly onFault: (text: string) => void;
}

const grant = { address: "10.45.0.7", tac: "5B57", cellId: "01A50B1A" } as const;

export class InternetAttachment implements RadioAttachment {
  readonly coverage = 0;
  readonly location: CellLocation = { tac: grant.tac, cellId: grant.cellId };
  readonly carrier: Carrier = homeCarrier;
  readonly patience = 0;
  readonly clockError = 0;
  readonly losing = false;
  onDownlink: RadioAttachment["onDownlink"] = () => {};
  onServiceLost: RadioAttachment["onServiceLost"] = () => {};
  readonly #options: InternetAttachmentOptions;
  readonly #sockets = new Map<number, { readonly socket: Socket; peer: Endpoint }>();
  #attached = false;
  #search = 0;

  constructor(options: InternetAttachmentOptions) {
    this.#options = options;
  }

  measure(): Signal {
    return measureSignal(0, coverageProfiles[0], this.#options.random);
  }

  attach(request: PsmTimers | undefined, done: (granted: AttachGrant) => void): void {
    this.detach();
    const search = ++this.#search;
    this.#options.scheduler.after(this.#options.attachTime, () => {
      if (search !== this.#search) return;
      this.#attached = true;
      done({ ...grant, psm: request });
    });
  }

  update(request: PsmTimers | undefined): PsmTimers | undefined {
    return this.#attached ? request : undefined;
  }

  detach(): void {
    this.#search += 1;
    this.#attached = false;
    this.close();
  }

  use(): boolean {
    return true;
  }

  /** By this machine's own name server. */
  resolve(name: string, done: (address: string | undefined) => void): void {
    lookup(name, { family: 4 }, (error, address) => done(error === null ? address : undefined));
  }

  uplink(datagram: Uint8Array, fromPort: number, to: Endpoint): void {
    const target = this.#attached ? this.#options.route(to) : undefined;
    if (target === undefined) return;
    this.#socket(fromPort, to).send(datagram, target.port, target.address, (error) => {
      if (error !== null) this.#options.onFault(`${target.address}:${target.port}: ${error.message}`);
    });
  }

  /** Closes its sockets. */
  close(): void {
    for (const { socket } of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  /** One real socket for each of the modem's; answers come from the address that was written to last. */
  #socket(port: number, peer: Endpoint): Socket {
    const known = this.#sockets.get(port);
    if (known !== undefined) {
      known.peer = peer;
      return known.socket;
    }
    const opened = { socket: createSocket("udp4"), peer };
    opened.socket.on("message", (bytes) => void this.onDownlink(Uint8Array.from(bytes), opened.peer, port));
    opened.socket.on("error", (error) => this.#options.onFault(error.message));
    this.#sockets.set(port, opened);
    return opened.socket;
  }
}
