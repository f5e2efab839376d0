/** A job: one version for several devices at once, each of which gets a task of its own or a reason why not. */
import type { CloudDevice } from "../registry/cloud-device";
import type { FirmwareFiles } from "./firmware-files";
import { upgradeTimeouts } from "./upgrade-task";
import type { TaskTerms, UpgradePolicy, UpgradeTask } from "./upgrade-task";

/** A device that is given no task, and why. */
interface SkippedDevice {
  readonly deviceKey: string;
  readonly reason: string;
}

/** The tasks that were made at once, and the devices that got none. */
export interface UpgradeJob {
  readonly jobId: string;
  readonly tasks: UpgradeTask[];
  readonly skipped: SkippedDevice[];
}

/** Which devices are to have which version. */
export interface JobOrder {
  readonly productKey: string;
  readonly version: string;
  /** All of the product when left out. */
  readonly deviceKeys?: readonly string[];
  /** Default "push". */
  readonly policy?: UpgradePolicy;
  /** ms; default seven days. */
  readonly timeout?: number;
}

/** Where a job finds files and devices. */
interface JobSource {
  files: FirmwareFiles;
  devicesOf(productKey: string): Iterable<CloudDevice>;
}

/**
 * Gives the devices of an order a task each.
 *
 * @param give makes a device's task, or says why it cannot have one
 * @throws RangeError when the version or a device is unknown, the time limit is none, or no device can have one
 */
export function giveJob(
  order: JobOrder,
  jobId: string,
  source: JobSource,
  give: (device: CloudDevice, terms: TaskTerms) => UpgradeTask | string,
): UpgradeJob {
  const { productKey, version, policy = "push", timeout = upgradeTimeouts.usual } = order;
  if (source.files.ofVersion(productKey, version).length === 0) {
    throw new RangeError(`no firmware ${version} of product ${productKey}`);
  }
  const { least, most } = upgradeTimeouts;
  if (!(timeout >= least && timeout <= most)) {
    throw new RangeError(`timeout: expected ${least / 1000} to ${most / 1000} s, got ${timeout / 1000}`);
  }
  const devices = chosen([...source.devicesOf(productKey)], productKey, order.deviceKeys);
  const tasks: UpgradeTask[] = [];
  const skipped: SkippedDevice[] = [];
  for (const device of devices) {
    const { deviceKey } = device;
    const made = give(device, { toVersion: version, jobId, policy, timeout });
    if (typeof made === "string") skipped.push({ deviceKey, reason: made });
    else tasks.push({ ...made });
  }
  if (tasks.length === 0) {
    const [first] = skipped;
    throw new RangeError(
      first === undefined
        ? `product ${productKey} has no devices`
        : `no device can be given ${version}; the first, ${first.deviceKey}: ${first.reason}`,
    );
  }
  return { jobId, tasks, skipped };
}

/** @throws RangeError when one of these is none of the product's devices */
function chosen(
  devices: CloudDevice[],
  productKey: string,
  deviceKeys: readonly string[] | undefined,
): CloudDevice[] {
  if (deviceKeys === undefined) return devices;
  const byKey = new Map(devices.map((device) => [device.deviceKey, device]));
  return [...new Set(deviceKeys)].map((deviceKey) => {
    const device = byKey.get(deviceKey);
    if (device === undefined) throw new RangeError(`no device ${productKey}/${deviceKey}`);
    return device;
  });
}
