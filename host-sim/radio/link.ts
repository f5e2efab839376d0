/**
 * An NB-IoT cell and the way from it into the Internet.
 *
 *   modem -- RadioAttachment -- NbIotCell (latency, loss, NAT) -- onUplink / sendDownlink -- server
 *
 * Datagrams travel by themselves: each has its own latency, so two may overtake one another. The
 * cell carries bytes and knows nothing of their content, nor of the modem's sleep: what arrives at
 * a sleeping modem is dropped there.
 */
import type { Random } from "../world/random";
import type { Scheduler } from "../world/clock";
import { attachLimits, coverageProfiles, measureSignal } from "./coverage";
import type { Coverage, CoverageProfile, Signal } from "./coverage";
import { NatTable } from "./nat";
import type { Endpoint } from "./nat";

export type { Coverage, CoverageProfile, Signal } from "./coverage";
export type { Endpoint } from "./nat";

/** PSM timers as the modem and the network exchange them: 8 bits as text (3GPP TS 24.008). */
export interface PsmTimers {
  /** Extended periodic update timer, GPRS Timer 3. */
  readonly t3412: string;
  /** Active timer, GPRS Timer 2. */
  readonly t3324: string;
}

/** What the network answers to an attach. */
export interface AttachGrant {
  /** The device's private IPv4 address. */
  readonly address: string;
  /** Tracking area code, 4 hex digits. */
  readonly tac: string;
  /** Cell identity, 8 hex digits. */
  readonly cellId: string;
  /** `undefined`: no PSM asked for, or the network refuses it. */
  readonly psm: PsmTimers | undefined;
}

/** One device's place in the cell: what its modem holds. */
export interface RadioAttachment {
  readonly coverage: Coverage;
  /** A fresh measurement. */
  measure(): Signal;
  /** Searches the cell and attaches; `done` comes 5 to 60 s later unless `detach` comes first. */
  attach(request: PsmTimers | undefined, done: (grant: AttachGrant) => void): void;
  /** Tracking area update with other PSM timers; what the network grants. */
  update(request: PsmTimers | undefined): PsmTimers | undefined;
  /** Leaves the network, or gives up a search. */
  detach(): void;
  /** Sends a datagram from this device's `fromPort`. Lost when not attached. */
  uplink(datagram: Uint8Array, fromPort: number, to: Endpoint): void;
  /** A datagram has come for this device's `toPort`. */
  onDownlink: (datagram: Uint8Array, from: Endpoint, toPort: number) => void | Promise<void>;
}

/** One datagram's way through the cell, told when it sets out. */
export interface DatagramReport {
  readonly direction: "up" | "down";
  /** Virtual ms when it set out. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly fate: "delivered" | "lost";
  /** Why it was lost: on the air, sender not attached, or no NAT mapping for its target. */
  readonly reason?: "radio" | "not attached" | "no mapping";
  /** The device's side is its public endpoint, as a server sees it. */
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** Virtual ms at the other end; `undefined` when lost. */
  readonly deliveredAt: number | undefined;
  /** True for the second copy of a duplicated datagram. */
  readonly duplicate: boolean;
}

export interface NbIotCellOptions {
  scheduler: Scheduler;
  random: Random;
  /** Coverage level at the start; `cell.coverage` may be set later. */
  coverage: Coverage;
  /** Loss each way, 0..1; replaces the level's own figure. */
  loss?: number;
  /** Probability (0..1) that a delivered datagram comes twice. Default 0. */
  duplication?: number;
  /** Figures that replace the level's own, at every level. */
  profile?: Partial<CoverageProfile>;
  /** ms after which an unused NAT mapping is forgotten. Default never. */
  natIdle?: number;
  /** The operator's answer to a PSM request: the same timers (default), others, or none. */
  grantPsm?: (request: PsmTimers) => PsmTimers | undefined;
  /** Sees every datagram when it sets out. */
  onDatagram?: (report: DatagramReport) => void;
}

/** Tracking area and cell that every device in this cell sees. */
const tac = "5B57";
const cellId = "01A50B1A";

/** An unknown sender's place in reports of datagrams that never had a mapping. */
const nowhere: Endpoint = { address: "0.0.0.0", port: 0 };

/** One cell, its devices and its operator's NAT. */
export class NbIotCell {
  /** The server side: a datagram came out of the operator's network. `peer` is where to answer. */
  onUplink: (datagram: Uint8Array, peer: Endpoint, to: Endpoint) => void | Promise<void> = () => {};

  coverage: Coverage;
  readonly #scheduler: Scheduler;
  readonly #options: NbIotCellOptions;
  readonly #nat: NatTable;
  readonly #devices = new Map<string, Device>();
  readonly #latency: Random;
  readonly #fate: Random;
  readonly #search: Random;
  readonly #fading: Random;

  /** @throws RangeError for a loss or duplication outside 0..1 */
  constructor(options: NbIotCellOptions) {
    requireProbability("loss", options.loss ?? 0);
    requireProbability("duplication", options.duplication ?? 0);
    this.#options = options;
    this.coverage = options.coverage;
    this.#scheduler = options.scheduler;
    // A stream for each purpose: changing the loss leaves the latencies as they were.
    this.#latency = options.random.fork("latency");
    this.#fate = options.random.fork("fate");
    this.#search = options.random.fork("search");
    this.#fading = options.random.fork("fading");
    const nat = options.random.fork("nat");
    this.#nat = new NatTable({
      address: `100.64.${nat.u32() % 256}.${1 + (nat.u32() % 254)}`,
      firstPort: 20_000 + (nat.u32() % 20_000),
      idle: options.natIdle ?? Infinity,
    });
  }

  /** The figures in force: the level's, with the options' replacements. */
  get profile(): CoverageProfile {
    const profile = { ...coverageProfiles[this.coverage], ...this.#options.profile };
    return this.#options.loss === undefined ? profile : { ...profile, loss: this.#options.loss };
  }

  /** A place for one more device; the first has the private address 10.45.0.7. */
  admit(): RadioAttachment {
    const number = 7 + this.#devices.size;
    const device = new Device(this, `10.45.${(number >> 8) & 0xff}.${number & 0xff}`);
    this.#devices.set(device.address, device);
    return device;
  }

  /**
   * Sends a datagram towards a device's public endpoint.
   * @param from the server's endpoint; left out, the one that device last sent to
   */
  sendDownlink(datagram: Uint8Array, peer: Endpoint, from?: Endpoint): void {
    const mapping = this.#nat.inward(peer, this.#scheduler.now);
    const device = mapping && this.#devices.get(mapping.inside.address);
    if (mapping === undefined || device === undefined) {
      this.#report("down", datagram.slice(), from ?? nowhere, peer, undefined, "no mapping");
      return;
    }
    const sender = from ?? mapping.lastPeer;
    const toPort = mapping.inside.port;
    this.#carry("down", datagram, sender, peer, (bytes) => device.onDownlink(bytes, sender, toPort));
  }

  /** The device's half of `sendDownlink`; only `RadioAttachment` calls it. */
  carryUplink(datagram: Uint8Array, from: Endpoint, to: Endpoint, attached: boolean): void {
    if (!attached) {
      this.#report("up", datagram.slice(), from, to, undefined, "not attached");
      return;
    }
    const peer = this.#nat.outward(from, to, this.#scheduler.now).outside;
    this.#carry("up", datagram, peer, to, (bytes) => this.onUplink(bytes, peer, to));
  }

  /** Virtual ms that a search takes from now; only `RadioAttachment` calls it. */
  scheduleAttach(done: () => void): () => void {
    const { median, p95 } = this.profile.attach;
    const drawn = this.#search.logNormal(median, p95);
    const delay = Math.max(attachLimits.least, Math.min(attachLimits.most, drawn));
    const event = this.#scheduler.after(delay, done);
    return () => this.#scheduler.cancel(event);
  }

  /** The operator's answer to a PSM request; only `RadioAttachment` calls it. */
  grantPsm(request: PsmTimers | undefined): PsmTimers | undefined {
    if (request === undefined) return undefined;
    return this.#options.grantPsm === undefined ? request : this.#options.grantPsm(request);
  }

  /** One measurement in this cell; only `RadioAttachment` calls it. */
  measure(): Signal {
    return measureSignal(this.coverage, this.profile, this.#fading);
  }

  #carry(
    direction: "up" | "down",
    datagram: Uint8Array,
    from: Endpoint,
    to: Endpoint,
    deliver: (bytes: Uint8Array) => void | Promise<void>,
  ): void {
    const { loss, oneWay } = this.profile;
    // The sender may reuse its buffer while these bytes are on their way.
    const bytes = datagram.slice();
    // All draws happen whatever their outcome: one datagram's fate shifts no other's.
    const lost = this.#fate.chance(loss);
    const twice = this.#fate.chance(this.#options.duplication ?? 0);
    const latency = this.#latency.logNormal(oneWay.median, oneWay.p95);
    const copyLatency = twice ? this.#latency.logNormal(oneWay.median, oneWay.p95) : 0;
    if (lost) {
      this.#report(direction, bytes, from, to, undefined, "radio");
      return;
    }
    const now = this.#scheduler.now;
    this.#report(direction, bytes, from, to, now + latency);
    this.#scheduler.after(latency, () => deliver(bytes));
    if (!twice) return;
    this.#report(direction, bytes, from, to, now + copyLatency, undefined, true);
    this.#scheduler.after(copyLatency, () => deliver(bytes.slice()));
  }

  #report(
    direction: "up" | "down",
    bytes: Uint8Array,
    from: Endpoint,
    to: Endpoint,
    deliveredAt: number | undefined,
    reason?: DatagramReport["reason"],
    duplicate = false,
  ): void {
    if (this.#options.onDatagram === undefined) return;
    const fate = deliveredAt === undefined ? "lost" : "delivered";
    const time = this.#scheduler.now;
    this.#options.onDatagram({ direction, time, bytes, fate, reason, from, to, deliveredAt, duplicate });
  }
}

class Device implements RadioAttachment {
  onDownlink: RadioAttachment["onDownlink"] = () => {};
  readonly address: string;
  readonly #cell: NbIotCell;
  #attached = false;
  #cancelSearch: (() => void) | undefined;

  constructor(cell: NbIotCell, address: string) {
    this.#cell = cell;
    this.address = address;
  }

  get coverage(): Coverage {
    return this.#cell.coverage;
  }

  measure(): Signal {
    return this.#cell.measure();
  }

  attach(request: PsmTimers | undefined, done: (grant: AttachGrant) => void): void {
    this.detach();
    this.#cancelSearch = this.#cell.scheduleAttach(() => {
      this.#cancelSearch = undefined;
      this.#attached = true;
      done({ address: this.address, tac, cellId, psm: this.#cell.grantPsm(request) });
    });
  }

  update(request: PsmTimers | undefined): PsmTimers | undefined {
    return this.#attached ? this.#cell.grantPsm(request) : undefined;
  }

  detach(): void {
    this.#cancelSearch?.();
    this.#cancelSearch = undefined;
    this.#attached = false;
  }

  uplink(datagram: Uint8Array, fromPort: number, to: Endpoint): void {
    this.#cell.carryUplink(datagram, { address: this.address, port: fromPort }, to, this.#attached);
  }
}

function requireProbability(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be from 0 to 1, got ${value}`);
}
