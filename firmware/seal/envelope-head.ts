/**
 * With what all envelopes of a device begin:
 *
 *     08 | t << 1 | (c - 1)   u8, c for the bytes of the counter
 *     name                    t = 0: 6 bytes, an IMEI's first 14 digits as a number; t = 1: length u8 | the device key
 */
import { ascii } from "../text/ascii";
import { join } from "./join";

/** Kind and name, for a counter of one byte. */
export function envelopeHead(deviceKey: string): Uint8Array {
  if (!isImei(deviceKey)) return join(Uint8Array.of(0x0a, deviceKey.length), ascii(deviceKey));
  const head = new Uint8Array(7).fill(0x08);
  const view = new DataView(head.buffer);
  const number = Number(deviceKey.slice(0, 14));
  view.setUint16(1, number / 0x1_0000_0000);
  view.setUint32(3, number);
  return head;
}

/** Whether this is the number of a modem: 15 digits, of which the last is the check digit of ISO/IEC 7812-1 (Luhn). */
function isImei(text: string): boolean {
  if (text.length !== 15) return false;
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return false;
    // Of each second one the digits of its double.
    sum += i % 2 === 0 ? digit : 2 * digit - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
}
