/**
 * Keys of a fleet's devices. One device alone may draw its key, thousands may not: of ten thousand draws from a million
 * numbers fifty are there already, and of two devices with one key the cloud lets one in.
 */
import { Random } from "../time/random";
import { demoDevice, demoKey } from "../world/demo-device";
import type { DeviceRecord } from "../../cloud/registry/registry";

/** The numbers that a demo's device key has, and a stride that has no divisor in common with them: it meets each once. */
const numbers = 1_000_000;
const stride = 618_033;

/** The seed of a device of a fleet: with it, and its key, `World` makes the same device alone. */
export function deviceSeed(seed: number | string, number: number): string {
  return `${seed}/device/${number}`;
}

/** The device key of a fleet's device, which no other of its first million has. */
export function fleetDeviceKey(seed: number | string, number: number): string {
  const start = Math.floor(numbers * new Random(seed).fork("device keys").next());
  return demoKey((start + number * stride) % numbers);
}

/** A fleet's product key. */
export function fleetProductKey(seed: number | string): string {
  const random = new Random(seed).fork("product");
  return demoDevice((length) => random.bytes(length)).productKey;
}

/** A device of a fleet, by its number. */
export function fleetDevice(seed: number | string, number: number, productKey: string): DeviceRecord {
  const keys = new Random(deviceSeed(seed, number)).fork("keys");
  const { deviceSecret } = demoDevice((length) => keys.bytes(length));
  return { productKey, deviceKey: fleetDeviceKey(seed, number), deviceSecret };
}
