/**
 * What an operator does with devices: registers, looks for, changes, shuts out and forgets them.
 */
import { changedAttributes, changedTags } from "../enos/attributes-and-tags";
import type { Change } from "../enos/attributes-and-tags";
import { nameOf } from "../events";
import type { DeviceName } from "../events";
import type { Upgrades } from "../ota/upgrades";
import type { CloudDevice, DeviceChange, DeviceView } from "../registry/cloud-device";
import type { DeviceQuery } from "../registry/device-query";
import { standingOf } from "../registry/device-standing";
import { summaryOf } from "../registry/device-summary";
import type { Origins } from "../registry/origins";
import type { DeviceSummary } from "../registry/standing";
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
    return this.#viewed(this.#register(record, now), now);
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
    this.#upgrades.removeDevice(device, this.#context.time());
    this.#context.fleet.remove(device);
    this.#context.emit({ type: "removed", productKey, deviceKey });
    this.#context.flush();
  }

  /** A device; undefined for an unknown one. @param now ms, by which its alarms grow old */
  view(productKey: string, deviceKey: string, now: number = this.#context.time()): DeviceView | undefined {
    const device = this.#context.fleet.device(productKey, deviceKey);
    return device && this.#viewed(device, now);
  }

  /** All devices. */
  list(now: number = this.#context.time()): DeviceView[] {
    return [...this.#context.fleet.devices()].map((device) => this.#viewed(device, now));
  }

  /** A page of the devices that are asked for, and how many there are on all pages. */
  find(query: DeviceQuery, now: number = this.#context.time()): { devices: DeviceView[]; total: number } {
    const { devices, total } = this.#context.fleet.find(query);
    return { devices: devices.map((device) => this.#viewed(device, now)), total };
  }

  /**
   * Devices in short: all, or these.
   * @param most of all, in the order of their registration
   * @param now ms, by which their alarms grow old
   */
  summaries(
    of: { readonly most: number } | readonly DeviceName[],
    now: number = this.#context.time(),
  ): DeviceSummary[] {
    const { fleet } = this.#context;
    const summaries: DeviceSummary[] = [];
    if ("most" in of) {
      for (const device of fleet.devices()) {
        if (summaries.length >= of.most) break;
        summaries.push(summaryOf(device, fleet.productOf(device), now));
      }
      return summaries;
    }
    for (const { productKey, deviceKey } of of) {
      const device = fleet.device(productKey, deviceKey);
      if (device !== undefined) summaries.push(summaryOf(device, fleet.productOf(device), now));
    }
    return summaries;
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
    authentication.setState(fleet.known(productKey, deviceKey), "disabled", "disabled", this.#context.time());
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

  /** Who changed a device's attributes and tags last; undefined for an unknown device. */
  origins(productKey: string, deviceKey: string): Origins | undefined {
    return this.#context.fleet.device(productKey, deviceKey)?.origins;
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
    const attributes = changedAttributes(device, this.#context.fleet.productOf(device), change, replaces);
    device.setAttributes(attributes, { by: "operator", at: now });
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
    device.setTags(changedTags(device, change, replaces), { by: "operator", at: now });
    this.#changed(device);
  }

  #viewed(device: CloudDevice, now: number): DeviceView {
    return device.view(standingOf(device, this.#context.fleet.productOf(device), now));
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
