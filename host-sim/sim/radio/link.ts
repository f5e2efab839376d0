/**
 * An NB-IoT cell and the way from it into the Internet.
 *
 *   modem -- RadioAttachment -- NbIotCell (latency, loss, NAT) -- onUplink / sendDownlink -- server
 *
 * Datagrams travel by themselves: each has its own latency, so two may overtake one another. The
 * cell carries bytes and knows nothing of their content, nor of the modem's sleep: what arrives at
 * a sleeping modem is dropped there.
 *
 * Its troubles can be switched on and off at any time: `outage`, `denial`, `loss`, `duplication`,
 * `slowdown`, `clockError`, `rebindNat`, `nameServerDown`. They hold for what sets out or ends from then on; a datagram
 * that is on its way arrives.
 */
import type { Random } from "../time/random";
import type { Scheduler } from "../time/clock";
import { Attachment } from "./attachment";
import type { Carrier, CellLocation, CellSide, PsmTimers, RadioAttachment } from "./attachment";
import { attachLimits, coverageProfiles, measureSignal } from "./coverage";
import type { Coverage, CoverageProfile, Signal } from "./coverage";
import { NatTable } from "./nat";
import type { Endpoint } from "./nat";

export type {
  AttachGrant,
  Carrier,
  CellLocation,
  PsmTimers,
  RadioAttachment,
  RadioTechnology,
} from "./attachment";
export type { Coverage, CoverageProfile, Signal } from "./coverage";
export type { Endpoint } from "./nat";

/** One datagram's way through the cell, told when it sets out. */
export interface DatagramReport {
  readonly direction: "up" | "down";
  /** Virtual ms when it set out. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly fate: "delivered" | "lost";
  /** Why it was lost: on the air, sender not attached, no NAT mapping for its target, or no cell. */
  readonly reason?: "radio" | "not attached" | "no mapping" | "no coverage";
  /** The device's side is its public endpoint, as a server sees it. */
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The device's own endpoint behind the NAT; `undefined` when no mapping leads to one. */
  readonly inside: Endpoint | undefined;
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
  /** The NAT's public address; drawn when left out. */
  natAddress?: string;
  /** Whose cell it is and how it is heard; the rest as `homeCarrier`. */
  carrier?: Partial<Carrier>;
  /** ms that a device's search takes until it has found the cell for the first time. Default 0: as any search. */
  firstSearch?: number;
  /** Names that the network's name server knows, each with its IPv4 address; `cell.names` may change later. */
  names?: Iterable<readonly [string, string]>;
  /** The operator's answer to a PSM request: the same timers (default), others, or none. */
  grantPsm?: (request: PsmTimers) => PsmTimers | undefined;
  /** Whoever sends never writes into a datagram's bytes again, so that they need not be copied. Default false. */
  unchanging?: boolean;
  /** Sees every datagram when it sets out. */
  onDatagram?: (report: DatagramReport) => void;
  /** The same for who counts only, and needs no report. */
  onFate?: (up: boolean, bytes: number, arrives: boolean) => void;
}

/** A test network (MCC 001) in band 8, and the one that the SIM cards are of. */
export const homeCarrier: Carrier = {
  plmn: "00101",
  band: 8,
  technology: "nb-iot",
  foreign: false,
  apn: "operator.example",
};

/** ms that the name server takes, two ways through the cell included. */
const lookUpTime = { median: 2_000, p95: 6_000 } as const;

/** ms until a modem notices that it has no cell any more. */
const noticeTime = { least: 2_000, most: 10_000 } as const;

/** The most that the network's time may be wrong, ms: fifty years. */
const largestClockError = 50 * 366 * 86_400_000;

/** Where a datagram's chances come from. */
interface Travel {
  readonly latency: Random;
  readonly fate: Random;
}

/** An unknown sender's place in reports of datagrams that never had a mapping. */
const nowhere: Endpoint = { address: "0.0.0.0", port: 0 };

/** One cell, its devices and its operator's NAT. */
export class NbIotCell implements CellSide {
  /** The server side: a datagram came out of the operator's network. `peer` is where to answer. */
  onUplink: (datagram: Uint8Array, peer: Endpoint, to: Endpoint) => void | Promise<void> = () => {};

  coverage: Coverage;
  /** What every device in this cell sees. */
  readonly location: CellLocation = { tac: "5B57", cellId: "01A50B1A" };
  carrier: Carrier;
  /** ms that a device's search takes until it has found the cell for the first time. */
  firstSearch: number;
  /** What the name server knows, lower case: each name with its IPv4 address. */
  readonly names: Map<string, string>;
  /** While true the name server gives no answer. */
  nameServerDown = false;
  readonly #scheduler: Scheduler;
  readonly #options: NbIotCellOptions;
  readonly #nat: NatTable;
  readonly #devices = new Map<string, Attachment>();
  readonly #travel: Travel;
  /** Of datagrams that strangers send, so that they shift no draw of the others'. */
  readonly #strangersTravel: Travel;
  readonly #search: Random;
  readonly #fading: Random;
  readonly #notice: Random;
  readonly #nameServer: Random;
  /** Addresses given so far to devices that have attached again. */
  #renewals = 0;
  #loss: number | undefined;
  /** What `profile` has given last, and for what: each datagram asks for it. */
  #figures: { coverage: Coverage; loss: number | undefined; profile: CoverageProfile } | undefined;
  #duplication = 0;
  #outage = false;
  #denial: number | undefined;
  #slowdown = 1;
  #clockError = 0;

  /** @throws RangeError for a loss or duplication outside 0..1 */
  constructor(options: NbIotCellOptions) {
    this.#options = options;
    this.loss = options.loss;
    this.duplication = options.duplication ?? 0;
    this.coverage = options.coverage;
    this.carrier = { ...homeCarrier, ...options.carrier };
    this.firstSearch = options.firstSearch ?? 0;
    this.names = new Map(options.names);
    this.#scheduler = options.scheduler;
    // A stream for each purpose: changing the loss leaves the latencies as they were.
    this.#travel = { latency: options.random.fork("latency"), fate: options.random.fork("fate") };
    const strangers = options.random.fork("strangers");
    this.#strangersTravel = { latency: strangers.fork("latency"), fate: strangers.fork("fate") };
    this.#search = options.random.fork("search");
    this.#fading = options.random.fork("fading");
    this.#notice = options.random.fork("notice");
    this.#nameServer = options.random.fork("name server");
    const nat = options.random.fork("nat");
    this.#nat = new NatTable({
      address: options.natAddress ?? `100.64.${nat.u32() % 256}.${1 + (nat.u32() % 254)}`,
      firstPort: 20_000 + (nat.u32() % 20_000),
      idle: options.natIdle ?? Infinity,
    });
  }

  /** The figures in force: the level's, with the options' replacements. */
  get profile(): CoverageProfile {
    const { coverage } = this;
    const loss = this.#loss;
    let figures = this.#figures;
    if (figures?.coverage !== coverage || figures.loss !== loss) {
      const profile = { ...coverageProfiles[coverage], ...this.#options.profile };
      figures = this.#figures = {
        coverage,
        loss,
        profile: loss === undefined ? profile : { ...profile, loss },
      };
    }
    return figures.profile;
  }

  /** Loss each way, 0..1; `undefined`: the level's own. Set, it throws RangeError outside of that. */
  get loss(): number | undefined {
    return this.#loss;
  }

  set loss(loss: number | undefined) {
    requireProbability("loss", loss ?? 0);
    this.#loss = loss;
  }

  /** Probability (0..1) that a delivered datagram comes twice. Set, it throws RangeError outside of that. */
  get duplication(): number {
    return this.#duplication;
  }

  set duplication(duplication: number) {
    requireProbability("duplication", duplication);
    this.#duplication = duplication;
  }

  /**
   * While true there is no cell: datagrams are lost both ways, searches go on without an end, and
   * attached devices notice it within 10 s. Over, each search takes its time anew.
   */
  get outage(): boolean {
    return this.#outage;
  }

  set outage(outage: boolean) {
    if (outage === this.#outage) return;
    this.#outage = outage;
    for (const device of this.#devices.values()) device.outageChanged();
  }

  /**
   * EMM cause (3GPP TS 24.301 section 9.9.3.9, 1..255) with which the network refuses every attach;
   * `undefined`: it takes them. Who is attached stays so. Set, it throws RangeError for another cause.
   */
  get denial(): number | undefined {
    return this.#denial;
  }

  set denial(cause: number | undefined) {
    if (cause !== undefined && !(Number.isInteger(cause) && cause >= 1 && cause <= 255)) {
      throw new RangeError(`denial must be an EMM cause from 1 to 255, got ${cause}`);
    }
    this.#denial = cause;
  }

  /** Factor on one-way latencies, more than 0. Set, it throws RangeError for another. */
  get slowdown(): number {
    return this.#slowdown;
  }

  set slowdown(factor: number) {
    if (!(factor > 0 && factor < Infinity)) {
      throw new RangeError(`slowdown must be a factor above 0, got ${factor}`);
    }
    this.#slowdown = factor;
  }

  /**
   * ms that the time which the network tells its devices is ahead of the true one; they take it over
   * at their next registration or update. Set, it throws RangeError beyond 50 years.
   */
  get clockError(): number {
    return this.#clockError;
  }

  set clockError(error: number) {
    if (!(Math.abs(error) <= largestClockError)) {
      throw new RangeError(`clockError must be at most ${largestClockError} ms, got ${error}`);
    }
    this.#clockError = error;
  }

  /**
   * The operator's NAT forgets all mappings: each device's next datagram comes from another public
   * port, and what is sent to the old ones is lost.
   */
  rebindNat(): void {
    this.#nat.clear();
  }

  /** Public endpoints from which devices have sent, and which lead to one that is attached still. */
  get publicEndpoints(): Endpoint[] {
    const mappings = this.#nat.mappings(this.#scheduler.now);
    return mappings
      .filter(({ inside }) => this.#at(inside.address) !== undefined)
      .map(({ outside }) => outside);
  }

  /**
   * A place for one more device; the first has the private address 10.45.0.7. Each attach after its first gives
   * it another, as an operator's pool does: what is sent to the old one finds nobody.
   */
  admit(): RadioAttachment {
    const number = 7 + this.#devices.size;
    const address = `10.45.${(number >> 8) & 0xff}.${number & 0xff}`;
    const device = new Attachment(this, this.#scheduler, address);
    this.#devices.set(device.address, device);
    return device;
  }

  /** Another address for a device that attaches again; only `RadioAttachment` calls it. */
  renewAddress(device: Attachment): string {
    const number = 7 + this.#renewals++;
    this.#devices.delete(device.address);
    const address = `10.${46 + ((number >> 16) % 200)}.${(number >> 8) & 0xff}.${number & 0xff}`;
    this.#devices.set(address, device);
    return address;
  }

  #at(address: string): Attachment | undefined {
    return this.#devices.get(address);
  }

  /**
   * Sends a datagram towards a device's public endpoint.
   * @param from the server's endpoint; left out, the one that device last sent to
   */
  sendDownlink(datagram: Uint8Array, peer: Endpoint, from?: Endpoint): void {
    this.#sendDown(this.#travel, datagram, peer, from);
  }

  /** The same for somebody who is not the server, whatever he gives as his address in `from`. */
  injectDownlink(datagram: Uint8Array, peer: Endpoint, from: Endpoint): void {
    this.#sendDown(this.#strangersTravel, datagram, peer, from);
  }

  #sendDown(travel: Travel, datagram: Uint8Array, peer: Endpoint, from?: Endpoint): void {
    const mapping = this.#nat.inward(peer, this.#scheduler.now);
    const device = mapping && this.#at(mapping.inside.address);
    if (mapping === undefined || device === undefined) {
      this.#report("down", datagram.slice(), from ?? nowhere, peer, undefined, undefined, "no mapping");
      return;
    }
    const sender = from ?? mapping.lastPeer;
    if (this.#outage) {
      this.#report("down", datagram.slice(), sender, peer, mapping.inside, undefined, "no coverage");
      return;
    }
    const { inside } = mapping;
    this.#carry(travel, "down", datagram, sender, peer, inside, (bytes) =>
      device.address === inside.address ? device.onDownlink(bytes, sender, inside.port) : undefined,
    );
  }

  /** The device's half of `sendDownlink`; only `RadioAttachment` calls it. */
  carryUplink(datagram: Uint8Array, from: Endpoint, to: Endpoint, attached: boolean): void {
    if (!attached || this.#outage) {
      const reason = attached ? "no coverage" : "not attached";
      this.#report("up", datagram.slice(), from, to, from, undefined, reason);
      return;
    }
    const peer = this.#nat.outward(from, to, this.#scheduler.now).outside;
    this.#carry(this.#travel, "up", datagram, peer, to, from, (bytes) => this.onUplink(bytes, peer, to));
  }

  /** ms that a search takes; only `RadioAttachment` calls it. */
  drawAttach(): number {
    const { median, p95 } = this.profile.attach;
    const drawn = this.#search.logNormal(median, p95);
    return Math.max(attachLimits.least, Math.min(attachLimits.most, drawn));
  }

  /** ms that the name server takes; only `RadioAttachment` calls it. */
  drawLookUp(): number {
    return this.#slowdown * this.#nameServer.logNormal(lookUpTime.median, lookUpTime.p95);
  }

  /** The address that goes with a name; only `RadioAttachment` calls it. */
  lookUp(name: string): string | undefined {
    return this.nameServerDown ? undefined : this.names.get(name.toLowerCase());
  }

  /** ms until a missing cell is noticed; only `RadioAttachment` calls it. */
  drawNotice(): number {
    return this.#notice.between(noticeTime.least, noticeTime.most);
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
    { latency: draws, fate }: Travel,
    direction: "up" | "down",
    datagram: Uint8Array,
    from: Endpoint,
    to: Endpoint,
    inside: Endpoint,
    deliver: (bytes: Uint8Array) => void | Promise<void>,
  ): void {
    const { loss, oneWay } = this.profile;
    // The sender may reuse its buffer while these bytes are on their way.
    const bytes = this.#options.unchanging === true ? datagram : datagram.slice();
    // All draws happen whatever their outcome: one datagram's fate shifts no other's.
    const lost = fate.chance(loss);
    const twice = fate.chance(this.#duplication);
    const travel = () => this.#slowdown * draws.logNormal(oneWay.median, oneWay.p95);
    const latency = travel();
    const copyLatency = twice ? travel() : 0;
    if (lost) {
      this.#report(direction, bytes, from, to, inside, undefined, "radio");
      return;
    }
    const now = this.#scheduler.now;
    this.#report(direction, bytes, from, to, inside, now + latency);
    this.#scheduler.after(latency, () => deliver(bytes));
    if (!twice) return;
    this.#report(direction, bytes, from, to, inside, now + copyLatency, undefined, true);
    this.#scheduler.after(copyLatency, () => deliver(bytes.slice()));
  }

  #report(
    direction: "up" | "down",
    bytes: Uint8Array,
    from: Endpoint,
    to: Endpoint,
    inside: Endpoint | undefined,
    deliveredAt: number | undefined,
    reason?: DatagramReport["reason"],
    duplicate = false,
  ): void {
    this.#options.onFate?.(direction === "up", bytes.length, deliveredAt !== undefined);
    if (this.#options.onDatagram === undefined) return;
    const fate = deliveredAt === undefined ? "lost" : "delivered";
    const time = this.#scheduler.now;
    this.#options.onDatagram({
      direction,
      time,
      bytes,
      fate,
      reason,
      from,
      to,
      inside,
      deliveredAt,
      duplicate,
    });
  }
}

function requireProbability(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be from 0 to 1, got ${value}`);
}
