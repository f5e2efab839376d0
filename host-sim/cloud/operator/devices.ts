/**
 * What an operator does with devices: registers, looks for, changes, shuts out and forgets them.
 */
import { changedAttributes, changedTags } from "../enos/attributes-and-tags";
import type { Change } from "../enos/attributes-and-tags";
import { nameOf } from "../events";
import type { Upgrades } from "../ota/upgrades";
import type { CloudDevice, DeviceChange, DeviceView } from "../registry/cloud-device";
import type { DeviceQuery } from "../registry/device-query";
import type { DeviceRecord } from "../registry/registry";
import type { OperatorContext } from "./operator-context";

/** The devices of one cloud. */
export class Devices {
  readonly #context: OperatorContext;
  readonly #upgrades: Upgrades;

  /** @param upgrades those of a device end with it */
  constructor(context: OperatorContext, upgrades: Upgrades) {
    this.#context = context;
    this.#upgrades = upgrades;
  }

  /**
   * Registers a device.
   * @throws DeviceListError on a record that cannot be used; RangeError when the device is there already
   */
  create(record: DeviceRecord, now: number): DeviceView {
    return this.#register(record, now).view();
  }

  /**
   * Registers a device that is not there yet; false for one that is, which stays as it is.
   * @throws DeviceListError on a record that cannot be used; RangeError when its key is taken
   */
  add(record: DeviceRecord, now: number): boolean {
    if (this.#context.fleet.device(record.productKey, record.deviceKey) !== undefined) return false;
    this.#register(record, now);
    return true;
  }

  /**
   * Forgets a device with all that it reported.
   * @throws RangeError for an unknown device
   */
  remove(productKey: string, deviceKey: string, now: number): void {
    this.#context.advance(now);
    const device = this.#context.fleet.known(productKey, deviceKey);
    this.#upgrades.removeDevice(device);
    this.#context.fleet.remove(device);
    this.#context.emit({ type: "removed", productKey, deviceKey });
    this.#context.flush();
  }

  /** A device; undefined for an unknown one. */
  view(productKey: string, deviceKey: string): DeviceView | undefined {
    return this.#context.fleet.device(productKey, deviceKey)?.view();
  }

  /** All devices. */
  list(): DeviceView[] {
    return [...this.#context.fleet.devices()].map((device) => device.view());
  }

  /** A page of the devices that are asked for, and how many there are on all pages. */
  find(query: DeviceQuery): { devices: DeviceView[]; total: number } {
    const { devices, total } = this.#context.fleet.find(query);
    return { devices: devices.map((device) => device.view()), total };
  }

  /** How many devices there are, how many of them are online, and how many each product has. */
  count(): { total: number; online: number; ofProduct: Map<string, number> } {
    let online = 0;
    const ofProduct = new Map<string, number>();
    for (const { productKey, state } of this.#context.fleet.devices()) {
      if (state === "online") online += 1;
      ofProduct.set(productKey, (ofProduct.get(productKey) ?? 0) + 1);
    }
    return { total: this.#context.fleet.size, online, ofProduct };
  }

  /**
   * Shuts a device out: whatever it asks is answered 4.03.
   * @throws RangeError for an unknown device
   */
  disable(productKey: string, deviceKey: string, now: number = this.#context.time()): void {
    const { fleet, authentication } = this.#context;
    this.#context.advance(now);
    authentication.setState(fleet.known(productKey, deviceKey), "disabled", this.#context.time());
    this.#context.flush();
  }

  /**
   * Lets a disabled device in again; it has to authenticate anew. No effect on others.
   * @throws RangeError for an unknown device
   */
  enable(productKey: string, deviceKey: string, now: number = this.#context.time()): void {
    const { fleet, authentication } = this.#context;
    this.#context.advance(now);
    authentication.enable(fleet.known(productKey, deviceKey), this.#context.time());
    this.#context.flush();
  }

  /**
   * Ends sessions as a server does that has lost them: of one device, or of all when none is named.
   * Returns how many there were.
   * @throws RangeError for an unknown device
   */
  forgetSession(productKey: string | undefined, deviceKey: string | undefined, now: number): number {
    const { fleet, authentication } = this.#context;
    this.#context.advance(now);
    const all =
      productKey === undefined || deviceKey === undefined
        ? [...fleet.devices()]
        : [fleet.known(productKey, deviceKey)];
    const sessions = authentication.forgetSessions(all, this.#context.time());
    this.#context.flush();
    return sessions;
  }

  /**
   * Gives a device another name, another secret or another edition of the protocol, as a server does that was upgraded or
   * restored. A change of edition ends its session; a change of secret leaves it, and nobody can sign for it.
   * @throws RangeError for an unknown device, DeviceListError for a secret that cannot be one
   */
  change(productKey: string, deviceKey: string, change: DeviceChange, now: number): void {
    this.#context.advance(now);
    const device = this.#context.fleet.known(productKey, deviceKey);
    if (change.edition !== undefined && change.edition !== device.edition) {
      this.#context.authentication.forgetSessions([device], this.#context.time());
    }
    device.change(change);
    this.#context.emit({ type: "changed", productKey, deviceKey });
    this.#context.flush();
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
    this.#context.advance(now);
    const device = this.#context.fleet.known(productKey, deviceKey);
    device.attributes = changedAttributes(device, this.#context.fleet.productOf(device), change, replaces);
    this.#changed(device);
  }

  /**
   * Sets a device's tags, as an operator does.
   * @param replaces whether those that the change does not name are taken away
   * @throws RangeError for an unknown device, what cannot be a tag, or too many
   */
  changeTags(productKey: string, deviceKey: string, change: Change, replaces: boolean, now: number): void {
    this.#context.advance(now);
    const device = this.#context.fleet.known(productKey, deviceKey);
    device.tags = changedTags(device, change, replaces);
    this.#changed(device);
  }

  #register(record: DeviceRecord, now: number): CloudDevice {
    this.#context.advance(now);
    const device = this.#context.fleet.add(record);
    this.#context.emit({ type: "registered", ...nameOf(device) });
    this.#context.flush();
    return device;
  }

  #changed(device: CloudDevice): void {
    device.keep();
    this.#context.emit({ type: "changed", ...nameOf(device) });
    this.#context.flush();
  }
}
