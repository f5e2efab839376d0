/**
 * What comes for a modem at link depth: over its connection, or kept by the network while the cell calls it (paging.ts).
 */
import { nextPagingOccasion } from "../radio/paging-occasions";
import type { PowerSaving } from "../modem/power-saving";
import type { Endpoint } from "../radio/link";
import type { LinkAir } from "./link-air";
import type { LinkModemOptions } from "./link-modem-options";
import type { Call, PagedDevice } from "./paging";

/** A datagram as the socket hands it over. */
export type ReceivedDatagram = ArrayBuffer & { address: string; port: number };

/** A datagram from the network. */
interface Incoming {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly toPort: number;
}

export interface LinkDownlinkOptions extends Pick<
  LinkModemOptions,
  "scheduler" | "network" | "traits" | "paging" | "identity" | "edrx" | "turn" | "onEvent"
> {
  readonly powerSaving: PowerSaving;
  readonly air: LinkAir;
  /** The socket's own port. */
  readonly port: () => number;
  /** The modem has power, and a firmware runs that hears what comes. */
  readonly heard: () => boolean;
  /** The answer to a page is over, whatever came of it: the air is free for a datagram. */
  readonly onAnswered: () => void;
}

/** Most datagrams that wait to be read, as firmware/modem/udp.ts keeps. */
const receiveLimit = 8;

/** See above. */
export class LinkDownlink {
  readonly #options: LinkDownlinkOptions;
  readonly #received: ReceivedDatagram[] = [];
  /** The network calls it, and keeps these until it answers. */
  #call: Call | undefined;
  readonly #kept: Incoming[] = [];
  readonly #paged: PagedDevice;

  constructor(options: LinkDownlinkOptions) {
    this.#options = options;
    const { network, identity, edrx, powerSaving, air } = options;
    this.#paged = {
      ...{ identity, edrx },
      get coverage() {
        return network.coverage;
      },
      get reachable() {
        return air.taken || powerSaving.reachable;
      },
      paged: () => this.#answerPage(),
      unanswered: () => this.notCalled(),
    };
    network.onDownlink = (bytes, from, toPort) => this.#down({ bytes, from, toPort });
  }

  /** The oldest datagram that has come. */
  read(): ReceivedDatagram | undefined {
    return this.#received.shift();
  }

  /** Its power is gone, and what was not read. */
  powerCut(): void {
    this.#received.length = 0;
  }

  /** It has a connection: what the network has kept comes over it. */
  takeKept(): void {
    if (this.#call === undefined) return;
    const kept = this.#kept.splice(0);
    this.notCalled();
    for (const each of kept) this.#take(each);
  }

  /** The network does not call it any more. */
  notCalled(): void {
    if (this.#call === undefined) return;
    this.#call.ended = true;
    this.#call = undefined;
    this.#kept.length = 0;
  }

  #down(incoming: Incoming): void {
    const { paging, identity, edrx, scheduler, powerSaving } = this.#options;
    if (!powerSaving.reachable) return;
    if (powerSaving.mode === "connected" || (paging === undefined && edrx === undefined)) {
      return this.#take(incoming);
    }
    if (paging === undefined) {
      const occasion = nextPagingOccasion(identity, scheduler.now, edrx);
      scheduler.at(occasion, () => {
        if (powerSaving.reachable) this.#take(incoming);
      });
      return;
    }
    if (this.#kept.length < receiveLimit) this.#kept.push(incoming);
    this.#call ??= paging.page(this.#paged);
  }

  /** Its page is on the air: it asks for a connection, unless it does so already. */
  #answerPage(): void {
    const { network, powerSaving, air, onAnswered } = this.#options;
    if (air.taken || !powerSaving.reachable || !network.use()) return;
    air.answer((connected) => {
      if (connected) this.takeKept();
      onAnswered();
    });
  }

  #take({ bytes, from, toPort }: Incoming): void {
    const { traits, scheduler, powerSaving, port, onEvent } = this.#options;
    powerSaving.received();
    if (toPort !== port() || this.#received.length >= receiveLimit) return;
    onEvent?.({ type: "receive", time: scheduler.now, id: 0, bytes });
    if (traits.receive === 0) return this.#hand(bytes, from);
    powerSaving.uartActivity();
    scheduler.after(traits.receive, () => this.#hand(bytes, from));
  }

  /** The driver has it. */
  #hand(datagram: Uint8Array, from: Endpoint): void {
    const { heard, turn } = this.#options;
    if (!heard()) return;
    // As the socket of a modem hands it over: its buffer is the datagram's alone.
    const bytes = datagram.slice().buffer as ReceivedDatagram;
    bytes.address = from.address;
    bytes.port = from.port;
    this.#received.push(bytes);
    turn();
  }
}
