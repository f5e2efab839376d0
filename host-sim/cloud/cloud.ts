/**
 * The EnOS stand-in: datagrams in, datagrams out, no socket and no clock of its own. Besides the devices'
 * side, CoAP, it has the application's: products, devices, what they reported, commands to them, and faults
 * of network and server that can be switched on.
 *
 *     devices ==CoAP== message-layer.ts -- service.ts -+- authentication.ts
 *                                                      +- uplinks.ts    what they report
 *                                                      +- commands.ts   what waits for them
 *                                                      +- ota/          their firmware
 *     application ==HTTP (api/)== operator/ ---+- fleet.ts      who there is
 *
 * This file has the time that all of them go by, the way of datagrams, and the faults.
 */
import { defaultLimits } from "./cloud-options";
import type { CloudOptions } from "./cloud-options";
import { MessageLayer } from "./coap/message-layer";
import type { Faults, MessageCounters, RateLimit } from "./coap/message-layer";
import { Authentication, checkNat } from "./enos/authentication";
import type { NatPolicy } from "./enos/authentication";
import type { CommandTimes } from "./enos/command-entry";
import { CommandIds } from "./enos/command-ids";
import { SealWatch } from "./enos/seal-watch";
import { EnosService } from "./enos/service";
import { Uplinks } from "./enos/uplinks";
import { nameOf } from "./events";
import type { CloudEvent, CloudEventBody, Condition, Peer } from "./events";
import { Commands } from "./operator/commands";
import { Devices } from "./operator/devices";
import type { OperatorContext } from "./operator/operator-context";
import { Ota } from "./operator/ota";
import { Products } from "./operator/products";
import { Reported } from "./operator/reported";
import { FileServer } from "./ota/file-server";
import { FirmwareFiles } from "./ota/firmware-files";
import { rolloutKind } from "./ota/rollout-store";
import { Rollouts } from "./ota/rollouts";
import { taskKind } from "./ota/task-store";
import { Upgrades } from "./ota/upgrades";
import type { CloudDevice } from "./registry/cloud-device";
import { Fleet } from "./registry/fleet";
import { datagramRange } from "./registry/product";
import { checkDevices } from "./registry/registry";

export type { CloudOptions } from "./cloud-options";
export type { CloudEvent, Peer } from "./events";
export type { Command } from "./enos/command-encoding";
export type { CommandStatus, CommandTimes, CommandView } from "./enos/command-entry";
export type { DeviceView } from "./registry/cloud-device";
export type { HistoryQuery, Reading, StoredEvent, StoredPoint } from "./registry/history";
export type { Faults, RateLimit } from "./coap/message-layer";
export type { NatPolicy } from "./enos/authentication";
export type { FirmwareAbout, FirmwareRecord } from "./ota/firmware-files";
export type { RolloutView } from "./ota/rollout-view";
export type { RolloutOrder } from "./ota/rollouts";
export type { TaskQuery } from "./ota/task-store";
export type { JobOrder } from "./ota/upgrade-job";
export type { UpgradeTask } from "./ota/upgrade-task";

/** A firmware waits for its device as long as EnOS lets a command wait, ms. */
const upgradeTimes: CommandTimes = { pendingTtl: 172_800_000, responseTimeout: 60_000 };

/** One EnOS with all its products and devices. */
export class EnosCloud {
  /** What the operator, and the application API, can do: one part for each kind of thing. */
  readonly products: Products;
  readonly devices: Devices;
  readonly reported: Reported;
  readonly commands: Commands;
  readonly ota: Ota;

  readonly #options: CloudOptions;
  readonly #fleet: Fleet;
  readonly #authentication: Authentication;
  readonly #layer: MessageLayer;
  readonly #upgrades: Upgrades;
  readonly #rollouts: Rollouts;
  #events: CloudEvent[] = [];
  #now = 0;
  /** A lower bound of when a session lapses or a command times out, ms. */
  #deadline: number;

  /**
   * @throws DeviceListError, ProductError, StorageError on what cannot be used; RangeError on a setting
   *   that cannot work
   */
  constructor(options: CloudOptions) {
    this.#options = options;
    const { edition, iv, scriptEngine, storage } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const emit = options.onEvent === undefined ? undefined : (event: CloudEventBody) => this.#emit(event);
    const fleet = new Fleet({
      ...{ edition, iv, limits, scriptEngine, storage, emit },
      time: () => this.#now,
    });
    this.#fleet = fleet;
    const randomBytes = (n: number): Uint8Array => options.randomBytes(n);
    const wake = (at: number): void => {
      this.#deadline = Math.min(this.#deadline, at);
    };
    const files = new FirmwareFiles({ limits, storage, randomBytes, emit });
    const devicesOf = (productKey: string): CloudDevice[] =>
      [...fleet.devices()].filter((device) => device.productKey === productKey);
    const upgrades = new Upgrades({
      ...{ files, storage, emit, devicesOf },
      device: (productKey, deviceKey) => fleet.device(productKey, deviceKey),
      send: (device, params) => this.commands.queue(device, { kind: "upgrade", params }, upgradeTimes),
      revoke: (device, id) => this.commands.withdraw(device, id),
      wake,
      changed: (task, before, after, now) => rollouts.taskChanged(task, before, after, now),
      informed: (device, now) => rollouts.informed(device, now),
    });
    this.#upgrades = upgrades;
    const hasVersion = (productKey: string, version: string): boolean =>
      files.ofVersion(productKey, version).length > 0;
    const rollouts = new Rollouts({ storage, emit, devicesOf, hasVersion, wake }, upgrades);
    this.#rollouts = rollouts;
    fleet.restore((kind, keys, value) => {
      if (options.restoreOther?.(kind, keys, value) === true) return true;
      if (kind === rolloutKind) {
        rollouts.restore(value);
        return true;
      }
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
    const watch = new SealWatch(emit);
    const uplinks = new Uplinks(emit, upgrades, watch);
    const service = new EnosService({
      ...{ fleet, authentication, uplinks, watch, edition, wake, emit, upgrades },
      demandsFormat: options.demandsFormat ?? false,
      files: new FileServer(
        files,
        limits.blockSize,
        (productKey) => fleet.product(productKey)?.largestDatagram ?? datagramRange.most,
      ),
    });
    const seed = randomBytes(10);
    const context: OperatorContext = {
      ...{ fleet, authentication, wake },
      time: () => this.#now,
      advance: (now) => this.#advance(now),
      emit: (event) => this.#emit(event),
      flush: () => this.#flush(),
    };
    this.products = new Products(context, files, rollouts);
    this.devices = new Devices(context, upgrades);
    this.reported = new Reported(fleet);
    this.commands = new Commands(context, new CommandIds(seed.subarray(2)), upgrades);
    this.ota = new Ota(context, { files, upgrades, rollouts }, limits.firmwareBytes);
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
    return this.devices.forgetSession(undefined, undefined, now);
  }

  /** Tells all who look on that an operator has changed a condition. */
  tellCondition(condition: Condition, now: number): void {
    this.#advance(now);
    this.#emit({ type: "conditions-changed", condition });
    this.#flush();
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

  /** Moves time on, and does what has come due. */
  #advance(now: number): void {
    this.#now = Math.max(this.#now, now);
    if (this.#now < this.#deadline) return;
    // A lower bound from here on: a device that speaks moves its own deadline, and nobody needs to know.
    this.#upgrades.expire(this.#now);
    this.#rollouts.expire(this.#now);
    this.#deadline = Math.min(this.#upgrades.deadline, this.#rollouts.deadline);
    for (const device of this.#fleet.devices()) {
      if (this.#now >= device.expires) this.#authentication.lapse(device, this.#now);
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
