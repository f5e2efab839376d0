/**
 * Keys for a device nobody had to register: the demo's, and the one `npm run cloud` starts with.
 */
import type { DeviceRecord } from "../../cloud/registry/registry";

const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/**
 * A device with keys of the shape that EnOS gives out; its device key is an IMEI, as usual on NB-IoT.
 *
 * @param bytes `n` random bytes, seeded in a simulation and not in a server
 */
export function demoDevice(bytes: (n: number) => Uint8Array): DeviceRecord {
  return {
    productKey: text(bytes(8)),
    deviceKey: imei(bytes(6)),
    deviceSecret: text(bytes(32)),
  };
}

function text(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += alphabet[byte % alphabet.length];
  return out;
}

/** The device key of a demo's device, by a number below a million. */
export function demoKey(number: number): string {
  return imei(Uint8Array.from(String(number).padStart(6, "0"), Number));
}

/** 15 digits that end in the right check digit (3GPP TS 23.003, annex B: Luhn). */
function imei(bytes: Uint8Array): string {
  let digits = "86460003";
  for (const byte of bytes) digits += String(byte % 10);
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[i]) * (i % 2 === 1 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return digits + String((10 - (sum % 10)) % 10);
}
