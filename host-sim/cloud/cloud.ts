/**
 * The EnOS stand-in: datagrams in, datagrams out, no socket and no clock of its own. Besides the devices'
 * side, CoAP, it has the application's: products, devices, what they reported, commands to them, and faults
 * of network and server that can be switched on.
 *
 *     devices ==CoAP== message-layer.ts -- service.ts -+- authentication.ts
 *                                                      +- uplinks.ts    what they report
 *                                                      +- commands.ts   what waits for them
 *                                                      +- ota/          their firmware
 *     application ==HTTP (api/)== this file ---+- fleet.ts      who there is
 */
import { changedAttributes, changedTags } from "./enos/attributes-and-tags";
import type { Change } from "./enos/attributes-and-tags";
import type { Model } from "../model/model";
import { Authentication, checkNat } from "./enos/authentication";
import type { NatPolicy } from "./enos/authentication";
import type { CloudDevice, DeviceChange, DeviceView, StoredEvent } from "./registry/cloud-device";
import { CommandIds, shortId } from "./enos/command-ids";
import { encodeCommand, isScripted } from "./enos/command-encoding";
import type { Command, EncodedCommand } from "./enos/command-encoding";
import { CommandRefused } from "./enos/commands";
import type { CommandTimes, CommandView } from "./enos/command-entry";
import { defaultLimits } from "./cloud-options";
import type { CloudLimits, CloudOptions } from "./cloud-options";
import type { CloudEvent, CloudEventBody, Peer } from "./events";
import type { DeviceQuery } from "./registry/device-query";
import { Fleet } from "./registry/fleet";
import { select } from "./registry/history";
import type { HistoryQuery, Reading, StoredPoint } from "./registry/history";
import { FileServer } from "./ota/file-server";
import { FirmwareFiles } from "./ota/firmware-files";
import type { FirmwareAbout, FirmwareRecord } from "./ota/firmware-files";
import { taskKind } from "./ota/task-store";
import type { TaskQuery } from "./ota/task-store";
import { Upgrades } from "./ota/upgrades";
import type { JobOrder, UpgradeJob } from "./ota/upgrades";
import type { UpgradeTask } from "./ota/upgrade-task";
import { MessageLayer } from "./coap/message-layer";
import type { Faults, MessageCounters, RateLimit } from "./coap/message-layer";
import { datagramRange } from "./registry/product";
import type { ProductRecord } from "./registry/product";
import { checkDevices } from "./registry/registry";
import type { DeviceRecord } from "./registry/registry";
import type { ScriptFault } from "./script/script-engine";
import { EnosService, ridingFault } from "./enos/service";
import { Uplinks } from "./enos/uplinks";

export type { CloudOptions } from "./cloud-options";
export type { CloudEvent, Peer } from "./events";
export type { Command } from "./enos/command-encoding";
export type { CommandStatus, CommandTimes, CommandView } from "./enos/command-entry";
export type { DeviceView, StoredEvent } from "./registry/cloud-device";
export type { HistoryQuery, Reading, StoredPoint } from "./registry/history";
export type { Faults, RateLimit } from "./coap/message-layer";
export type { NatPolicy } from "./enos/authentication";
export type { FirmwareRecord, SignMethod } from "./ota/firmware-files";
export type { TaskQuery } from "./ota/task-store";
export type { JobOrder } from "./ota/upgrades";
export type { UpgradeTask } from "./ota/upgrade-task";

/** A firmware waits for its device as long as EnOS lets a command wait, ms. */
const upgradeTimes: CommandTimes = { pendingTtl: 172_800_000, responseTimeout: 60_000 };

/** One EnOS with all its products and devices. */
export class EnosCloud {
  readonly #options: CloudOptions;
  readonly #fleet: Fleet;
  readonly #authentication: Authentication;
  readonly #layer: MessageLayer;
  readonly #limits: CloudLimits;
  readonly #files: FirmwareFiles;
  readonly #upgrades: Upgrades;
  #events: CloudEvent[] = [];
  #now = 0;
  /** A lower bound of when a session lapses or a command times out, ms. */
  #deadline: number;
  readonly #commandIds: CommandIds;

  /**
   * @throws DeviceListError, ProductError, StorageError on what cannot be used; RangeError on a setting
   *   that cannot work
   */
  constructor(options: CloudOptions) {
    this.#options = options;
    const { edition, iv, scriptEngine, storage } = options;
    const limits = { ...defaultLimits, ...options.limits };
    this.#limits = limits;
    const emit = options.onEvent === undefined ? undefined : (event: CloudEventBody) => this.#emit(event);
    const fleet = new Fleet({ edition, iv, limits, scriptEngine, storage, emit });
    this.#fleet = fleet;
    const randomBytes = (n: number): Uint8Array => options.randomBytes(n);
    const wake = (at: number): void => {
      this.#deadline = Math.min(this.#deadline, at);
    };
    const files = new FirmwareFiles({ limits, storage, randomBytes, emit });
    this.#files = files;
    const upgrades = new Upgrades({
      ...{ files, storage, emit },
      devicesOf: (productKey) => [...fleet.devices()].filter((device) => device.productKey === productKey),
      device: (productKey, deviceKey) => fleet.device(productKey, deviceKey),
      send: (device, params) => this.#queueCommand(device, { kind: "upgrade", params }, upgradeTimes),
      revoke: (device, id) => this.#withdraw(device, id),
      wake,
    });
    this.#upgrades = upgrades;
    fleet.restore((kind, keys, value) => {
      if (options.restoreOther?.(kind, keys, value) === true) return true;
      if (kind !== taskKind) return files.restore(kind, keys, value);
      const [productKey, deviceKey, number] = keys;
      if (fleet.device(productKey, deviceKey) === undefined) return false;
      upgrades.restore(Number(number), value);
      return true;
    });
    for (const record of options.products ?? []) {
      if (fleet.product(record.productKey) === undefined) fleet.putProduct(record);
    }
    for (const record of checkDevices(options.devices)) {
      if (fleet.device(record.productKey, record.deviceKey) === undefined) fleet.add(record);
    }
    const authentication = new Authentication({ iv, randomBytes, emit, wake });
    this.#authentication = authentication;
    this.setNat({ tie: options.tie, addressIdle: options.addressIdle });
    const uplinks = new Uplinks(emit, upgrades);
    const service = new EnosService({
      ...{ fleet, authentication, uplinks, edition, wake, emit, upgrades },
      files: new FileServer(
        files,
        limits.blockSize,
        (productKey) => fleet.product(productKey)?.largestDatagram ?? datagramRange.most,
      ),
    });
    const seed = randomBytes(10);
    this.#commandIds = new CommandIds(seed.subarray(2));
    this.#layer = new MessageLayer({
      // What happened is told before the answer to it leaves.
      transmit: (datagram, peer) => {
        this.#flush();
        options.transmit(datagram, peer);
      },
      randomBytes,
      firstMessageId: (seed[0] << 8) | seed[1],
      random: options.random ?? (() => Buffer.from(options.randomBytes(4)).readUInt32BE() / 0x1_0000_0000),
      emit,
      handle: (request, peer, now) => service.handle(request, peer, now),
      admits: (request, peer, now) => service.admits(request, peer, now),
      limits,
    });
    // What was restored may have something due.
    this.#deadline = storage === undefined ? Infinity : 0;
  }

  get counters(): Readonly<MessageCounters> {
    return this.#layer.counters;
  }

  /** When `poll` is to be called at the latest, ms; Infinity when nothing is under way. */
  get deadline(): number {
    return Math.min(this.#deadline, this.#layer.deadline);
  }

  /** Takes in one datagram. No bytes of a datagram make it throw. `now` in ms. */
  receive(datagram: Uint8Array, peer: Peer, now: number): void {
    this.#advance(now);
    this.#layer.receive(datagram, peer, this.#now);
    this.#flush();
  }

  /** Lets sessions lapse and commands time out, sends what was delayed. `now` in ms. */
  poll(now: number): void {
    this.#advance(now);
    this.#layer.poll(this.#now);
    this.#flush();
  }

  /** Products in the order of their registration. */
  products(): ProductRecord[] {
    return this.#fleet.products();
  }

  product(productKey: string): ProductRecord | undefined {
    return this.#fleet.product(productKey)?.record;
  }

  /** A product's thing model, read; undefined without one. */
  model(productKey: string): Model | undefined {
    return this.#fleet.product(productKey)?.model;
  }

  /**
   * Registers a product, or gives it another model and script.
   * @throws ProductError on a record that cannot be used
   */
  putProduct(record: ProductRecord, now: number): void {
    this.#advance(now);
    this.#fleet.putProduct(record);
    this.#emit({ type: "product-put", productKey: record.productKey });
    this.#flush();
  }

  /** @throws RangeError when there is no such product, or it has devices */
  removeProduct(productKey: string, now: number): void {
    this.#advance(now);
    this.#fleet.removeProduct(productKey);
    this.#files.removeProduct(productKey);
    this.#emit({ type: "product-removed", productKey });
    this.#flush();
  }

  /** What a product's parsing script makes of bytes; nothing is stored. */
  scriptToJson(productKey: string, bytes: Uint8Array): string | ScriptFault {
    return this.#fleet.product(productKey)?.rawToJson(bytes) ?? { fault: `no product ${productKey}` };
  }

  /** What a product's parsing script makes of JSON; nothing is sent. */
  scriptToRaw(productKey: string, json: string): Uint8Array | ScriptFault {
    return this.#fleet.product(productKey)?.jsonToRaw(json) ?? { fault: `no product ${productKey}` };
  }

  /**
   * Registers a device.
   * @throws DeviceListError on a record that cannot be used; RangeError when the device is there already
   */
  createDevice(record: DeviceRecord, now: number): DeviceView {
    return this.#register(record, now).view();
  }

  /**
   * Registers a device that is not there yet; false for one that is, which stays as it is.
   * @throws DeviceListError on a record that cannot be used; RangeError when its key is taken
   */
  addDevice(record: DeviceRecord, now: number): boolean {
    if (this.#fleet.device(record.productKey, record.deviceKey) !== undefined) return false;
    this.#register(record, now);
    return true;
  }

  /**
   * Forgets a device with all that it reported.
   * @throws RangeError for an unknown device
   */
  removeDevice(productKey: string, deviceKey: string, now: number): void {
    this.#advance(now);
    const device = this.#known(productKey, deviceKey);
    this.#upgrades.removeDevice(device);
    this.#fleet.remove(device);
    this.#emit({ type: "removed", productKey, deviceKey });
    this.#flush();
  }

  device(productKey: string, deviceKey: string): DeviceView | undefined {
    return this.#fleet.device(productKey, deviceKey)?.view();
  }

  devices(): DeviceView[] {
    return [...this.#fleet.devices()].map((device) => device.view());
  }

  /** A page of the devices that are asked for, and how many there are on all pages. */
  findDevices(query: DeviceQuery): { devices: DeviceView[]; total: number } {
    const { devices, total } = this.#fleet.find(query);
    return { devices: devices.map((device) => device.view()), total };
  }

  /** How many devices there are, how many of them are online, and how many each product has. */
  countDevices(): { total: number; online: number; ofProduct: Map<string, number> } {
    let online = 0;
    const ofProduct = new Map<string, number>();
    for (const { productKey, state } of this.#fleet.devices()) {
      if (state === "online") online += 1;
      ofProduct.set(productKey, (ofProduct.get(productKey) ?? 0) + 1);
    }
    return { total: this.#fleet.size, online, ofProduct };
  }

  /**
   * Shuts a device out: whatever it asks is answered 4.03.
   * @throws RangeError for an unknown device
   */
  disable(productKey: string, deviceKey: string, now: number = this.#now): void {
    this.#advance(now);
    this.#authentication.setState(this.#known(productKey, deviceKey), "disabled", this.#now);
    this.#flush();
  }

  /**
   * Lets a disabled device in again; it has to authenticate anew. No effect on others.
   * @throws RangeError for an unknown device
   */
  enable(productKey: string, deviceKey: string, now: number = this.#now): void {
    this.#advance(now);
    this.#authentication.enable(this.#known(productKey, deviceKey), this.#now);
    this.#flush();
  }

  /**
   * Ends sessions as a server does that has lost them: of one device, or of all when none is named.
   * Returns how many there were.
   * @throws RangeError for an unknown device
   */
  forgetSession(productKey: string | undefined, deviceKey: string | undefined, now: number): number {
    this.#advance(now);
    const all =
      productKey === undefined || deviceKey === undefined
        ? [...this.#fleet.devices()]
        : [this.#known(productKey, deviceKey)];
    const sessions = this.#authentication.forgetSessions(all, this.#now);
    this.#flush();
    return sessions;
  }

  /** The newest value of each measure point; empty for an unknown device. */
  latest(productKey: string, deviceKey: string): Record<string, StoredPoint> {
    return this.#fleet.device(productKey, deviceKey)?.points.latest() ?? {};
  }

  /** Values of one measure point by the time of their measuring; empty for an unknown device. */
  history(
    productKey: string,
    deviceKey: string,
    query: HistoryQuery & { identifier: string },
  ): StoredPoint[] {
    return this.#fleet.device(productKey, deviceKey)?.points.list(query.identifier, query) ?? [];
  }

  /** The readings kept for a device in the order of their storing; empty for an unknown one. */
  readings(productKey: string, deviceKey: string): Reading[] {
    return this.#fleet.device(productKey, deviceKey)?.readings ?? [];
  }

  /** Events of a device by their time, all that are kept without a query; empty for an unknown one. */
  events(productKey: string, deviceKey: string, query?: HistoryQuery): StoredEvent[] {
    const events = this.#fleet.device(productKey, deviceKey)?.events ?? [];
    if (query === undefined) return events;
    const timeOf = ({ time, at }: StoredEvent): number => time ?? at;
    return select(
      events.sort((one, other) => timeOf(one) - timeOf(other)),
      query,
      timeOf,
    );
  }

  /**
   * Queues a command; it leaves when the device next speaks, behind those that wait already. Returns its id.
   * @throws RangeError for an unknown device or a command that cannot be sent; CommandRefused for one that cannot be
   *   taken now
   */
  sendCommand(
    productKey: string,
    deviceKey: string,
    command: Command,
    now: number,
    times: Partial<CommandTimes> = {},
  ): string {
    this.#advance(now);
    const id = this.#queueCommand(this.#known(productKey, deviceKey), command, times);
    this.#flush();
    return id;
  }

  /** Queues a command, also while a request is being carried out. @throws RangeError as `sendCommand` */
  #queueCommand(device: CloudDevice, command: Command, times: Partial<CommandTimes>): string {
    const { id, encoded } = this.#encode(command, device);
    const { path, payload } = encoded;
    const fault = ridingFault(device, this.#fleet.productOf(device), path, payload);
    if (fault !== undefined) throw new RangeError(fault);
    device.commands.add(id, encoded, this.#now, times, device.state === "online");
    this.#deadline = Math.min(this.#deadline, device.commands.deadline);
    this.#emit({ type: "command-queued", ...nameOf(device), id, path });
    return id;
  }

  /**
   * A command under an id that no other has: of 62 bits, or of 32 where the product's parsing script makes no bytes of
   * a longer one.
   */
  #encode(command: Command, device: CloudDevice): { id: string; encoded: EncodedCommand } {
    const product = this.#fleet.productOf(device);
    const scripted = isScripted(command, product);
    const takeId = (isShort: boolean): string => {
      for (;;) {
        const long = this.#commandIds.next();
        const id = isShort ? shortId(long) : long;
        // Somebody may have given a raw command this number by hand, or a cloud before this one did.
        if (this.#fleet.commandHolder(id) === undefined && !device.commands.awaits(Number(id))) return id;
      }
    };
    const id = takeId(scripted && product.hasShortIds);
    try {
      return { id, encoded: encodeCommand(id, command, product) };
    } catch (error) {
      if (!scripted || product.hasShortIds) throw error;
      const short = takeId(true);
      let encoded: EncodedCommand;
      try {
        encoded = encodeCommand(short, command, product);
      } catch {
        throw error;
      }
      product.hasShortIds = true;
      this.#emit({ type: "script-refuses-ids", ...nameOf(device) });
      return { id: short, encoded };
    }
  }

  /** A command that is still kept. */
  command(id: string): CommandView | undefined {
    const device = this.#fleet.commandHolder(id);
    return device?.commands.view(id, device.productKey, device.deviceKey);
  }

  /** The commands kept for a device, oldest first; empty for an unknown one. */
  commands(productKey: string, deviceKey: string): CommandView[] {
    return this.#fleet.device(productKey, deviceKey)?.commands.views(productKey, deviceKey) ?? [];
  }

  /**
   * Withdraws a command that has not been sent yet.
   * @throws RangeError for a command that is not kept; CommandRefused for one that does not wait any more
   */
  revokeCommand(id: string, now: number): void {
    this.#advance(now);
    const device = this.#fleet.commandHolder(id);
    const status = device?.commands.view(id, device.productKey, device.deviceKey)?.status;
    if (device === undefined || status === undefined) throw new RangeError(`no command ${id}`);
    if (!this.#withdraw(device, id)) {
      const how = status === "sent" ? "it has been sent already" : `it has come to its end: ${status}`;
      throw new CommandRefused("not waiting", `command ${id} cannot be revoked: ${how}`);
    }
    this.#flush();
  }

  /** Withdraws a command, also while a request is being carried out; false, and no effect, when it does not wait. */
  #withdraw(device: CloudDevice, id: string): boolean {
    if (!device.commands.revoke(id, this.#now)) return false;
    this.#emit({ type: "command-revoked", ...nameOf(device), id });
    this.#upgrades.commandLost(device, id);
    return true;
  }

  /**
   * Withdraws all commands of a device that have not been sent yet; returns their ids.
   * @throws RangeError for an unknown device
   */
  revokeCommands(productKey: string, deviceKey: string, now: number): string[] {
    this.#advance(now);
    const device = this.#known(productKey, deviceKey);
    const ids = device.commands.views(productKey, deviceKey).map(({ id }) => id);
    const revoked = ids.filter((id) => this.#withdraw(device, id));
    this.#flush();
    return revoked;
  }

  /**
   * Sends a command again that has been answered, or has not yet, as a server does that lost track of it.
   * @throws RangeError for a command that is not kept
   */
  repeatCommand(id: string, now: number): void {
    this.#advance(now);
    const device = this.#fleet.commandHolder(id);
    if (device?.commands.repeat(id, this.#now) !== true) throw new RangeError(`no command ${id}`);
    this.#deadline = Math.min(this.#deadline, device.commands.deadline);
    this.#flush();
  }

  /**
   * Gives a device another name, another secret or another edition of the protocol, as a server does that was upgraded or
   * restored. A change of edition ends its session; a change of secret leaves it, and nobody can sign for it.
   * @throws RangeError for an unknown device, DeviceListError for a secret that cannot be one
   */
  changeDevice(productKey: string, deviceKey: string, change: DeviceChange, now: number): void {
    this.#advance(now);
    const device = this.#known(productKey, deviceKey);
    if (change.edition !== undefined && change.edition !== device.edition) {
      this.#authentication.forgetSessions([device], this.#now);
    }
    device.change(change);
    this.#emit({ type: "changed", productKey, deviceKey });
    this.#flush();
  }

  /** Bytes of the largest firmware file that is taken. */
  get largestFirmware(): number {
    return this.#limits.firmwareBytes;
  }

  /**
   * Sets a device's attributes, as an operator does.
   * @param replaces whether those that the change does not name are taken away
   * @throws RangeError for an unknown device, an attribute that the model does not take, or too many
   */
  changeAttributes(
    productKey: string,
    deviceKey: string,
    change: Change,
    replaces: boolean,
    now: number,
  ): void {
    this.#advance(now);
    const device = this.#known(productKey, deviceKey);
    device.attributes = changedAttributes(device, this.#fleet.productOf(device), change, replaces);
    this.#changed(device);
  }

  /**
   * Sets a device's tags, as an operator does.
   * @param replaces whether those that the change does not name are taken away
   * @throws RangeError for an unknown device, what cannot be a tag, or too many
   */
  changeTags(productKey: string, deviceKey: string, change: Change, replaces: boolean, now: number): void {
    this.#advance(now);
    const device = this.#known(productKey, deviceKey);
    device.tags = changedTags(device, change, replaces);
    this.#changed(device);
  }

  /** A product's firmware files in the order of their upload. */
  firmware(productKey: string): FirmwareRecord[] {
    return this.#files.list(productKey);
  }

  /**
   * Takes a firmware file for a product, or another one in its place.
   * @param bytes kept as they are: the caller does not change them
   * @throws RangeError for an unknown product, or a file that cannot be taken
   */
  putFirmware(about: FirmwareAbout, bytes: Uint8Array, now: number): FirmwareRecord {
    this.#advance(now);
    if (this.#fleet.product(about.productKey) === undefined) {
      throw new RangeError(`no product ${about.productKey}`);
    }
    const record = this.#files.put(about, bytes, this.#now);
    this.#flush();
    return record;
  }

  /** @throws RangeError when there is no such file, or a task needs it */
  removeFirmware(productKey: string, version: string, now: number): void {
    this.#advance(now);
    if (this.#upgrades.needs(productKey, version)) {
      throw new RangeError(`firmware ${version} is in a task that is not over: cancel it, or wait`);
    }
    this.#files.remove(productKey, version);
    this.#flush();
  }

  /**
   * Gives devices the task to upgrade to a version.
   * @throws RangeError when version or device are unknown, the time limit is none, or no device can have the task
   */
  orderUpgrade(order: JobOrder, now: number): UpgradeJob {
    this.#advance(now);
    const job = this.#upgrades.order(order, this.#now);
    this.#flush();
    return job;
  }

  /** Upgrade tasks, the newest first. */
  upgradeTasks(query?: TaskQuery): UpgradeTask[] {
    return this.#upgrades.list(query);
  }

  upgradeTask(taskId: string): UpgradeTask | undefined {
    return this.#upgrades.task(taskId);
  }

  /** @throws RangeError for a task that is unknown, or upgrading or over already */
  cancelUpgrade(taskId: string, now: number): UpgradeTask {
    this.#advance(now);
    const task = this.#upgrades.cancel(taskId, this.#now);
    this.#flush();
    return task;
  }

  /** Begins a failed task anew. @throws RangeError for one that is unknown, has not failed, or cannot begin */
  retryUpgrade(taskId: string, now: number): UpgradeTask {
    this.#advance(now);
    const task = this.#upgrades.retry(taskId, this.#now);
    this.#flush();
    return task;
  }

  /** The faults of network and server that are made on purpose. */
  get faults(): Faults {
    return this.#layer.faults;
  }

  /**
   * What is left out stays as it is.
   * @throws RangeError on a value that is none
   */
  setFaults(faults: Partial<Faults>): void {
    this.#layer.faults = { ...this.#layer.faults, ...faults };
  }

  /**
   * While true it swallows every datagram and sends none, and answers that wait because of `delayDown`
   * are lost. Its clock goes on: sessions lapse and commands time out.
   */
  get down(): boolean {
    return this.#layer.down;
  }

  set down(down: boolean) {
    this.#layer.down = down;
  }

  /**
   * As when its program starts anew: sessions, the replies kept for retransmissions and block-wise
   * transfers are gone; products, devices, what they reported and commands are kept. Returns how many
   * sessions there were.
   */
  restart(now: number): number {
    this.poll(now);
    this.#layer.restart();
    return this.forgetSession(undefined, undefined, now);
  }

  get nat(): NatPolicy {
    return { ...this.#authentication.nat };
  }

  /**
   * What is left out stays as it is.
   * @throws RangeError on a value that is none
   */
  setNat({ tie, addressIdle }: Partial<NatPolicy>): void {
    const { nat } = this.#authentication;
    this.#authentication.nat = checkNat({ tie: tie ?? nat.tie, addressIdle: addressIdle ?? nat.addressIdle });
  }

  get rateLimit(): RateLimit {
    return this.#layer.rateLimit;
  }

  /**
   * What is left out stays as it is.
   * @throws RangeError on a value that is none
   */
  setRateLimit(limit: Partial<RateLimit>): void {
    this.#layer.rateLimit = { ...this.#layer.rateLimit, ...limit };
  }

  #register(record: DeviceRecord, now: number): CloudDevice {
    this.#advance(now);
    const device = this.#fleet.add(record);
    this.#emit({ type: "registered", ...nameOf(device) });
    this.#flush();
    return device;
  }

  #changed(device: CloudDevice): void {
    device.keep();
    this.#emit({ type: "changed", ...nameOf(device) });
    this.#flush();
  }

  #known(productKey: string, deviceKey: string): CloudDevice {
    const device = this.#fleet.device(productKey, deviceKey);
    if (device !== undefined) return device;
    throw new RangeError(`no device ${productKey}/${deviceKey} in the device list`);
  }

  /** Moves time on, and does what has come due. */
  #advance(now: number): void {
    this.#now = Math.max(this.#now, now);
    if (this.#now < this.#deadline) return;
    // A lower bound from here on: a device that speaks moves its own deadline, and nobody needs to know.
    this.#upgrades.expire(this.#now);
    this.#deadline = this.#upgrades.deadline;
    for (const device of this.#fleet.devices()) {
      if (this.#now >= device.expires) this.#authentication.setState(device, "offline", this.#now);
      for (const { id, status } of device.commands.expire(this.#now, device.state === "online")) {
        this.#emit({ type: `command-${status}`, ...nameOf(device), id });
        this.#upgrades.commandLost(device, id);
      }
      this.#deadline = Math.min(this.#deadline, device.expires, device.commands.deadline);
    }
  }

  #emit(event: CloudEventBody): void {
    if (this.#options.onEvent !== undefined) this.#events.push({ ...event, at: this.#now });
  }

  /** Tells what happened only once it is complete, so that a listener may call back into the cloud. */
  #flush(): void {
    const events = this.#events;
    if (events.length === 0) return;
    this.#events = [];
    for (const event of events) this.#options.onEvent?.(event);
  }
}

function nameOf({ productKey, deviceKey }: CloudDevice): { productKey: string; deviceKey: string } {
  return { productKey, deviceKey };
}
