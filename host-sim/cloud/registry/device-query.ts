/**
 * Which devices are asked for, and in which order. Nothing is built of a device that is not on the page; without a
 * filter and a sort the work is that of the page and of what is left out before it.
 */
import type { CloudDevice } from "./cloud-device";
import type { DeviceState } from "./registry";
import type { SealState } from "./seal-view";

/** What devices can be sorted by; `registered`: the order of their registration, after a restart by their keys. */
export const deviceSorts = [
  "registered",
  "productKey",
  "deviceKey",
  "name",
  "state",
  "lastSeen",
  "firmwareVersion",
] as const;

export interface DeviceQuery {
  readonly productKey?: string;
  readonly state?: DeviceState;
  readonly seal?: SealState;
  readonly firmwareVersion?: string;
  /** Text within name, or within productKey/deviceKey; capital letters and small ones are the same. */
  readonly q?: string;
  readonly sort?: (typeof deviceSorts)[number];
  readonly order?: "asc" | "desc";
  readonly limit: number;
  readonly offset: number;
}

/** A page of devices, and how many there are on all pages. */
export interface DevicePage {
  readonly devices: CloudDevice[];
  readonly total: number;
}

/** @param count of `all` */
export function selectDevices(all: Iterable<CloudDevice>, count: number, query: DeviceQuery): DevicePage {
  const { productKey, state, seal, firmwareVersion, sort = "registered", order, limit, offset } = query;
  const wanted = query.q?.trim().toLowerCase() ?? "";
  const isFiltered =
    [productKey, state, seal, firmwareVersion].some((each) => each !== undefined) || wanted !== "";
  if (!isFiltered && sort === "registered" && order !== "desc") {
    return { devices: firstOf(all, offset, limit), total: count };
  }
  const found: CloudDevice[] = [];
  for (const device of all) {
    if (productKey !== undefined && device.productKey !== productKey) continue;
    if (state !== undefined && device.state !== state) continue;
    if (seal !== undefined && !isOf(device, seal)) continue;
    if (firmwareVersion !== undefined && device.firmwareVersion !== firmwareVersion) continue;
    if (wanted !== "" && !holds(device, wanted)) continue;
    found.push(device);
  }
  if (sort !== "registered") sortBy(found, sort, order === "desc");
  else if (order === "desc") found.reverse();
  return { devices: found.slice(offset, offset + limit), total: found.length };
}

function firstOf(all: Iterable<CloudDevice>, offset: number, limit: number): CloudDevice[] {
  const devices: CloudDevice[] = [];
  let index = 0;
  for (const device of all) {
    if (index >= offset + limit) break;
    if (index >= offset) devices.push(device);
    index += 1;
  }
  return devices;
}

function isOf({ seal: own }: CloudDevice, seal: SealState): boolean {
  switch (seal) {
    case "sealed":
    case "unsealed":
      return (own !== undefined && own.opened > 0) === (seal === "sealed");
    case "doubted":
      return own?.isDoubted === true;
    case "older-key":
      return own?.root === 1;
  }
}

function holds(device: CloudDevice, wanted: string): boolean {
  return (
    device.filedUnder.toLowerCase().includes(wanted) ||
    (device.name !== undefined && device.name.toLowerCase().includes(wanted))
  );
}

/** By a member, then by the keys, so that pages neither repeat a device nor leave one out. */
function sortBy(
  devices: CloudDevice[],
  sort: Exclude<DeviceQuery["sort"], "registered" | undefined>,
  down: boolean,
): void {
  const way = down ? -1 : 1;
  devices.sort((one, other) => {
    const [a, b] = [one[sort], other[sort]];
    if (a !== b) {
      // What has none comes last, in both directions.
      if (a === undefined) return 1;
      if (b === undefined) return -1;
      return a < b ? -way : way;
    }
    return one.filedUnder < other.filedUnder ? -1 : 1;
  });
}
