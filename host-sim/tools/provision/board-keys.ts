/**
 * The keys of one board: checked as the firmware checks them and a little harder, made into an image, and
 * compared with an image. No text that comes from here quotes a key.
 */
import { checkCredentials, SettingsError } from "../../../firmware/enos/credentials";
import { deviceKeyOf as sealKeyOf } from "../../model/seal/keys";
import { writeNvsImage } from "./nvs-image";
import { readNvsImage } from "./nvs-reader";
import type { Master } from "../../model/seal/master-file";
import type { KeyValueStores } from "../../sim/board/key-value";

/** What a board is to be given. */
export interface BoardKeys {
  readonly productKey: string;
  /** Undefined: none is stored, and the firmware takes the modem's IMEI. */
  readonly deviceKey: string | undefined;
  readonly deviceSecret: string;
  /** What the board seals its payloads with, 64 hex digits; undefined for a plain product's. */
  readonly sealKey?: string;
}

/** Where firmware/board/credentials.ts looks: the path of its key-value store is NVS's namespace. */
const store = "enos";

/** Fewer characters than this are a part of a secret at best. */
const shortestSecret = 8;

/** What people write where a secret is to be filled in. */
const fillers = /secret|placeholder|changeme|replace|example|password/;

/** A device key as people write it, in a file or on a terminal: none, or "imei", stands for the IMEI. */
export function deviceKeyOf(text: string): string | undefined {
  return text === "" || text.toLowerCase() === "imei" ? undefined : text;
}

/** What is wrong with the keys, or undefined. */
export function keysFault(keys: BoardKeys): string | undefined {
  const { productKey, deviceKey, deviceSecret } = keys;
  try {
    checkCredentials({ productKey, deviceKey: deviceKey ?? anyImei, deviceSecret });
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  // The firmware would sign with any text; what EnOS gives out has none of these.
  const odd = [...deviceSecret].findIndex((character) => character < "!" || character > "~");
  if (odd >= 0) {
    return `deviceSecret has a space, a control character or a non-ASCII one at position ${odd + 1}`;
  }
  if (deviceSecret.length < shortestSecret) {
    return `deviceSecret has ${deviceSecret.length} characters only: copy all of it from the EnOS console`;
  }
  const letters = deviceSecret.toLowerCase().replace(/[^a-z0-9]/g, "");
  if (new Set(deviceSecret).size < 4 || fillers.test(letters)) {
    return "deviceSecret is a placeholder: copy the device's own from the EnOS console";
  }
  if (deviceKey !== undefined && /^\d[.,]\d+E\+?\d+$/i.test(deviceKey)) {
    return "deviceKey is a number that a spreadsheet has rounded: have it keep that column as text";
  }
  if (deviceSecret === productKey || deviceSecret === deviceKey) {
    return "deviceSecret is the same as another key: it was copied to the wrong place";
  }
  if (/^\d{15}$/.test(deviceSecret)) {
    return "deviceSecret is an IMEI: is it in the place of the deviceKey, and that in its?";
  }
  return undefined;
}

/** The keys with what the board seals its payloads with, or why there can be none. */
export function withSealKey(keys: BoardKeys, master: Master): BoardKeys | { readonly fault: string } {
  const { productKey, deviceKey, deviceSecret } = keys;
  const texts = Object.entries({ productKey, deviceKey: deviceKey ?? "", deviceSecret });
  const holder = texts.find(([, text]) => master.isIn(text));
  if (holder !== undefined) return { fault: `${holder[0]} has the master key in it: make a new one` };
  if (deviceKey === undefined) return { fault: imeiUnknown };
  return { ...keys, sealKey: sealKeyOf(master.root(), productKey, deviceKey).toString("hex") };
}

/** A board without a device key takes its modem's IMEI for one, at its first start. */
const imeiUnknown =
  'deviceKey is left to the modem ("imei", or empty), and with --master the seal key is made of it: ' +
  "write the 15 digits of the modem's IMEI";

/** Any IMEI passes the firmware's check of a device key. */
const anyImei = "000000000000000";

/** The image of an NVS partition of `size` bytes that holds the keys. */
export function keysImage(keys: BoardKeys, size: number): Uint8Array {
  const { productKey, deviceKey, deviceSecret, sealKey } = keys;
  const texts: Record<string, string> = { productKey };
  if (deviceKey !== undefined) texts.deviceKey = deviceKey;
  texts.deviceSecret = deviceSecret;
  if (sealKey !== undefined) texts.sealKey = sealKey;
  return writeNvsImage(size, { namespace: store, texts });
}

/** What a board with this image finds in its key-value stores, or why it finds nothing. */
export function storesOf(image: Uint8Array): KeyValueStores | { readonly problem: string } {
  const contents = readNvsImage(image);
  if ("problem" in contents) return contents;
  const stores: KeyValueStores = new Map();
  for (const [namespace, values] of contents.namespaces) {
    const texts = new Map<string, string>();
    for (const [key, value] of values) {
      if (value.type !== "string") return { problem: `${key} is of type ${value.type}, expected string` };
      texts.set(key, value.value);
    }
    stores.set(namespace, texts);
  }
  return stores;
}

/** In what an image differs from the keys that it should hold, or undefined. */
export function imageFault(image: Uint8Array, keys: BoardKeys): string | undefined {
  const stores = storesOf(image);
  if ("problem" in stores) return stores.problem;
  const found = stores.get(store);
  if (stores.size !== 1 || found === undefined) return `holds something else than namespace ${store}`;
  const wanted: BoardKeys = {
    productKey: keys.productKey,
    deviceKey: keys.deviceKey,
    deviceSecret: keys.deviceSecret,
    sealKey: keys.sealKey,
  };
  for (const [key, value] of Object.entries(wanted)) {
    if (found.get(key) !== value) return `${key} is not what was to be written`;
    found.delete(key);
  }
  return found.size === 0 ? undefined : `holds ${found.size} keys too many`;
}
