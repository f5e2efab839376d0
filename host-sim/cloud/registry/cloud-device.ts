/**
 * One device as the cloud sees it: its state and session, what it reported, the commands that wait for it.
 *
 *     inactive --authenticated--> online --silent for a lifetime--> offline
 *                                   ^-----------authenticated----------'
 *     any --disable--> disabled --enable--> inactive (never seen) or offline
 */
import { CommandQueue } from "../enos/commands";
import type { CommandLimits } from "../enos/commands";
import type { Peer, ReportKind } from "../events";
import { PointHistory, Recent, sizeOf } from "./history";
import type { Numbered, Reading, RecentLimits, StoredEvent } from "./history";
import { DeviceSeal } from "./device-seal";
import type { KeptSeal } from "./device-seal";
import { checkDevice, deviceName } from "./registry";
import { noOrigins, originsAfter } from "./origins";
import type { Origin, Origins } from "./origins";
import type { DeviceRecord, DeviceState, Edition, StateReason } from "./registry";
import type { DeviceCounters, DeviceView, Standing } from "./standing";

export type { DeviceCounters, DeviceView } from "./standing";
import { SessionSignReader } from "../enos/sign";
import type { IvSetting } from "../enos/sign";
import { RecentMessages } from "./recent-messages";
import type { Statement } from "./recent-messages";
import { deviceStorageKey, entryStorageKey } from "./storage";
import type { CloudStorage, EntryKind } from "./storage";

export interface DeviceLimits extends CommandLimits {
  /** Readings, events, and values of each measure point, kept per device. */
  readings: number;
  /** Characters of the readings, and of the events, kept per device, as JSON. */
  characters: number;
  /** Messages per device that are recognised when they come again. */
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

/** What an operator changes of a device; a name of `undefined` takes it away. */
export type DeviceChange = Partial<Pick<DeviceRecord, "name" | "deviceSecret" | "edition">>;

/** What of a device is kept over a restart, besides its readings, events and commands. */
interface Kept {
  record: DeviceRecord;
  state: DeviceState;
  session?: Session;
  lastSeen?: number;
  onlineSince?: number;
  /** These three are not in data of before. */
  stateSince?: number;
  stateReason?: StateReason;
  peer?: Peer;
  firmwareVersion?: string;
  firmwareSince?: number;
  firmwareInformedAt?: number;
  attributes: Record<string, unknown>;
  tags: Record<string, string>;
  /** Not in data of before. */
  origins?: Origins;
  /** Only of a device that seals, or ought to. */
  seal?: KeptSeal;
  counters: DeviceCounters;
}

const noCounts: Readonly<DeviceCounters> = {
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

export class CloudDevice {
  readonly productKey: string;
  readonly deviceKey: string;
  #deviceSecret: string;
  /** productKey/deviceKey */
  readonly filedUnder: string;
  #edition: Edition;
  #signReader: SessionSignReader;
  readonly commands: CommandQueue;
  readonly points: PointHistory;
  counters: DeviceCounters = { ...noCounts };
  state: DeviceState;
  session: Session | undefined;
  lastSeen: number | undefined;
  onlineSince: number | undefined;
  stateSince: number | undefined;
  stateReason: StateReason | undefined;
  /** Where its last request in its session came from. */
  peer: Peer | undefined;
  firmwareVersion: string | undefined;
  firmwareSince: number | undefined;
  firmwareInformedAt: number | undefined;
  #attributes: Record<string, unknown> = {};
  #tags: Record<string, string> = {};
  #origins: Origins = noOrigins;
  #seal: DeviceSeal | undefined;
  #record: DeviceRecord;
  readonly #iv: IvSetting;
  readonly #storage: CloudStorage | undefined;
  readonly #holders: Map<string, CloudDevice>;
  readonly #readings: Recent<Reading>;
  /** Readings beyond the limit that still have the newest value of a measure point, with their numbers. */
  readonly #outlasting = new Map<Reading, number>();
  readonly #events: Recent<StoredEvent>;
  readonly #messages: RecentMessages;
  /** What was restored last. */
  #restored: Reading | StoredEvent | undefined;

  /**
   * @param limits what it may keep, which changes with the number of devices
   * @param holders which device has a command, by the command's id; kept up here
   */
  constructor(
    record: DeviceRecord,
    edition: Edition,
    iv: IvSetting,
    limits: DeviceLimits,
    storage: CloudStorage | undefined,
    holders: Map<string, CloudDevice>,
  ) {
    this.#record = record;
    this.#storage = storage;
    this.productKey = record.productKey;
    this.deviceKey = record.deviceKey;
    this.#deviceSecret = record.deviceSecret;
    this.#iv = iv;
    this.filedUnder = deviceName(record.productKey, record.deviceKey);
    this.#edition = record.edition ?? edition;
    this.#signReader = new SessionSignReader(record.deviceSecret, iv);
    this.state = record.state ?? "inactive";
    this.#holders = holders;
    this.commands = new CommandQueue(limits, (number, id, entry) => {
      if (entry === undefined) {
        holders.delete(id);
        return this.#unkeep("command", number);
      }
      holders.set(id, this);
      storage?.put(entryStorageKey("command", this.filedUnder, number), entry);
    });
    this.points = new PointHistory(limits);
    this.#readings = new Recent(
      new DeviceRecentLimits(limits, ({ points }: Reading) => sizeOf(points)),
      (gone) => this.#forgetReadings(gone),
    );
    this.#events = new Recent(
      new DeviceRecentLimits(limits, ({ values }: StoredEvent) => sizeOf(values)),
      (gone) => {
        for (const { number } of gone) this.#unkeep("event", number);
      },
    );
    this.#messages = new RecentMessages(limits);
  }

  get deviceSecret(): string {
    return this.#deviceSecret;
  }

  /** For people. */
  get name(): string | undefined {
    return this.#record.name;
  }

  get edition(): Edition {
    return this.#edition;
  }

  /** Reads the signatures of its requests. */
  get signReader(): SessionSignReader {
    return this.#signReader;
  }

  /**
   * From now on it has another secret or another name, or speaks another edition.
   * @throws DeviceListError
   */
  change(change: DeviceChange): void {
    const record = checkDevice({ ...this.#record, ...change });
    this.#record = record;
    this.#edition = record.edition ?? this.#edition;
    if (record.deviceSecret !== this.#deviceSecret) {
      this.#deviceSecret = record.deviceSecret;
      this.#signReader = new SessionSignReader(record.deviceSecret, this.#iv);
    }
    this.keep();
  }

  /** When it stops being online unless it speaks before, ms; at once when it has no session that it could go on in. */
  get expires(): number {
    if (this.state !== "online") return Infinity;
    if (!this.hasSession || this.lastSeen === undefined) return 0;
    return this.lastSeen + this.session!.lifetime * 1000;
  }

  /** Whether there is a session of its edition: what is restored may be of a time when the cloud had another one. */
  get hasSession(): boolean {
    return this.session !== undefined && (this.session.token !== undefined) === (this.#edition === "token");
  }

  /** The same for people: undefined unless it is online. */
  get sessionUntil(): number | undefined {
    return this.state === "online" ? this.expires : undefined;
  }

  get attributes(): Readonly<Record<string, unknown>> {
    return this.#attributes;
  }

  get tags(): Readonly<Record<string, string>> {
    return this.#tags;
  }

  /** Who changed its attributes and tags last. */
  get origins(): Origins {
    return this.#origins;
  }

  /** Gives it these attributes and no others. */
  setAttributes(attributes: Record<string, unknown>, origin: Origin): void {
    const origins = originsAfter(this.#origins.attributes, this.#attributes, attributes, origin);
    this.#origins = { ...this.#origins, attributes: origins };
    this.#attributes = attributes;
  }

  /** Gives it these tags and no others. */
  setTags(tags: Record<string, string>, origin: Origin): void {
    const origins = originsAfter(this.#origins.tags, this.#tags, tags, origin);
    this.#origins = { ...this.#origins, tags: origins };
    this.#tags = tags;
  }

  /** What is remembered of its envelopes; most devices have none. */
  get seal(): DeviceSeal | undefined {
    return this.#seal;
  }

  /** The same, to put something into it. */
  takeSeal(): DeviceSeal {
    return (this.#seal ??= new DeviceSeal());
  }

  get readings(): Reading[] {
    return this.#readings.list();
  }

  get events(): StoredEvent[] {
    return this.#events.list();
  }

  /** From the newest on, by their storing. */
  eventsBackwards(): Iterable<StoredEvent> {
    return this.#events.backwards();
  }

  /** Whether a message came before, see RecentMessages; never without an id, "". It is remembered. */
  cameBefore(kind: ReportKind, id: string, statements: readonly Statement[], bytes?: Uint8Array): boolean {
    return id !== "" && this.#messages.cameBefore(`${kind} ${id}`, statements, bytes);
  }

  addReading(reading: Reading): void {
    this.points.add(reading);
    const number = this.#readings.push(reading);
    this.#storage?.put(entryStorageKey("reading", this.filedUnder, number), reading);
  }

  addEvent(event: StoredEvent): void {
    const number = this.#events.push(event);
    this.#storage?.put(entryStorageKey("event", this.filedUnder, number), event);
  }

  /** Stores what has changed about the device itself. */
  keep(): void {
    if (this.#storage === undefined) return;
    const { state, session, lastSeen, onlineSince, stateSince, stateReason, peer } = this;
    const { firmwareVersion, firmwareSince, firmwareInformedAt, attributes, tags, origins, counters } = this;
    const kept: Kept = {
      record: this.#record,
      ...{ state, session, lastSeen, onlineSince, stateSince, stateReason, peer },
      ...{ firmwareVersion, firmwareSince, firmwareInformedAt },
      // Copies: the storage may write later than we change them.
      ...{ attributes: { ...attributes }, tags: { ...tags }, origins, counters: { ...counters } },
      ...(this.#seal === undefined ? {} : { seal: this.#seal.keep() }),
    };
    this.#storage.put(deviceStorageKey(this.filedUnder), kept);
  }

  /** Takes up what `keep` had kept. */
  restore(value: unknown): void {
    const kept = value as Kept;
    this.state = kept.state;
    this.session = kept.session;
    this.lastSeen = kept.lastSeen;
    this.onlineSince = kept.onlineSince;
    this.stateSince = kept.stateSince;
    this.stateReason = kept.stateReason;
    this.peer = kept.peer;
    this.firmwareVersion = kept.firmwareVersion;
    this.firmwareSince = kept.firmwareSince;
    this.firmwareInformedAt = kept.firmwareInformedAt;
    this.#attributes = { ...kept.attributes };
    this.#tags = { ...kept.tags };
    this.#origins = kept.origins ?? noOrigins;
    if (kept.seal !== undefined) this.takeSeal().restore(kept.seal);
    this.counters = { ...noCounts, ...kept.counters };
  }

  /** Takes up an entry that was kept under this number. */
  restoreEntry(kind: EntryKind, number: number, value: unknown): void {
    if (kind === "command") return void this.#holders.set(this.commands.restore(number, value), this);
    if (kind === "event") {
      const event = value as StoredEvent;
      this.#events.push(event, number);
      const { event: name, values, time } = event;
      this.#restoreMessage("event", event, { points: { event: name, values }, time });
      return;
    }
    const reading = value as Reading;
    this.points.add(reading);
    this.#readings.push(reading, number);
    this.#restoreMessage("reading", reading, reading);
  }

  #restoreMessage(kind: ReportKind, entry: Reading | StoredEvent, statement: Statement): void {
    const before = this.#restored;
    this.#restored = entry;
    if (entry.id === "") return;
    const sameMessage = before !== undefined && before.id === entry.id && before.at === entry.at;
    this.#messages.restore(`${kind} ${entry.id}`, statement, sameMessage);
  }

  /** Deletes all that the storage has of the device. */
  erase(): void {
    this.#storage?.delete(deviceStorageKey(this.filedUnder));
    const commands = this.commands.kept();
    for (const { id } of commands) this.#holders.delete(id);
    const all: [EntryKind, number[]][] = [
      ["reading", [...this.#outlasting.values(), ...this.#readings.numbers()]],
      ["event", this.#events.numbers()],
      ["command", commands.map(({ number }) => number)],
    ];
    for (const [kind, numbers] of all) {
      for (const number of numbers) this.#unkeep(kind, number);
    }
  }

  /** @param standing what its product makes of it, see device-standing.ts */
  view(standing: Standing): DeviceView {
    const { productKey, deviceKey, edition, state, stateSince, stateReason } = this;
    const { lastSeen, onlineSince, peer, firmwareVersion } = this;
    return {
      ...{ productKey, deviceKey, name: this.name, edition, state, stateSince, stateReason },
      ...{ lastSeen, onlineSince, lifetime: this.session?.lifetime, sessionUntil: this.sessionUntil },
      ...{ peer: peer && { ...peer }, firmwareVersion, ...standing },
      ...{ firmwareSince: this.firmwareSince, firmwareInformedAt: this.firmwareInformedAt },
      sealed: this.#seal?.view(),
      attributes: { ...this.attributes },
      tags: { ...this.tags },
      counters: { ...this.counters },
    };
  }

  /** Forgets readings that make room, except for the newest value of each measure point. */
  #forgetReadings(gone: readonly Numbered<Reading>[]): void {
    for (const { number, item } of gone) this.#outlasting.set(item, number);
    const staying = this.points.forget(this.#outlasting);
    for (const [reading, number] of this.#outlasting) {
      if (staying.has(reading)) continue;
      this.#outlasting.delete(reading);
      this.#unkeep("reading", number);
    }
  }

  #unkeep(kind: EntryKind, number: number): void {
    this.#storage?.delete(entryStorageKey(kind, this.filedUnder, number));
  }
}

/**
 * The limits of readings or of events, as they are whenever one comes. A class, as V8 gives each object literal with getters a
 * shape of its own, and a thousand of them no cache holds.
 */
class DeviceRecentLimits<T> implements RecentLimits<T> {
  readonly sizeOf: (item: T) => number;
  readonly #limits: DeviceLimits;

  constructor(limits: DeviceLimits, sizeOf: (item: T) => number) {
    this.#limits = limits;
    this.sizeOf = sizeOf;
  }

  get items(): number {
    return this.#limits.readings;
  }

  get size(): number {
    return this.#limits.characters;
  }
}
