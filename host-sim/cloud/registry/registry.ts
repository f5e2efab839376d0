/**
 * Which devices the cloud knows: the list an operator writes, and what it says of each.
 *
 * The list is a JSON array, see devices.example.json:
 *
 *     [ { "productKey": "...", "deviceKey": "...", "deviceSecret": "..." } ]
 *
 * with optional `name`, `edition` ("token" or "tokenless", otherwise the cloud's) and `state` ("disabled").
 */
import { deepestNesting, isDeeper } from "../../model/nesting";
import { isObject } from "../json";
import { jsonFault } from "../../model/json-place";

/**
 * Editions of the EnOS CoAP protocol. "token" (May 2019): authentication returns a token, and option 2101
 * signs every later request. "tokenless" (from September 2019): neither exists.
 */
export type Edition = "token" | "tokenless";

/** EnOS's device states: never authenticated, exchanging, silent for a lifetime, shut out by an operator. */
export type DeviceState = "inactive" | "online" | "offline" | "disabled";

/**
 * Why a device came to its state: it authenticated; it was silent for a lifetime; the cloud ended its session, or has lost
 * it; an operator shut it out, or let it in again.
 */
export const stateReasons = ["authenticated", "silent", "session-ended", "disabled", "enabled"] as const;
export type StateReason = (typeof stateReasons)[number];

/** One device as an operator registers it. */
export interface DeviceRecord {
  productKey: string;
  deviceKey: string;
  deviceSecret: string;
  /** For people. */
  name?: string;
  /** Default: the cloud's edition. */
  edition?: Edition;
  /** Default: "inactive". */
  state?: "inactive" | "disabled";
}

/** A device list that cannot be used; the message is one line, names the place and never a secret. */
export class DeviceListError extends Error {
  override name = "DeviceListError";
}

/** A deviceKey that a device of another product has: EnOS's are unique within an organisation. */
export class DeviceKeyError extends DeviceListError {
  override name = "DeviceKeyError";
}

const longestName = 128;
/**
 * A product or device key: one segment of a path. Those of one dot and of two are a path's own words, which
 * clients and servers resolve away (RFC 3986 section 5.2.4).
 */
export const keyPattern = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,64}$/;
const keyForm = "1 to 64 of A-Z a-z 0-9 . _ : -";

/** What may be said of a device. */
export const deviceFields: readonly string[] = [
  "productKey",
  "deviceKey",
  "deviceSecret",
  "name",
  "edition",
  "state",
];

/**
 * Reads a device list.
 * @param jsonText the file's text
 * @throws DeviceListError naming the first entry that is wrong and what was expected
 */
export function loadDevices(jsonText: string): DeviceRecord[] {
  let list: unknown;
  try {
    list = JSON.parse(jsonText);
  } catch {
    throw new DeviceListError(`device list: not JSON${placeOf(jsonText)}`);
  }
  if (isDeeper(list, deepestNesting)) {
    throw new DeviceListError(`device list: nested more than ${deepestNesting} deep`);
  }
  if (!Array.isArray(list)) {
    throw new DeviceListError(`device list: expected an array of devices, got ${kindOf(list)}`);
  }
  return checkDevices(list);
}

/**
 * The same list with every entry checked: its fields, and that no device is there twice and no deviceKey under two
 * products.
 * @throws DeviceListError
 */
export function checkDevices(list: readonly unknown[]): DeviceRecord[] {
  const devices = list.map((entry, index) => checkDevice(entry, `devices[${index}]`));
  const first = new Map<string, number>();
  devices.forEach(({ productKey, deviceKey }, index) => {
    const earlier = first.get(deviceKey);
    if (earlier === undefined) {
      first.set(deviceKey, index);
      return;
    }
    const other = devices[earlier];
    if (other.productKey === productKey) {
      const name = deviceName(productKey, deviceKey);
      throw new DeviceListError(`devices[${index}]: ${name} is already there as devices[${earlier}]`);
    }
    throw new DeviceKeyError(`devices[${index}].deviceKey: ${takenKey(other)}, devices[${earlier}]`);
  });
  return devices;
}

/** Why a deviceKey cannot be given to a device of another product. */
export function takenKey({ productKey, deviceKey }: { productKey: string; deviceKey: string }): string {
  return `${deviceKey} is unique over all products, and has been given to ${deviceName(productKey, deviceKey)}`;
}

/** The name a device is filed under; keys never contain a slash. */
export function deviceName(productKey: string, deviceKey: string): string {
  return `${productKey}/${deviceKey}`;
}

/**
 * One device with its fields checked.
 * @param place where it stands in a list, for the fault; none for a device by itself
 * @throws DeviceListError
 */
export function checkDevice(entry: unknown, place?: string): DeviceRecord {
  const of = (field: string): string => (place === undefined ? field : `${place}.${field}`);
  const whole = place ?? "device";
  if (!isObject(entry)) {
    throw new DeviceListError(`${whole}: expected an object, got ${kindOf(entry)}`);
  }
  const fields = entry as Record<string, unknown>;
  for (const field of Object.keys(fields)) {
    if (!deviceFields.includes(field)) {
      const known = deviceFields.join(", ");
      const given = JSON.stringify(field.slice(0, 80));
      throw new DeviceListError(`${whole}: unknown field ${given}, expected ${known}`);
    }
  }
  const device: DeviceRecord = {
    productKey: readKey(fields["productKey"], of("productKey")),
    deviceKey: readKey(fields["deviceKey"], of("deviceKey")),
    deviceSecret: readSecret(fields["deviceSecret"], of("deviceSecret")),
  };
  const { edition, state, name } = fields;
  if (typeof name === "string" && name.length <= longestName) device.name = name;
  else if (name !== undefined) {
    throw new DeviceListError(`${of("name")}: expected text of at most ${longestName} characters`);
  }
  if (edition === "token" || edition === "tokenless") device.edition = edition;
  else if (edition !== undefined) {
    throw new DeviceListError(`${of("edition")}: expected "token" or "tokenless", got ${shown(edition)}`);
  }
  if (state === "inactive" || state === "disabled") device.state = state;
  else if (state !== undefined) {
    throw new DeviceListError(`${of("state")}: expected "inactive" or "disabled", got ${shown(state)}`);
  }
  return device;
}

function readKey(value: unknown, place: string): string {
  if (typeof value === "string" && keyPattern.test(value)) return value;
  const unusable = value === "." || value === ".." ? `${keyForm} other than . and ..` : keyForm;
  throw new DeviceListError(`${place}: expected ${unusable}, got ${shown(value)}`);
}

function readSecret(value: unknown, place: string): string {
  if (typeof value === "string" && value.length >= 1 && value.length <= 128) return value;
  const got = typeof value === "string" ? `${value.length} characters` : kindOf(value);
  throw new DeviceListError(`${place}: expected text of 1 to 128 characters, got ${got}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return "text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : kindOf(value);
}

/** Line and column of what is no JSON. */
function placeOf(text: string): string {
  if (text.trim() === "") return ", the file is empty";
  const fault = jsonFault(text);
  return fault === undefined ? "" : `, see line ${fault.line} column ${fault.column}`;
}
