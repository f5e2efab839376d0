/**
 * One device's place in a cell: attaching, searching, using the radio, and noticing that there is no
 * cell any more.
 *
 *     detached --attach--> searching --5 to 60 s, a cell in reach--> attached
 *        ^                   |   ^                                      |
 *        |                   |   +-- outage over: a new delay           | outage: after 2 to 10 s
 *        +---- refused (EMM cause)                                      v
 *                                                                onServiceLost
 *
 * The network does not forget a device that it cannot reach: a device that did not notice an outage is still
 * attached when it is over. A modem that is asleep does not notice; it finds out when it next uses the radio.
 */
import type { ScheduledEvent, Scheduler } from "../time/clock";
import type { Coverage, Signal } from "./coverage";
import type { Endpoint } from "./nat";

/** PSM timers as the modem and the network exchange them: 8 bits as text (3GPP TS 24.008). */
export interface PsmTimers {
  /** Extended periodic update timer, GPRS Timer 3. */
  readonly t3412: string;
  /** Active timer, GPRS Timer 2. */
  readonly t3324: string;
}

/** Where a cell says that it is. */
export interface CellLocation {
  /** Tracking area code, 4 hex digits. */
  readonly tac: string;
  /** Cell identity, 8 hex digits. */
  readonly cellId: string;
}

/** Radio technologies in which the modems of these families can be served. */
export type RadioTechnology = "nb-iot" | "lte-m";

/** Whose cell it is, and how it is heard: what a modem's settings may keep it from. */
export interface Carrier {
  /** MCC and MNC, five or six digits. */
  readonly plmn: string;
  /** Band of its frequencies, as 3GPP TS 36.101 counts them. */
  readonly band: number;
  readonly technology: RadioTechnology;
  /** It is not the SIM cards' own network: they are guests in it. */
  readonly foreign: boolean;
  /** Access point name that the network gives to who asks for none. */
  readonly apn: string;
  /** Everybody gets that one, whatever was asked for. */
  readonly onlyApn?: boolean;
  /** What the access point wants to know: who does not tell it is refused, with EMM cause 19 (ESM failure). */
  readonly login?: { readonly user: string; readonly password: string };
}

/** What the network answers to an attach. */
export interface AttachGrant extends CellLocation {
  /** The device's private IPv4 address. */
  readonly address: string;
  /** `undefined`: no PSM asked for, or the network refuses it. */
  readonly psm: PsmTimers | undefined;
}

/** One device's place in the cell: what its modem holds. */
export interface RadioAttachment {
  readonly coverage: Coverage;
  /** What the cell broadcasts, to be read without being attached. */
  readonly location: CellLocation;
  readonly carrier: Carrier;
  /** ms for which a search that finds nothing yet is no reason to think that there is no cell. */
  readonly patience: number;
  /** ms that the network's time is ahead of the true one (negative: behind). */
  readonly clockError: number;
  /** True while `onServiceLost` is on its way. */
  readonly losing: boolean;
  /** A fresh measurement. */
  measure(): Signal;
  /**
   * Searches the cell and attaches. 5 to 60 s later, an outage not counted, comes `done`, or
   * `refused` with the EMM cause (3GPP TS 24.301 section 9.9.3.9); neither after `detach`.
   */
  attach(
    request: PsmTimers | undefined,
    done: (grant: AttachGrant) => void,
    refused?: (cause: number) => void,
  ): void;
  /** Tracking area update with other PSM timers; what the network grants. */
  update(request: PsmTimers | undefined): PsmTimers | undefined;
  /** Leaves the network, or gives up a search. */
  detach(): void;
  /** Talks to the network without a datagram. False: no cell, and `onServiceLost` will say so. */
  use(): boolean;
  /**
   * Asks the network's name server; `done` gets the IPv4 address, or `undefined` when there is no such name
   * or no answer.
   */
  resolve(name: string, done: (address: string | undefined) => void): void;
  /** Sends a datagram from this device's `fromPort`. Lost when not attached, or without a cell. */
  uplink(datagram: Uint8Array, fromPort: number, to: Endpoint): void;
  /** A datagram has come for this device's `toPort`. */
  onDownlink: (datagram: Uint8Array, from: Endpoint, toPort: number) => void | Promise<void>;
  /** An attached device's modem finds no cell any more, 2 to 10 s after it was gone or was needed. */
  onServiceLost: () => void;
}

/** What an attachment needs of its cell. */
export interface CellSide {
  readonly coverage: Coverage;
  readonly location: CellLocation;
  readonly carrier: Carrier;
  readonly clockError: number;
  /** ms that a device's search takes until it has found the cell for the first time. */
  readonly firstSearch: number;
  readonly outage: boolean;
  /** EMM cause with which attaches end. */
  readonly denial: number | undefined;
  measure(): Signal;
  /** Draws how long a search takes, ms. */
  drawAttach(): number;
  /** The address that goes with a name; `undefined` when it has none, or the name server is silent. */
  lookUp(name: string): string | undefined;
  /** Draws how long the name server takes, ms. */
  drawLookUp(): number;
  /** Draws how long it takes to notice that there is no cell, ms. */
  drawNotice(): number;
  /** The operator's answer to a PSM request. */
  grantPsm(request: PsmTimers | undefined): PsmTimers | undefined;
  carryUplink(datagram: Uint8Array, from: Endpoint, to: Endpoint, attached: boolean): void;
  /** Another address for a device that attaches again. */
  renewAddress(device: Attachment): string;
}

/** A search under way. */
interface Search {
  readonly request: PsmTimers | undefined;
  readonly done: (grant: AttachGrant) => void;
  readonly refused: (cause: number) => void;
}

export class Attachment implements RadioAttachment {
  onDownlink: RadioAttachment["onDownlink"] = () => {};
  onServiceLost: RadioAttachment["onServiceLost"] = () => {};
  #address: string;
  /** The network has let go of its address: the next attach gives it another. */
  #released = false;
  readonly #cell: CellSide;
  readonly #scheduler: Scheduler;
  #attached = false;
  /** It has found the cell before, and knows where to look. */
  #found = false;
  #search: Search | undefined;
  #searchEnd: ScheduledEvent | undefined;
  #notice: ScheduledEvent | undefined;

  constructor(cell: CellSide, scheduler: Scheduler, address: string) {
    this.#cell = cell;
    this.#scheduler = scheduler;
    this.#address = address;
  }

  /** Its private address; another one after each detach. */
  get address(): string {
    return this.#address;
  }

  get coverage(): Coverage {
    return this.#cell.coverage;
  }

  get location(): CellLocation {
    return this.#cell.location;
  }

  get carrier(): Carrier {
    return this.#cell.carrier;
  }

  get patience(): number {
    return this.#found ? 0 : this.#cell.firstSearch;
  }

  get clockError(): number {
    return this.#cell.clockError;
  }

  get losing(): boolean {
    return this.#notice !== undefined;
  }

  measure(): Signal {
    return this.#cell.measure();
  }

  attach(
    request: PsmTimers | undefined,
    done: (grant: AttachGrant) => void,
    refused: (cause: number) => void = () => {},
  ): void {
    // Who only lost the cell keeps the bearer and its address (TS 24.301, 5.5.3); who detached does not.
    const kept = this.#attached;
    const released = this.#released;
    this.detach();
    if (kept) this.#released = released;
    this.#search = { request, done, refused };
    if (!this.#cell.outage) this.#beginSearch();
  }

  update(request: PsmTimers | undefined): PsmTimers | undefined {
    return this.#attached && this.use() ? this.#cell.grantPsm(request) : undefined;
  }

  detach(): void {
    this.#cancelEvents();
    this.#search = undefined;
    if (this.#attached) this.#released = true;
    this.#attached = false;
  }

  use(): boolean {
    if (!this.#cell.outage) return true;
    if (this.#attached && !this.losing) this.#beginLosing();
    return false;
  }

  resolve(name: string, done: (address: string | undefined) => void): void {
    const reached = this.#attached && this.use();
    this.#scheduler.after(this.#cell.drawLookUp(), () => done(reached ? this.#cell.lookUp(name) : undefined));
  }

  uplink(datagram: Uint8Array, fromPort: number, to: Endpoint): void {
    if (this.#attached) this.use();
    this.#cell.carryUplink(datagram, { address: this.address, port: fromPort }, to, this.#attached);
  }

  /** The cell has gone or is back; only the cell calls it. */
  outageChanged(): void {
    this.#cancelEvents();
    if (!this.#cell.outage && this.#search !== undefined) this.#beginSearch();
    if (this.#cell.outage && this.#attached) this.#beginLosing();
  }

  #beginSearch(): void {
    const time = Math.max(this.#cell.drawAttach(), this.patience);
    this.#searchEnd = this.#scheduler.after(time, () => this.#endSearch());
  }

  #endSearch(): void {
    const { request, done, refused } = this.#search!;
    this.#search = undefined;
    this.#searchEnd = undefined;
    this.#found = true;
    if (this.#cell.denial !== undefined) return refused(this.#cell.denial);
    this.#attached = true;
    if (this.#released) this.#address = this.#cell.renewAddress(this);
    this.#released = false;
    done({ address: this.address, ...this.#cell.location, psm: this.#cell.grantPsm(request) });
  }

  #beginLosing(): void {
    this.#notice = this.#scheduler.after(this.#cell.drawNotice(), () => {
      this.#notice = undefined;
      this.onServiceLost();
    });
  }

  #cancelEvents(): void {
    this.#scheduler.cancel(this.#searchEnd);
    this.#scheduler.cancel(this.#notice);
    this.#searchEnd = undefined;
    this.#notice = undefined;
  }
}
