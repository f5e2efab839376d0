/**
 * When power comes back to a street, all its devices start at once, so each waits for a time of its own
 * before it uses the network. The time is computed from the device key, so that devices differ, and from the
 * number of the boot, so that the same device is not last at every start.
 */
import { ascii } from "../text/ascii";

/**
 * ms to wait, less than `longest`.
 *
 * @param deviceKey ASCII
 * @param boots number of this boot
 * @param longest ms
 */
export function startDelay(deviceKey: string, boots: number, longest: number): number {
  // FNV-1a and a final mix, so that keys which differ in their last digit alone give quite different times.
  let hash = 0x811c9dc5 ^ boots;
  const bytes = ascii(deviceKey);
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return Math.floor((((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000) * longest);
}
