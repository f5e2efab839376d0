/**
 * One device as the cloud sees it: state, session, what it reported, what waits for it.
 *
 *     inactive --authenticated--> online --silent for a lifetime--> offline
 *                                   ^-----------authenticated----------'
 *     any --disable--> disabled --enable--> inactive (never seen) or offline
 */
import { CommandQueue } from "./commands";
import type { CommandLimits, CommandView } from "./commands";
import type { Peer, ReportKind } from "./events";
import type { DeviceRecord, DeviceState, Edition } from "./registry";
import { SessionSignReader } from "./sign";
import type { IvSetting } from "./sign";

/** A measurement that was stored. */
export interface Reading {
  /** The raw request id as text, or the JSON id. */
  id: string;
  /** When it was measured, epoch ms, if the device told. */
  time?: number;
  points: Record<string, unknown>;
  format: "raw" | "json";
  /** When the cloud stored it, ms of the cloud's time. */
  at: number;
}

/** An event that a device reported. */
export interface StoredEvent {
  id: string;
  /** Which event of the product. */
  event: string;
  time?: number;
  values: Record<string, unknown>;
  at: number;
}

export interface DeviceCounters {
  authenticated: number;
  authRefused: number;
  /** Requests that passed the signature or session check. */
  requests: number;
  signatureRefused: number;
  stored: number;
  /** Reports that were stored before and only acknowledged again. */
  duplicates: number;
  reportsRefused: number;
  commandsOffered: number;
  commandsAnswered: number;
  /** Replies that no command waited for. */
  strayReplies: number;
}

/** A device as its operator may look at it; no secret in it. */
export interface DeviceView {
  productKey: string;
  deviceKey: string;
  edition: Edition;
  state: DeviceState;
  /** Its last exchange that succeeded, ms; `undefined` before the first. */
  lastSeen?: number;
  /** Of the session, seconds. */
  lifetime?: number;
  attributes: Record<string, unknown>;
  commands: CommandView[];
  counters: DeviceCounters;
}

export interface DeviceLimits extends CommandLimits {
  /** Readings, and events, kept per device. */
  readings: number;
  /** Ids per device by which a report is recognised as stored before. */
  ids: number;
}

/** A live session; a lapsed one is kept to tell the operator why a request was refused. */
export interface Session {
  /** Edition "token" only. */
  token?: string;
  /** Last sequence number accepted. */
  sequence: number;
  /** seconds */
  lifetime: number;
  peer: Peer;
}

export class CloudDevice {
  readonly productKey: string;
  readonly deviceKey: string;
  readonly deviceSecret: string;
  readonly edition: Edition;
  readonly signReader: SessionSignReader;
  readonly commands: CommandQueue;
  readonly counters: DeviceCounters = {
    authenticated: 0,
    authRefused: 0,
    requests: 0,
    signatureRefused: 0,
    stored: 0,
    duplicates: 0,
    reportsRefused: 0,
    commandsOffered: 0,
    commandsAnswered: 0,
    strayReplies: 0,
  };
  state: DeviceState;
  session: Session | undefined;
  lastSeen: number | undefined;
  attributes: Record<string, unknown> = {};
  readonly readings: Recent<Reading>;
  readonly events: Recent<StoredEvent>;
  readonly #ids: RecentIds;

  constructor(record: DeviceRecord, edition: Edition, iv: IvSetting, limits: DeviceLimits) {
    this.productKey = record.productKey;
    this.deviceKey = record.deviceKey;
    this.deviceSecret = record.deviceSecret;
    this.edition = record.edition ?? edition;
    this.signReader = new SessionSignReader(record.deviceSecret, iv);
    this.state = record.state ?? "inactive";
    this.commands = new CommandQueue(limits);
    this.readings = new Recent(limits.readings);
    this.events = new Recent(limits.readings);
    this.#ids = new RecentIds(limits.ids);
  }

  /** When its session lapses, ms; Infinity without one. */
  get expires(): number {
    if (this.state !== "online" || this.session === undefined || this.lastSeen === undefined) return Infinity;
    return this.lastSeen + this.session.lifetime * 1000;
  }

  /** True the first time a report comes, false when it was stored before; remembers it. */
  isNew(kind: ReportKind, id: string): boolean {
    return this.#ids.add(`${kind} ${id}`);
  }

  view(): DeviceView {
    return {
      productKey: this.productKey,
      deviceKey: this.deviceKey,
      edition: this.edition,
      state: this.state,
      lastSeen: this.lastSeen,
      lifetime: this.session?.lifetime,
      attributes: { ...this.attributes },
      commands: this.commands.views(),
      counters: { ...this.counters },
    };
  }
}

/** The last `limit` items. */
class Recent<T> {
  readonly #limit: number;
  #items: T[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(item: T): void {
    this.#items.push(item);
    // In one go at twice the limit: dropping one item at a time would move all the others each time.
    if (this.#items.length >= 2 * this.#limit) this.#items = this.#items.slice(-this.#limit);
  }

  list(): T[] {
    return this.#items.slice(-this.#limit);
  }
}

/** The last `capacity` ids that were added. */
class RecentIds {
  readonly #capacity: number;
  // Grows to its capacity as ids come: ten thousand devices in one process are not rare here.
  readonly #ring: string[] = [];
  readonly #known = new Set<string>();
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** False when it is there already. */
  add(id: string): boolean {
    if (this.#known.has(id)) return false;
    const oldest: string | undefined = this.#ring[this.#next];
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#ring[this.#next] = id;
    this.#known.add(id);
    this.#next = (this.#next + 1) % this.#capacity;
    return true;
  }
}
