/**
 * Products and their devices, registered at start, by an operator, or from the storage.
 */
import { CloudDevice } from "./cloud-device";
import type { CloudEventBody } from "../events";
import type { DeviceLimits } from "./cloud-device";
import { selectDevices } from "./device-query";
import type { DevicePage, DeviceQuery } from "./device-query";
import { Product } from "./product";
import type { ProductRecord } from "./product";
import { ProductVersions } from "./product-versions";
import { DeviceKeyError, checkDevice, deviceName, takenKey } from "./registry";
import type { DeviceRecord, Edition } from "./registry";
import type { ScriptEngine } from "../script/script-engine";
import type { IvSetting } from "../enos/sign";
import { productStorageKey } from "./storage";
import type { CloudStorage } from "./storage";

/** Limits of what devices may keep: of one, and of all together. */
export interface FleetLimits extends DeviceLimits {
  /** Devices of which each may keep as much as its limits say; where there are more, they share that evenly. */
  devicesInFull: number;
}

export interface FleetOptions {
  /** Edition of devices that name none. */
  edition: Edition;
  iv: IvSetting;
  limits: FleetLimits;
  scriptEngine: ScriptEngine | undefined;
  storage: CloudStorage | undefined;
  /** The cloud's time, epoch ms. */
  time(): number;
  /** Left out when nobody listens. */
  emit?(event: CloudEventBody): void;
}

/** What is kept for a device that is not there, or is no entry at all: a damaged or foreign storage. */
export class StorageError extends Error {
  override name = "StorageError";
}

/**
 * Takes up an entry that is none of a fleet's, by its kind and what stands behind that in its key; false for one that
 * is unknown. What belongs to a device comes after all devices. @throws TypeError when its content is another's
 */
export type RestoreOther = (kind: string, keys: readonly string[], value: unknown) => boolean;

export class Fleet {
  readonly #options: FleetOptions;
  /** What was in force before of each product. */
  readonly versions: ProductVersions;
  readonly #products = new Map<string, Product>();
  readonly #devices = new Map<string, CloudDevice>();
  /** By deviceKey, which is unique over products; of several that an earlier version let in, the first. */
  readonly #keyHolders = new Map<string, CloudDevice>();
  #hasSharedKeys = false;
  readonly #commandHolders = new Map<string, CloudDevice>();
  /** Of each device, as many as there are now. */
  readonly #deviceLimits: DeviceLimits;
  /** Products that nobody has registered, but of which there are devices: without model and script. */
  readonly #bare = new Map<string, Product>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.versions = new ProductVersions(options.storage);
    this.#deviceLimits = sharedLimits(options.limits, this.#devices);
  }

  /** Products in the order of their registration. */
  products(): ProductRecord[] {
    return [...this.#products.values()].map(({ record }) => record);
  }

  product(productKey: string): Product | undefined {
    return this.#products.get(productKey);
  }

  /** The product of a device, registered or not. */
  productOf({ productKey }: CloudDevice): Product {
    const product = this.#products.get(productKey) ?? this.#bare.get(productKey);
    if (product !== undefined) return product;
    const bare = new Product({ productKey }, undefined);
    this.#bare.set(productKey, bare);
    return bare;
  }

  /**
   * Registers a product, or replaces it.
   * @throws ProductError on a record that cannot be used
   */
  putProduct(record: ProductRecord): void {
    const product = this.#productOf(record);
    this.#products.get(record.productKey)?.dispose();
    this.#products.set(record.productKey, product);
    this.#options.storage?.put(productStorageKey(record.productKey), record);
  }

  /** @throws RangeError when there is no such product, or it has devices */
  removeProduct(productKey: string): void {
    const product = this.#products.get(productKey);
    if (product === undefined) throw new RangeError(`no product ${productKey}`);
    let devices = 0;
    for (const device of this.#devices.values()) if (device.productKey === productKey) devices += 1;
    if (devices > 0) throw new RangeError(`product ${productKey} has ${devices} devices: remove them first`);
    product.dispose();
    this.versions.remove(productKey);
    this.#products.delete(productKey);
    this.#options.storage?.delete(productStorageKey(productKey));
  }

  device(productKey: string, deviceKey: string): CloudDevice | undefined {
    // Nearly always there is no other device of this key, and no text of both keys has to be made.
    const holder = this.#keyHolders.get(deviceKey);
    if (holder?.productKey === productKey) return holder;
    return this.#devices.get(deviceName(productKey, deviceKey));
  }

  /** @throws RangeError for an unknown device */
  known(productKey: string, deviceKey: string): CloudDevice {
    const device = this.device(productKey, deviceKey);
    if (device !== undefined) return device;
    throw new RangeError(`no device ${productKey}/${deviceKey} in the device list`);
  }

  /** The device that keeps the command with this id. */
  commandHolder(id: string): CloudDevice | undefined {
    return this.#commandHolders.get(id);
  }

  devices(): IterableIterator<CloudDevice> {
    return this.#devices.values();
  }

  /** How many devices there are. */
  get size(): number {
    return this.#devices.size;
  }

  find(query: DeviceQuery): DevicePage {
    return selectDevices(this.#devices.values(), this.#devices.size, query);
  }

  /**
   * Registers a device.
   * @throws DeviceListError on a record that cannot be used, DeviceKeyError on a key that another product's device has;
   *   RangeError when the device is there already
   */
  add(record: DeviceRecord): CloudDevice {
    const checked = checkDevice(record);
    const name = deviceName(checked.productKey, checked.deviceKey);
    if (this.#devices.has(name)) throw new RangeError(`device ${name} is registered already`);
    const holder = this.#keyHolders.get(checked.deviceKey);
    if (holder !== undefined) throw new DeviceKeyError(`deviceKey: ${takenKey(holder)}`);
    const device = this.#make(checked);
    device.keep();
    return device;
  }

  /** Forgets a device and what it reported. */
  remove(device: CloudDevice): void {
    device.erase();
    this.#devices.delete(device.filedUnder);
    if (this.#keyHolders.get(device.deviceKey) !== device) return;
    this.#keyHolders.delete(device.deviceKey);
    if (!this.#hasSharedKeys) return;
    for (const other of this.#devices.values()) {
      if (other.deviceKey === device.deviceKey) this.#keyHolders.set(other.deviceKey, other);
    }
  }

  /**
   * Takes up what the storage has kept.
   * @param others takes up what is kept besides products and devices
   * @throws StorageError, ProductError or DeviceListError when that cannot be used
   */
  restore(others: RestoreOther = () => false): void {
    const { storage } = this.#options;
    if (storage === undefined) return;
    const entries: [key: string, value: unknown][] = [];
    // Products and devices first, because all other entries belong to one of them.
    for (const [key, value] of storage.entries) {
      if (/^(reading|event|command|ota-task)\//.test(key)) entries.push([key, value]);
      else this.#restoreOne(key, value, others);
    }
    for (const [key, value] of entries) this.#restoreOne(key, value, others);
  }

  #restoreOne(key: string, value: unknown, others: RestoreOther): void {
    const shown = JSON.stringify(key.slice(0, 120));
    const [kind, productKey, deviceKey, number] = key.split("/");
    try {
      switch (kind) {
        case "meta":
          return;
        case "product":
          this.#products.set(productKey, this.#productOf(value as ProductRecord));
          return;
        case "product-version":
          this.versions.restore(productKey, value);
          return;
        case "device": {
          const record = checkDevice((value as { record: unknown }).record);
          this.#make(record).restore(value);
          return;
        }
        case "reading":
        case "event":
        case "command": {
          const device = this.device(productKey, deviceKey);
          if (device === undefined)
            throw new StorageError(`the storage has ${shown}, of a device that it does not have`);
          device.restoreEntry(kind, Number(number), value);
          return;
        }
        default:
          if (others(kind, key.split("/").slice(1), value)) return;
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // Its shape is another than what was put there.
      throw new StorageError(`the storage has ${shown} with a content that is none of this program's`);
    }
    throw new StorageError(`the storage has ${shown}, which is none of this program's`);
  }

  #productOf(record: ProductRecord): Product {
    const { scriptEngine, emit, time } = this.#options;
    return new Product(record, scriptEngine, {
      // A storage may hold anything; the product itself refuses what is no record.
      ...{ time, samples: this.#products.get((record as ProductRecord | null)?.productKey ?? "")?.samples },
      tell: (told) => emit?.({ type: "script-fault", productKey: record.productKey, ...told }),
    });
  }

  #make(record: DeviceRecord): CloudDevice {
    const { edition, iv, storage } = this.#options;
    const device = new CloudDevice(record, edition, iv, this.#deviceLimits, storage, this.#commandHolders);
    this.#devices.set(device.filedUnder, device);
    if (this.#keyHolders.has(device.deviceKey)) this.#hasSharedKeys = true;
    else this.#keyHolders.set(device.deviceKey, device);
    return device;
  }
}

/** A device that has not heard the answer to its last messages sends some of them again: not more than so many. */
const fewestIds = 32;

/** What one device may keep, as it is at each look: what it reports must not grow with the number of devices. */
function sharedLimits(limits: FleetLimits, devices: ReadonlyMap<string, unknown>): DeviceLimits {
  const share = (limit: number): number => {
    return Math.max(1, Math.floor(limit * Math.min(1, limits.devicesInFull / devices.size)));
  };
  return {
    ...limits,
    get readings() {
      return share(limits.readings);
    },
    get characters() {
      return share(limits.characters);
    },
    get ids() {
      return Math.max(Math.min(fewestIds, limits.ids), share(limits.ids));
    },
  };
}
