/**
 * The device's keys from the board's key-value storage (NVS on an ESP32), where provisioning puts
 * them: one firmware image serves every device, and no secret is in it.
 */
import storage from "embedded:storage/key-value";
import type { Credentials } from "../enos/credentials";
import type { Configuration } from "../device/setting-values";

/** Name of the store, at most 15 characters in NVS. */
const store = "enos";

/**
 * Keys from the store; one that is not there comes from the configuration, which is meant for a desk
 * and not for the field: the configuration is plain text in the firmware image. A device key that is
 * nowhere is empty: the modem's IMEI is to become it.
 */
export function readCredentials(config: Configuration): Credentials {
  const keys = storage.open({ path: store, format: "string" });
  const read = (name: string): string => {
    const stored = keys.read(name);
    if (typeof stored === "string") return stored;
    const configured = config[name];
    return typeof configured === "string" ? configured : "";
  };
  const credentials = {
    productKey: read("productKey"),
    deviceKey: read("deviceKey"),
    deviceSecret: read("deviceSecret"),
  };
  keys.close();
  return credentials;
}

/**
 * A text that provisioning may have put beside the keys, such as `sealKey`; "" where it has not. It has no place in the
 * configuration.
 */
export function readProvisioned(name: string): string {
  const texts = storage.open({ path: store, format: "string" });
  const text = texts.read(name);
  texts.close();
  return typeof text === "string" ? text : "";
}

/** Keeps the device key of a board that was given none. */
export function storeDeviceKey(deviceKey: string): void {
  const keys = storage.open({ path: store, format: "string" });
  keys.write("deviceKey", deviceKey);
  keys.close();
}
